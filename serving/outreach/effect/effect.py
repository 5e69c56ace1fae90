"""What the lists saved: treated against holdout, by intention to treat, with 95 % intervals for one look and for many.

An account counts in the arm it was drawn for, whether or not anybody reached it, and with its first episode alone.
Whether there is a second episode depends on what was done in the first: the held-out who left come back to the list,
and the treated who were saved do not. Later episodes would compare accounts that are no longer alike, however adjusted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import pandas as pd

from features.errors import InputError
from features.money import Money
from serving.outreach.effect.confidence_sequence import METHOD
from serving.outreach.effect.declared import Declared
from serving.outreach.effect.estimate import ALPHA, POWER, TOO_FEW, percent
from serving.outreach.effect.four_groups import FourGroups, four_groups
from serving.outreach.effect.group import GroupEffect, group_effect, without_figure
from serving.outreach.effect.sample_ratio import SampleRatio, had_a_chance, sample_ratio
from serving.outreach.plan.candidates import SHRUNK

# An effect so many standard errors away from 0 is seen with 80 % power at the 5 % level.
STANDARD_ERRORS_TO_SEE = NormalDist().inv_cdf(1 - ALPHA / 2) + NormalDist().inv_cdf(POWER)
RECENT_WEEKS = 8
GROUPS: tuple[str, ...] = ("playbook", "owner", "band", "month", "kind")


@dataclass(frozen=True)
class Effect:
    """What the lists saved, overall and per group; `warnings` say how far the estimates can be trusted.

    Accounts that buy less count apart: of them an account is kept that spends more than half of its own usual. Only
    the groups by kind hold them too.

    Args:
        overall: all accounts that the ranking chose, but those that buy less.
        groups: playbook, owner, band, month, kind → the effect in each of its groups.
        four: the four-group design; None while the shop has not turned it on.
        first_on: the first day on which an episode began; None without any.
        last_on: the last such day.
        later_episodes: settled episodes after an account's first, which are not compared.
        more_weeks_found: weeks still needed to see the effect found with 80 % power; 0 = it is seen, None = unknown.
        more_weeks_planned: the same for the planned effect; None where none was planned.
        warnings: sentences.
        currency: of the money, ISO 4217.
        declared: what was declared before the first look.
        sample_ratio: whether as many are held out as were drawn; where not, there is no figure.
        without_chance: accounts that were listed while nobody was held out, which are not compared.
        shrunk: the accounts that buy less; None where none has settled.
    """

    overall: GroupEffect
    groups: Mapping[str, Sequence[GroupEffect]]
    four: FourGroups | None
    first_on: date | None
    last_on: date | None
    later_episodes: int
    more_weeks_found: int | None
    more_weeks_planned: int | None
    warnings: tuple[str, ...]
    currency: str
    declared: Declared
    sample_ratio: SampleRatio
    without_chance: int = 0
    shrunk: GroupEffect | None = None

    def lines(self) -> Iterator[str]:
        """Say the effect in plain words, warnings last."""
        money = Money(self.currency)
        yield self.overall.line(money)
        if self.overall.is_enough:
            yield f"looked at every week ({METHOD}): {self.overall.any_time_line(money)}"
        if self.overall.money_capped.low is not None:
            yield from self._other_money(money)
        if self.overall.treated:
            contacted = percent(self.overall.contacted / self.overall.treated)
            yield f"{contacted} of those we meant to contact were contacted; all of them count, by intention to treat"
        yield from (self.four.lines() if self.four else ())
        if self.shrunk:
            yield f"apart from them, where stayed means more than half of the usual spend: {self.shrunk.line(money)}"
        yield from (f"careful: {warning}" for warning in self.warnings)

    def _other_money(self, money: Money) -> Iterator[str]:
        overall, cut = self.overall, percent(1 - self.declared.spend_cap_quantile)
        unscaled = overall.money_unscaled.as_money(money)
        yield f"the money without assuming that a share of what is at risk is saved: {unscaled}"
        yield f"the same with the largest {cut} of the spends cut to size: {overall.money_capped.as_money(money)}"
        if overall.spend_per_order.low is not None:
            yield f"per day with an order the treated spend {overall.spend_per_order.as_money(money)} more"

    def rows(self, group: str) -> list[list[str]]:
        """Return a group's table for people, its cells in COLUMNS."""
        return [each.row(Money(self.currency)) for each in self.groups[group]]


def effect(
    settled: pd.DataFrame,
    *,
    currency: str,
    planned_saved_share: float | None = None,
    declared: Declared | None = None,
) -> Effect:
    """Compare treated with holdout by intention to treat, each account by its first episode.

    The overall effect and the groups are of the cell `ranked`; accounts drawn at random enter the four groups only.

    Args:
        settled: what `serving.outreach.effect.settled.settled` returns.
        currency: of its money, ISO 4217.
        planned_saved_share: the share of would-be churners that the plan hoped to save.
        declared: what was declared before the first look; by default what a shop declares that sets nothing.

    Raises:
        InputError: a column is missing, or the planned share is not between 0 and 1.

    >>> one = {"began_on": date(2026, 3, 2), "number": 1, "cell": "ranked", "stratum": "high", "probability": 0.4}
    >>> more = dict.fromkeys(GROUPS, "any") | {"contacted": True, "expected_spend": 5_000, "spent": 4_000}
    >>> more |= {"order_days": 1, "spent_before": 0}
    >>> arms = [("treated", n < 70) for n in range(100)] + [("holdout", n < 60) for n in range(100)]
    >>> rows = [{"account_id": n, "arm": arm, "kept": kept} | one | more for n, (arm, kept) in enumerate(arms)]
    >>> next(effect(pd.DataFrame(rows), currency="EUR").lines())[:69]
    'all: of 100 we meant to contact 70.0 % stayed, of 100 held out 60.0 %'
    """
    _check(settled, planned_saved_share)
    declared, first = declared or Declared(), settled[settled["number"] == 1]
    chance = had_a_chance(first)
    every, random = (first[chance & (first["cell"] == cell)] for cell in ("ranked", "random"))
    every = every.assign(month=[f"{day:%Y-%m}" for day in every["began_on"]])
    ratio, every = sample_ratio(every), _with_shares(every)
    ranked, shrunk = every[every["kind"] != SHRUNK], every[every["kind"] == SHRUNK]

    def judged(name: str, rows: pd.DataFrame) -> GroupEffect:
        found = group_effect(name, rows, declared)
        return found if ratio.is_sound else without_figure(found)

    overall = judged("all", ranked)
    groups = {
        column: [
            judged(str(name), rows) for name, rows in (every if column == "kind" else ranked).groupby(column, sort=True)
        ]
        for column in GROUPS
    }
    found, planned = _more_weeks(overall, ranked, planned_saved_share)
    later, without = len(settled) - len(first), int((~chance).sum())
    said = _warnings(overall, found, planned, later) if ratio.is_sound else iter([ratio.warning()])
    return Effect(
        overall=overall,
        groups=groups,
        four=four_groups(ranked, random) if len(random) and ratio.is_sound else None,
        first_on=min(every["began_on"], default=None),
        last_on=max(every["began_on"], default=None),
        later_episodes=later,
        more_weeks_found=found,
        more_weeks_planned=planned,
        warnings=(*said, *_without_chance(without)),
        currency=currency,
        declared=declared,
        sample_ratio=ratio,
        without_chance=without,
        shrunk=judged("accounts that buy less", shrunk) if len(shrunk) else None,
    )


def _with_shares(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return episodes whose strata tell apart the shares that were held out: else later lists would weigh too much."""
    if "drawn_share" not in episodes or episodes["drawn_share"].nunique() < 2:
        return episodes
    return episodes.assign(stratum=episodes["stratum"] + " " + episodes["drawn_share"].astype(str))


def _check(settled: pd.DataFrame, planned_saved_share: float | None) -> None:
    needed = {"number", "cell", "arm", "contacted", "kept", "spent", "probability", "expected_spend", "stratum"}
    needed |= {"order_days", "spent_before"}
    missing = sorted(needed - set(settled.columns))
    if missing:
        raise InputError(f"the settled episodes lack {', '.join(missing)}")
    if planned_saved_share is not None and not 0 < planned_saved_share < 1:
        raise InputError(f"the planned saved share is between 0 and 1, not {planned_saved_share}")


def _more_weeks(overall: GroupEffect, episodes: pd.DataFrame, planned: float | None) -> tuple[int | None, int | None]:
    """Return the weeks still needed to see the effect found, and the planned one, at the rate of the last weeks."""
    if overall.error is None or overall.difference.value is None or overall.kept_expected is None:
        return None, None
    last = max(episodes["began_on"])
    recent = sum((last - day).days < 7 * RECENT_WEEKS for day in episodes["began_on"])
    weeks = min(RECENT_WEEKS, ((last - min(episodes["began_on"])).days + 7) / 7)
    hoped = None if planned is None else planned * (1 - overall.kept_expected)
    return (
        _weeks_to_see(overall.difference.value, overall.error, len(episodes), recent / weeks),
        None if hoped is None else _weeks_to_see(hoped, overall.error, len(episodes), recent / weeks),
    )


def _weeks_to_see(size: float, error: float, accounts: int, a_week: float) -> int | None:
    """Return the weeks until an effect is seen: the error falls with the square root of the number of accounts."""
    if size == 0:
        return None
    needed = accounts * (STANDARD_ERRORS_TO_SEE * error / size) ** 2
    return max(0, math.ceil((needed - accounts) / a_week))


def _warnings(overall: GroupEffect, found: int | None, planned: int | None, later: int) -> Iterator[str]:
    if not overall.is_enough:
        yield f"{TOO_FEW}: only {overall.treated:,} treated and {overall.holdout:,} held-out accounts have settled"
    elif not overall.difference.is_beyond_chance:
        yield "the interval holds 0: this may be chance" + _weeks_in_words(found, planned)
    money = overall.money_kept
    if overall.difference.is_beyond_chance and money.low is not None and not money.is_beyond_chance:
        yield "more customers stayed beyond chance, but the money may still be chance: few large orders decide it"
    if overall.ways_disagree:
        yield (
            "the two ways to measure the money disagree beyond chance: contacts do not save the same share of what is "
            "at risk in accounts of one size; go by the wider one"
        )
    if overall.leaked:
        share = percent(overall.leaked / overall.holdout)
        yield (
            f"{overall.leaked:,} of {overall.holdout:,} held-out accounts ({share}) were contacted all the same; they "
            "stay in the holdout, which makes the effect look smaller than it is"
        )
    if later:
        yield f"{later:,} later episodes are not compared: who has another one depends on what was done in the first"


def _without_chance(accounts: int) -> Iterator[str]:
    if accounts:
        yield f"{accounts:,} accounts were listed while nobody was held out, and are not compared"


def _weeks_in_words(found: int | None, planned: int | None) -> str:
    effects = [(found, "an effect as large as the one found"), (planned, "the planned effect")]
    parts = [f"{weeks:,} more weeks to see {what}" for weeks, what in effects if weeks]
    return f"; at the present rate it takes {' and '.join(parts)} (80 % power)" if parts else ""

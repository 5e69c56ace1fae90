"""`regulars effect`: what the lists saved, by the book's trial and the orders that came; or how long a trial takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, cast

import msgspec
import pandas as pd
from msgspec import Meta

from features.churn.labels import complete_until
from features.clock import date_of, day_number
from features.errors import InputError
from features.money import Money
from serving.book.trial import CONTACT, MERGER, declared, episodes, leaks, programme, programme_leaks
from serving.commands.result import Table
from serving.outreach.effect.confidence_sequence import FIXED_METHOD, METHOD
from serving.outreach.effect.declared import Declared
from serving.outreach.effect.effect import GROUPS, Effect, effect
from serving.outreach.effect.estimate import Estimate, MoneyEstimate, in_major_units, percent
from serving.outreach.effect.four_groups import FourGroups
from serving.outreach.effect.group import COLUMNS
from serving.outreach.effect.group_answer import GroupEffectAnswer
from serving.outreach.effect.learn_uplift import learn_uplift
from serving.outreach.effect.programme import ProgrammeEffect, programme_effect
from serving.outreach.effect.sample_ratio import SampleRatio, comparable
from serving.outreach.effect.sample_size import SamplePlan, plan_sample
from serving.outreach.effect.settled import settled
from serving.outreach.effect.trial_plan import own_plan
from serving.outreach.plan.candidates import RANKED, SHRUNK
from serving.scores import Share
from serving.shop import OpenShop
from training.forecasts.uplift import UpliftVerdict

# The share of those who would leave that a plan hopes to save, where nobody says.
PLANNED = 0.15


class EffectGroups(msgspec.Struct, frozen=True):
    """The effect in each group; an account counts in the group of its first episode. Empty: none has settled."""

    playbook: list[GroupEffectAnswer]
    owner: list[GroupEffectAnswer]
    band: Annotated[list[GroupEffectAnswer], Meta(description="of the probability on entry")]
    month: Annotated[list[GroupEffectAnswer], Meta(description="in which the episode began, such as 2026-02")]
    kind: Annotated[list[GroupEffectAnswer], Meta(description="regular, new or winback")]


class Methods(msgspec.Struct, frozen=True):
    """How the intervals were made."""

    fixed: Annotated[str, Meta(description="of low and high: right at one look that was chosen beforehand")] = (
        FIXED_METHOD
    )
    any_time: Annotated[str, Meta(description="of any_time: right at every look together")] = METHOD
    tuned_accounts: Annotated[int, Meta(description="accounts at which any_time is narrowest; declared")] = 0
    spend_cap_quantile: Annotated[float, Meta(description="at which money_capped cuts a spend; declared")] = 0.0


class SampleRatioAnswer(msgspec.Struct, frozen=True):
    """Whether as many of the compared accounts are held out as the lot said."""

    is_sound: Annotated[bool, Meta(description="false: there is no figure, and warnings say why")]
    accounts: Annotated[int, Meta(description="compared accounts whose declared share is known")]
    holdout: Annotated[int, Meta(description="of them held out")]
    expected: Annotated[float, Meta(description="held out by the shares that were declared")]
    mismatches: Annotated[list[str], Meta(description="the counts that chance does not explain, in sentences")]


class ProgrammeAnswer(msgspec.Struct, frozen=True):
    """What the whole programme has brought since it began, against accounts that no playbook ever touches."""

    since: Annotated[date, Meta(description="the first list's day with a programme holdout")]
    treated: Annotated[int, Meta(description="accounts that playbooks may touch")]
    holdout: Annotated[int, Meta(description="accounts that none touches")]
    leaked_contacts: Annotated[int, Meta(description="contacts with customers whom none should touch")]
    active_treated: Annotated[Share | None, Meta(description="share with an order within the last active days")]
    active_holdout: Annotated[Share | None, Meta(description="the same of the holdout")]
    difference: Annotated[Estimate, Meta(description="active_treated − active_holdout, adjusted for the spend before")]
    difference_any_time: Annotated[Estimate, Meta(description="right however often one looks")]
    money_kept: Annotated[MoneyEstimate, Meta(description="all that the treated spent more since they entered")]
    money_any_time: Annotated[MoneyEstimate, Meta(description="right however often one looks")]
    sample_ratio: SampleRatioAnswer


class EffectAnswer(msgspec.Struct, frozen=True):
    """What acting saved: treated against held out, with intervals; null where nothing is known, see `warnings`."""

    until: Annotated[date, Meta(description="horizons that ended on or before this day count")]
    leaked_contacts: Annotated[int, Meta(description="contacts with customers who are held out")]
    merged_accounts: Annotated[
        int, Meta(description="accounts in which held-out customers and others came together; none is contacted")
    ]
    uplift: Annotated[UpliftVerdict, Meta(description="whether ranking by uplift is better than by risk and by gain")]
    currency: str
    first_on: Annotated[date | None, Meta(description="the day of the first episode; null: none has settled")]
    last_on: Annotated[date | None, Meta(description="the day of the last episode; null: none has settled")]
    overall: Annotated[
        GroupEffectAnswer, Meta(description="all accounts that the ranking chose, by their first episode")
    ]
    methods: Methods
    sample_ratio: SampleRatioAnswer
    without_chance: Annotated[int, Meta(description="accounts listed while nobody was held out; not compared")]
    programme: Annotated[ProgrammeAnswer | None, Meta(description="null: no list had a programme holdout")]
    groups: EffectGroups
    four_groups: Annotated[FourGroups | None, Meta(description="null: no account drawn at random has settled")]
    later_episodes: Annotated[int, Meta(description="settled episodes after an account's first; not compared")]
    more_weeks_found: Annotated[
        int | None,
        Meta(description="weeks still needed to see the effect found, with 80 % power; 0: it is seen; null: unknown"),
    ]
    more_weeks_planned: Annotated[
        int | None, Meta(description="the same for the planned effect; null: unknown, or none was planned")
    ]
    warnings: Annotated[list[str], Meta(description="how far the estimates can be trusted, in sentences")]


@dataclass(frozen=True, eq=False)
class MeasuredEffect:
    """What acting saved until a day.

    Args:
        effect: treated against holdout.
        until: horizons that ended on or before this day count.
        leaked: contacts with customers who are held out.
        merged: accounts in which held-out customers and others came together.
        programme: what the whole programme has brought; None while no list had a programme holdout.
        programme_leaks: contacts with customers of it.
        uplift: whether ranking by uplift is better than by risk and by gain.
        by: the groups that a person is shown apart.
    """

    effect: Effect
    uplift: UpliftVerdict
    until: date
    leaked: int
    merged: int = 0
    programme: ProgrammeEffect | None = None
    programme_leaks: int = 0
    by: Sequence[str] = ()

    @property
    def answer(self) -> EffectAnswer:
        """The effect as it is answered, money in major units."""
        found, money = self.effect, Money(self.effect.currency)
        return EffectAnswer(
            until=self.until,
            leaked_contacts=self.leaked,
            merged_accounts=self.merged,
            uplift=self.uplift,
            currency=found.currency,
            first_on=found.first_on,
            last_on=found.last_on,
            overall=found.overall.answer(money),
            methods=Methods(
                tuned_accounts=found.declared.tuned_accounts, spend_cap_quantile=found.declared.spend_cap_quantile
            ),
            sample_ratio=_ratio(found.sample_ratio),
            without_chance=found.without_chance,
            programme=self._programme(),
            groups=EffectGroups(*([each.answer(money) for each in found.groups[name]] for name in GROUPS)),
            four_groups=found.four,
            later_episodes=found.later_episodes,
            more_weeks_found=found.more_weeks_found,
            more_weeks_planned=found.more_weeks_planned,
            warnings=[*found.warnings, *self._warnings()],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the answer for JSON."""
        return cast("dict[str, Any]", msgspec.to_builtins(self.answer, builtin_types=(date, Decimal)))

    def lines(self) -> Iterator[str | Table]:
        """Say it to a person, overall and for each of the groups asked for."""
        yield from self._overall()
        for group in self.by:
            if rows := self.effect.rows(group):
                yield from ("", f"by {group}:", "", Table((group, *COLUMNS[1:]), rows))

    def _overall(self) -> Iterator[str]:
        if self.effect.first_on is None and self.effect.four is None:
            yield f"nothing to tell yet: no horizon of a list has ended by {self.until}"
        else:
            yield f"what the lists saved, of all whose horizon ended by {self.until}:"
            yield from (*self.effect.lines(), *self.uplift.lines())
        yield from self._of_the_programme()
        yield from (f"careful: {warning}" for warning in self._warnings())

    def _programme(self) -> ProgrammeAnswer | None:
        if self.programme is None:
            return None
        found, money = vars(self.programme), Money(self.effect.currency)
        told: dict[str, Any] = {name: found[name] for name in ProgrammeAnswer.__struct_fields__ if name in found}
        told |= {name: in_major_units(found[name], money) for name in ("money_kept", "money_any_time")}
        told |= {"sample_ratio": _ratio(self.programme.sample_ratio), "leaked_contacts": self.programme_leaks}
        return ProgrammeAnswer(**told)

    def _of_the_programme(self) -> Iterator[str]:
        if self.programme is None:
            return
        found, money = self.programme, Money(self.effect.currency)
        counts = f"{found.treated:,} accounts against {found.holdout:,} that no playbook touches"
        if not found.sample_ratio.is_sound:
            yield f"the whole programme since {found.since}: {counts}; {found.sample_ratio.warning()}"
            return
        yield (
            f"the whole programme since {found.since}, {counts}: {percent(found.active_treated)} still buy, against "
            f"{percent(found.active_holdout)}: {found.difference.as_points_more()} and "
            f"{found.money_kept.as_money(money)} of the money; looked at every week "
            f"{found.difference_any_time.as_points_more()} and {found.money_any_time.as_money(money)}"
        )

    def _warnings(self) -> Iterator[str]:
        if self.programme_leaks:
            yield (
                f"{self.programme_leaks:,} contacts were with customers of the programme holdout, which makes the "
                "programme look smaller than it is"
            )
        if self.merged:
            accounts = f"{self.merged:,} {'account' if self.merged == 1 else 'accounts'}"
            yield (
                f"in {accounts} held-out customers and others came together: no longer contacted, each counted in the "
                "arm it was drawn for, with its own orders; that makes the effect look smaller than it is"
            )


def _ratio(found: SampleRatio) -> SampleRatioAnswer:
    said = list(map(str, found.mismatches))
    return SampleRatioAnswer(found.is_sound, found.accounts, found.holdout, found.expected, said)


def measure_effect(shop: OpenShop, planned_saved_share: float | None = None, by: Sequence[str] = ()) -> MeasuredEffect:
    """Compare who was to be contacted with who was held out, on the orders that came.

    Args:
        shop: the open shop; horizons that ended on or before `until` count, by default the end of the log.
        planned_saved_share: what the plan hoped for; says how many weeks are missing to see it.
        by: the groups to show apart: playbook, owner, band, month, kind.
    """
    log, complete = shop.log, date_of(complete_until(shop.log))
    day = min(shop.until or complete, complete)
    trial, leaked = episodes(shop.book, day), leaks(shop.book)
    outcomes = settled(trial, log, shop.customers.account_of)
    found = effect(
        outcomes,
        currency=shop.settings.shop.currency,
        planned_saved_share=planned_saved_share,
        declared=Declared.read(declared(shop.book)),
    )
    contacts, mergers = (int((leaked["how"] == how).sum()) for how in (CONTACT, MERGER))
    members, shares = programme(shop.book)
    whole = programme_effect(
        log,
        members,
        shares,
        shop.customers.account_of,
        active_days=shop.definition.active_days,
        until=day_number(day),
        tuned_accounts=found.declared.tuned_accounts,
    )
    verdict = learn_uplift(log, comparable(outcomes)).verdict
    return MeasuredEffect(found, verdict, day, contacts, mergers, whole, programme_leaks(shop.book), by)


def plan_trial(shop: OpenShop, saved_share: float) -> SamplePlan:
    """Say how many weeks it takes to see what the lists save, for each share held out.

    Accounts come as fast as they came over the whole book, each counted when it came first. Those of the first list had
    gathered before it: they count as those of a horizon, or a single list would promise hundreds a week.

    Args:
        shop: the open shop.
        saved_share: the smallest share of those who would leave that is worth seeing saved.

    Raises:
        InputError: there is no list yet, or nobody on it.
    """
    begun = episodes(shop.book, date.max)
    if begun.empty:
        raise InputError("there is no list with anybody on it yet: run regulars list --out list first")
    came = begun.drop_duplicates("account_id")
    horizon_days = int(begun["horizon_days"].iloc[-1])
    days = (begun["began_on"].max() - came["began_on"].min()).days + horizon_days
    policy = shop.settings.list
    own = own_plan(
        _first(settled(begun.assign(horizon_days=0), shop.log, shop.customers.account_of)),
        _first(settled(episodes(shop.book, date_of(complete_until(shop.log))), shop.log, shop.customers.account_of)),
        share=policy.holdout_share,
        saved_share=saved_share,
        tuned_accounts=policy.tuned_accounts,
    )
    found = plan_sample(
        7 * len(came) / days,
        float(came["probability"].astype(float).mean()),
        saved_share,
        horizon_days=horizon_days,
    )
    return replace(found, own=own)


def _first(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return the first episodes of those whom the ranking chose, but of accounts that buy less."""
    return episodes[(episodes["number"] == 1) & (episodes["cell"] == RANKED) & (episodes["kind"] != SHRUNK)]

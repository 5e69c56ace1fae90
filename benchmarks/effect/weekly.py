"""Judge both intervals of the effect where somebody looks every week for a year; write `weekly.md`.

python -m benchmarks.effect.weekly --seeds 100 --customers 20000 [--episodes FOLDER]

FOLDER keeps the episodes of each shop: a run that was ended goes on, and another estimator is judged in a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.effect.runs import AMPLE
from benchmarks.effect.side_by_side import of_each_shop, options
from benchmarks.published import write_page
from serving.outreach.effect.estimate import Estimate
from serving.outreach.effect.group import group_effect
from serving.outreach.effect.sample_ratio import sample_ratio
from serving.outreach.effect.settled import settled
from serving.outreach.simulation.shop import TrialShop
from serving.outreach.simulation.weekly_list import WeeklyLists
from serving.outreach.simulation.year import live_a_year

RESULTS = Path(__file__).with_name("weekly.md")
# Figure → what is compared of the two outcomes, and the words, unit and digits of the page.
FIGURES = {
    "difference": ("kept", "share kept, points", 100.0, 2),
    "money_kept": ("spent", "money kept, euros, in the value at risk", 0.01, 0),
    "money_unscaled": ("spent", "money kept, euros, without that assumption", 0.01, 0),
}
METHODS = {"fixed": "one look", "any_time": "every week"}


@dataclass(frozen=True)
class Look:
    """One figure as somebody sees it in one week, beside its truth.

    Args:
        figure: of FIGURES.
        week: how many lists have ended.
        truth: mean or sum of the difference of both outcomes over the treated.
        fixed: with the interval of one look.
        any_time: with the interval of every week.
        is_sound: whether the sample ratio let the figure pass.
    """

    figure: str
    week: int
    truth: float
    fixed: Estimate
    any_time: Estimate
    is_sound: bool

    def interval(self, method: str) -> Estimate:
        """Return the interval of a method."""
        found: Estimate = getattr(self, method)
        return found

    def holds(self, method: str) -> bool:
        """Whether an interval holds the truth; one that is not told misses nothing."""
        low, high = self.interval(method).low, self.interval(method).high
        return low is None or high is None or low <= self.truth <= high


def main() -> None:
    chosen = options(__doc__, RESULTS)
    write_page(chosen.out, page(of_each_shop(partial(one_year, chosen.episodes), chosen), chosen.customers))


def one_year(kept: Path | None, customers: int, seed: int) -> list[Look]:
    """Let a shop live its year with a holdout, and look at its effect in each week in which a list ended."""
    first = episodes(kept, customers, seed)
    days = sorted(first["began_on"].unique())
    return [look for week, day in enumerate(days, 1) for look in _looks(first[first["began_on"] <= day], week)]


def episodes(kept: Path | None, customers: int, seed: int) -> pd.DataFrame:
    """Return the first episode of each account in a shop's year, read where an earlier run kept it."""
    file = kept and kept / f"{customers}_{seed}.parquet"
    if file and file.exists():
        return pd.read_parquet(file)
    lists = WeeklyLists(max(1, round(customers * AMPLE)))
    year = live_a_year(TrialShop.of(customers, seed), lists)
    judged = settled(year.all_episodes(), year.log()).assign(drawn_share=lists.share)
    first = judged[(judged["number"] == 1) & (judged["cell"] == "ranked")]
    if file:
        first.to_parquet(file)
    return first


def _looks(seen: pd.DataFrame, week: int) -> Iterator[Look]:
    group, is_sound = group_effect("all", seen), sample_ratio(seen).is_sound
    treated = seen[seen["arm"] == "treated"]
    for figure, (what, *_) in FIGURES.items():
        contacted, left = (treated[f"{what}_if_{arm}"].to_numpy(dtype=np.float64) for arm in ("treated", "held_out"))
        truth = float((contacted - left).mean() if what == "kept" else (contacted - left).sum())
        yield Look(figure, week, truth, group.both[figure].fixed, group.both[figure].any_time, is_sound)


def page(shops: Sequence[Sequence[Look]], customers: int) -> str:
    """Return the page of results."""
    alarms = sum(any(not look.is_sound for look in looks) for looks in shops)
    return PAGE.format(
        seeds=len(shops),
        customers=customers,
        contacts=max(1, round(customers * AMPLE)),
        alarms=alarms,
        coverage="\n".join(_coverage_rows(shops)),
        widths="\n".join(_width_rows(shops)),
    )


def _coverage_rows(shops: Sequence[Sequence[Look]]) -> Iterator[str]:
    for figure, (_, words, _, _) in FIGURES.items():
        told = [own for own in (_told(looks, figure) for looks in shops) if own]
        for method, name in METHODS.items():
            last = _share([own[-1].holds(method) for own in told])
            always = _share([all(look.holds(method) for look in own) for own in told])
            yield f"| {words} | {name} | {len(told):,} | {last} | {always} |"


def _width_rows(shops: Sequence[Sequence[Look]]) -> Iterator[str]:
    for figure, (_, words, unit, digits) in FIGURES.items():
        last = [own[-1] for own in (_told(looks, figure) for looks in shops) if own]
        if not last:
            continue
        errors = [unit * ((look.fixed.value or 0.0) - look.truth) for look in last]
        widths = [np.mean([unit * _width(look.interval(method)) for look in last]) for method in METHODS]
        truth, error = np.mean([unit * look.truth for look in last]), np.mean(errors)
        of_error = np.std(errors, ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else 0.0
        cells = [f"{value:,.{digits}f}" for value in (truth, error, of_error, *widths)]
        yield f"| {words} | {cells[0]} | {cells[1]} ± {cells[2]} | {cells[3]} | {cells[4]} |"


def _told(looks: Sequence[Look], figure: str) -> list[Look]:
    return [look for look in looks if look.figure == figure and look.fixed.low is not None]


def _share(held: Sequence[bool]) -> str:
    """Return a share with its 95 % interval (Wilson 1927), which also holds near 100 %."""
    n, z = len(held), 1.96
    if not n:
        return "–"
    share = sum(held) / n
    middle, reach = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = ((middle + side * reach) / (1 + z**2 / n) for side in (-1, 1))
    return f"{share:.0%} ({low:.0%} to {high:.0%})"


def _width(estimate: Estimate) -> float:
    return 0.0 if estimate.low is None or estimate.high is None else estimate.high - estimate.low


PAGE = """# The effect looked at every week for a year

`python -m benchmarks.effect.weekly --seeds {seeds} --customers {customers}` prints this page.

{seeds} simulated shops of {customers:,} customers, a year of weekly lists of {contacts:,} contacts, 15 % held out, as
in [results](results.md). In each week in which a list ended somebody reads `regulars effect`. The truth is the
difference of both outcomes over the treated so far, known by simulation.

## How often the 95 % intervals hold the truth

Each share of shops with its own 95 % interval (Wilson). *At every look*: in none of the weeks did the interval miss.

| figure | interval | shops | at the last look | at every look |
| --- | --- | --- | --- | --- |
{coverage}

## How wide they are at the last look

The mean error stands with its own standard error: what lies within two of them is chance.

| figure | mean truth | mean error | width, one look | width, every week |
| --- | --- | --- | --- | --- |
{widths}

In {alarms} of the shops the sample ratio alarmed in any week, though every draw was fair.
"""


if __name__ == "__main__":
    main()

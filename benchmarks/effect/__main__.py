"""Judge the effect's intervals and the default ranking on shops whose truth is known; write `results.md`.

python -m benchmarks.effect --seeds 100 --customers 20000
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.effect.runs import AMPLE, CURRENCY, RANKINGS, SCARCE, SEEDS_RANKED, Seed, one_seed
from benchmarks.effect.side_by_side import of_each_shop, options
from benchmarks.published import write_page
from features.money import Money
from serving.outreach.simulation.shop import MADE_SHARE, SAVED_SHARE, WOKEN_SHARE
from serving.outreach.simulation.weekly_list import COST

RESULTS = Path(__file__).with_name("results.md")
LEAST_COVERAGE, LEAST_RATIO = 0.90, 1.25
LEAST_OVER_WINDOW, LEAST_MIXED = 1.0, 1.15
ONE, MIXED = "ranked", "mixed"  # the shops, as a seed calls them
MEASURES = {
    "kept": "within the horizons of the contacts",
    "net": "the same, less the cost of the contacts",
    "year": "the whole year, against the same year without contacts",
}


def main() -> None:
    chosen = options(__doc__, RESULTS)
    write_page(chosen.out, page(of_each_shop(one_seed, chosen), chosen.customers))


def page(seeds: Sequence[Seed], customers: int) -> str:
    """Return the page of results."""
    share, ratio = coverage(seeds, "share kept"), ratio_of(seeds, SCARCE, "kept")
    return PAGE.format(
        seeds=len(seeds),
        customers=customers,
        scarce=round(customers * SCARCE),
        ample=round(customers * AMPLE),
        ranked_seeds=min(len(seeds), SEEDS_RANKED),
        saved=f"{100 * SAVED_SHARE:.0f} %",
        woken=f"{100 * WOKEN_SHARE:.0f} %",
        made=f"{100 * MADE_SHARE:.0f} %",
        verdict="kept" if share >= LEAST_COVERAGE and ratio >= LEAST_RATIO else "NOT kept",
        gone_verdict="kept" if _gone_is_kept(seeds) else "NOT kept",
        coverage="\n".join(_coverage_rows(seeds)),
        kept="\n".join(_money_rows(seeds, customers, ONE)),
        mixed="\n".join(_money_rows(seeds, customers, MIXED)),
        ratio=ratio,
        year=ratio_of(seeds, SCARCE, "year"),
        one_over_window=ratio_of(seeds, SCARCE, "kept", rival="window"),
        mixed_over_window=ratio_of(seeds, SCARCE, "kept", rival="window", shop=MIXED),
        mixed_ample=ratio_of(seeds, AMPLE, "kept", rival="window", shop=MIXED),
        example="\n".join(f"> {line}\n>" for line in seeds[0].effect.lines()),
    )


def _gone_is_kept(seeds: Sequence[Seed]) -> bool:
    """Return whether telling the gone from the slow keeps what is aimed at, in either shop."""
    one = ratio_of(seeds, SCARCE, "kept", rival="window")
    return one >= LEAST_OVER_WINDOW and ratio_of(seeds, SCARCE, "kept", rival="window", shop=MIXED) >= LEAST_MIXED


def _money_rows(seeds: Sequence[Seed], customers: int, shop: str) -> list[str]:
    money, rows = Money(CURRENCY), []
    for share in (SCARCE, AMPLE):
        for what, words in MEASURES.items():
            kept = [_mean(measured(seeds, name, share, what, shop)) for name in RANKINGS]
            ratios = [f"{kept[0] / other:.2f}" for other in kept[1:]]
            rows.append(f"| {' | '.join([f'{round(customers * share):,}', words, *map(money.text, kept), *ratios])} |")
    return rows


def measured(seeds: Sequence[Seed], name: str, share: float, what: str, shop: str = ONE) -> list[float]:
    """Return a ranking's money per seed: `kept`, `net` of the contacts' cost, or over the `year`; minor units."""
    lived = [getattr(seed, shop) for seed in seeds]
    found = [each[name, share] for each in lived if (name, share) in each]
    if what == "net":
        return [one.kept - COST * MADE_SHARE * one.contacts for one in found]
    return [getattr(one, what) for one in found]


def ratio_of(seeds: Sequence[Seed], share: float, what: str, *, rival: str = "risk", shop: str = ONE) -> float:
    """Return money kept by gain over money kept by a rival."""
    return _mean(measured(seeds, "gain", share, what, shop)) / _mean(measured(seeds, rival, share, what, shop))


def coverage(seeds: Sequence[Seed], name: str) -> float:
    """Return how often the interval of a figure holds the truth."""
    return _mean([one.holds for seed in seeds for one in seed.checked if one.name == name])


def _coverage_rows(seeds: Sequence[Seed]) -> list[str]:
    names = dict.fromkeys(one.name for seed in seeds for one in seed.checked)
    rows = []
    for name in names:
        found = [one for seed in seeds for one in seed.checked if one.name == name]
        error = _mean([(one.estimate.value or 0.0) - one.truth for one in found])
        unit, digits = (100, 2) if name.startswith("share") else (1, 0) if name == "customers kept" else (0.01, 0)
        truth, width = _mean([one.truth for one in found]), _mean([_width(one.estimate) for one in found])
        cells = [f"{unit * value:,.{digits}f}" for value in (truth, error, width)]
        rows.append(f"| {name} | {_mean([one.holds for one in found]):.1%} | {len(found):,} | {' | '.join(cells)} |")
    return rows


def _width(estimate: object) -> float:
    low, high = getattr(estimate, "low", None), getattr(estimate, "high", None)
    return 0.0 if low is None or high is None else float(high - low)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


PAGE = """# What `effect` says of a shop whose truth is known, and what the ranking keeps

`python -m benchmarks.effect --seeds {seeds} --customers {customers}` prints this page.

{seeds} simulated shops of {customers:,} customers; a year of weekly lists. A contact by the right
playbook saves {saved} of those who have left, or leave within the horizon of 56 days, and do not order in it; one by
the wrong playbook 5 %. Who is merely slow orders when the time has come, contacted or not. Of those who would have
ordered, a contact wakes {woken}, and they leave. {made} of the planned contacts
are made, and 1 % of the held-out are called all the same. The scores know the shop's rates, not the customers'.
The aims (coverage of the share kept at least 90 %, at least 25 % more money than by risk) are {verdict}.

## The 95 % intervals of `effect`, 15 % held out, {ample:,} contacts a week

The truth is the mean difference of both potential outcomes over the treated, known by simulation. Shares are in
percentage points, money is in euros.

| figure | interval holds the truth | intervals | mean truth | mean error | mean width |
| --- | --- | --- | --- | --- | --- |
{coverage}

The first shop's own page:

{example}

## Money kept at the same number of contacts, nobody held out

In {ranked_seeds} of the shops. Every ranking meets the same shop with the same chance. With twice the hands there are
fewer to choose from, and choosing matters less. *By gain* lists regulars who are late, by what those who have left are
worth; *by window* is the gain of whoever will not order within the horizon, late or not; *by risk* the probability of
that alone.

| contacts a week | money kept in a year, mean of shops | by gain | by window | by risk | gain ÷ window | gain ÷ risk |
| --- | --- | --- | --- | --- | --- | --- |
{kept}

With {scarce:,} contacts a week: by gain {ratio:.2f} times as much as by risk within the horizons, {year:.2f} times
over the whole year, and {one_over_window:.2f} times as much as by window.

## Gone or merely slow: the same in shops of mixed rhythms

Usual gaps from 5 to 120 days, log-normal: of those who will not order within the horizon many are on time.

| contacts a week | money kept in a year, mean of shops | by gain | by window | by risk | gain ÷ window | gain ÷ risk |
| --- | --- | --- | --- | --- | --- | --- |
{mixed}

With {scarce:,} contacts a week {mixed_over_window:.2f} times as much as by window, with {ample:,} {mixed_ample:.2f}
times. The aims (no less in shops of one rhythm, 15 % more in mixed ones) are {gone_verdict}.
"""


if __name__ == "__main__":
    main()

"""What stands in for the closed shops: open and simulated logs, five judged dates each, with and without attributes.

python -m benchmarks.quality.proxy --cdnow CDNOW_master.txt [--before ANSWERS]

On each date the default, what `regulars train` would have served, is held against the expected orders of BG/NBD, as
every package offers them. `--answers FILE` keeps what was found as JSON; ANSWERS is such a file of another checkout.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.published import write_page
from benchmarks.quality.judge import Asked, expected_orders_auroc
from benchmarks.quality.logs import (
    CASES,
    CDNOW,
    GIFT_CASE,
    JOURNEY,
    STATIONARY_CASE,
    STATIONARY_CUSTOMERS,
    YOUNG_CASE,
    YOUNG_CUSTOMERS,
    Case,
    Known,
    cdnow,
    complete_journey,
    demographics,
    gift_shop,
    stationary_shop,
    young_shop,
)
from features.attributes import Attributes, with_attributes
from features.churn.labels import ChurnDefinition
from features.log import Log
from training.backtest.bands import noise_floor
from training.dataset import sample_customers
from training.gift_shop import GIFT_CUSTOMERS
from training.metrics import auroc, ece

RESULTS = Path(__file__).with_name("proxy.md")
DATES, STEP_DAYS = 5, 28
SMALL = 366  # households: as many customers as the smallest of the closed shops has
MONTH = Case(CDNOW, ChurnDefinition(30, 180), date(1998, 5, 31), None)
EXPECTED = "bg_nbd"
NOBODY_KNOWS: pd.Series[float] = pd.Series(dtype=float)
Made = tuple[Log, Attributes | None]


@dataclass(frozen=True)
class Shop:
    """A log and a question, judged on several dates.

    Args:
        case: population, horizon and the last judged date.
        make: reads or draws the log, and what its customers file holds, if it has one.
        name: of the log.
        has_something: whether anything can be found in it.
    """

    case: Case
    make: Callable[[], Made]
    name: str
    has_something: bool = True

    @property
    def title(self) -> str:
        """The log and the question."""
        return f"{self.name}, {self.case.definition.horizon_days} d"

    def dates(self, number: int) -> tuple[date, ...]:
        """Return the judged dates, oldest first; their windows may overlap, so that a short log has as many."""
        return tuple(self.case.test_date - timedelta(days=STEP_DAYS * back) for back in reversed(range(number)))


@dataclass(frozen=True)
class Answer:
    """What came of one date.

    Args:
        shop: its title.
        with_attributes: whether the customers file was read.
        test_date: judged on it.
        customers: of the population.
        candidate: what served.
        auroc: of what served.
        expected_orders: AUROC of BG/NBD's expected orders.
        ece: of what served.
        floor: the ECE by chance, if it were perfectly true.
    """

    shop: str
    with_attributes: bool
    test_date: str
    customers: int
    candidate: str
    auroc: float
    expected_orders: float
    ece: float
    floor: float

    @property
    def gain(self) -> float:
        """The AUROC of what served less that of the expected orders."""
        return self.auroc - self.expected_orders


def shops(cdnow_path: Path | None) -> tuple[Shop, ...]:
    """Return every shop.

    Args:
        cdnow_path: of CDNOW_master.txt; None where lifetimes is installed.
    """
    fortnight, month, quarter, _ = CASES

    @cache
    def of_cdnow() -> Made:
        return cdnow(cdnow_path), None

    return (
        Shop(fortnight, _journey, JOURNEY),
        Shop(month, _journey, JOURNEY),
        Shop(fortnight, _small_journey, f"{SMALL} households of it"),
        Shop(MONTH, of_cdnow, CDNOW),
        Shop(quarter, of_cdnow, CDNOW),
        *simulated_shops(),
    )


def simulated_shops(customers: int | None = None) -> tuple[Shop, ...]:
    """Return the simulated shops, of the published size or of so many customers."""
    gifts, young, stationary = (customers or each for each in (GIFT_CUSTOMERS, YOUNG_CUSTOMERS, STATIONARY_CUSTOMERS))
    return (
        Shop(GIFT_CASE, lambda: _of(gift_shop(gifts)), "Gift shop"),
        Shop(YOUNG_CASE, lambda: _of(young_shop(young)), "Young shop"),
        Shop(YOUNG_CASE, lambda: _of(young_shop(young, seed=3)), "Young shop, drawn anew"),
        Shop(STATIONARY_CASE, lambda: _of(stationary_shop(stationary)), "Stationary shop", has_something=False),
    )


@cache
def _journey() -> Made:
    return complete_journey(), demographics()


def _small_journey() -> Made:
    log, attributes = _journey()
    return sample_customers(log, SMALL), attributes


def _of(known: Known) -> Made:
    return known.log, known.attributes


def answers(shop: Shop, dates: int = DATES) -> Iterator[Answer]:
    """Yield what came of each date, first without the customers file, then with it where there is one."""
    log, attributes = shop.make()
    for day in shop.dates(dates):
        yield _answer(shop, log, day, with_file=False)
        if attributes is not None:
            yield _answer(shop, with_attributes(log, attributes), day, with_file=True)


def _answer(shop: Shop, log: Log, day: date, *, with_file: bool) -> Answer:
    asked = Asked.of(Known(Case(shop.name, shop.case.definition, day, None), log, NOBODY_KNOWS))
    served, seen = asked.tested.chosen, asked.seen
    found, expected = np.zeros(0), float("nan")
    for name, fitted, _, p in asked.answers(tuple(dict.fromkeys((served, EXPECTED)))):
        found = p if name == served else found
        expected = expected_orders_auroc(fitted, seen) or expected
    print(f"{shop.title}, {day}: {served}", file=sys.stderr, flush=True)
    right = (auroc(seen.y, found), expected, ece(seen.y, found), noise_floor([found]).mean)
    return Answer(shop.title, with_file, day.isoformat(), len(seen), served, *right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--simulated", type=int, metavar="CUSTOMERS", help="only the simulated shops, of so many")
    parser.add_argument("--dates", type=int, default=DATES, help="judged dates of each shop")
    parser.add_argument("--answers", type=Path, default=None, help="where the answers are kept as JSON")
    parser.add_argument("--before", type=Path, default=None, help="answers of another checkout")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    asked = simulated_shops(chosen.simulated) if chosen.simulated else shops(chosen.cdnow)
    found = [answer for shop in asked for answer in answers(shop, chosen.dates)]
    if chosen.answers:
        chosen.answers.write_text(json.dumps([asdict(each) for each in found], indent=1), encoding="utf-8")
    before = [Answer(**each) for each in json.loads(chosen.before.read_text(encoding="utf-8"))] if chosen.before else []
    write_page(chosen.out, page(asked, found, before))


def page(asked: Sequence[Shop], found: Sequence[Answer], before: Sequence[Answer]) -> str:
    """Return the page: a summary, and a row for each shop with and without its customers file."""
    paths = [(shop, with_file) for shop in asked for with_file in (False, True)]
    rows = [_row(shop, *(_of_path(each, shop, with_file) for each in (found, before))) for shop, with_file in paths]
    summary = [f"- {name}: {_summary(asked, each)}" for name, each in (("now", found), ("before", before)) if each]
    return PAGE.format(rows="\n".join(filter(None, rows)), summary="\n".join(summary), head=HEAD)


def _of_path(some: Sequence[Answer], shop: Shop, with_file: bool) -> list[Answer]:
    return [each for each in some if each.shop == shop.title and each.with_attributes == with_file]


def _row(shop: Shop, found: Sequence[Answer], before: Sequence[Answer]) -> str | None:
    if not found:
        return None
    served = ", ".join(dict.fromkeys(each.candidate for each in found))
    gains = " ".join(f"{each.gain:+.3f}" for each in found)
    cells = [
        shop.title,
        "yes" if found[0].with_attributes else "no",
        f"{np.mean([each.customers for each in found]):,.0f}",
        served,
        f"{_mean(found, 'auroc'):.3f}",
        f"{_mean(found, 'gain'):+.4f}" if shop.has_something else "–",
        gains if shop.has_something else "–",
        f"{_mean(found, 'ece'):.3f}",
        f"{_mean(found, 'floor'):.3f}",
        f"{_mean(before, 'gain'):+.4f}" if before and shop.has_something else "–",
        f"{_mean(before, 'ece'):.3f}" if before else "–",
    ]
    return f"| {' | '.join(cells)} |"


def _summary(asked: Sequence[Shop], some: Sequence[Answer]) -> str:
    """Say the means over shops, each shop with and without its customers file being one."""
    paths = [(shop, _of_path(some, shop, with_file)) for shop in asked for with_file in (False, True)]
    known = [(shop, each) for shop, each in paths if each]
    gains = {(shop.title, each[0].with_attributes): _mean(each, "gain") for shop, each in known if shop.has_something}
    least = min(gains, key=lambda path: gains[path])
    nothing = [f"{_mean(each, 'auroc'):.3f}" for shop, each in known if not shop.has_something]
    return (
        f"mean gain {np.mean(list(gains.values())):+.4f} AUROC (aim +0.018), least {gains[least]:+.4f} "
        f"({least[0]}{', with its customers file' if least[1] else ''}; aim −0.002), mean ECE "
        f"{np.mean([_mean(each, 'ece') for _, each in known]):.4f} (aim 0.035), the stationary shop's AUROC "
        f"{' and '.join(nothing)} (aim below 0.60)"
    )


def _mean(some: Sequence[Answer], name: str) -> float:
    return float(np.mean([getattr(each, name) for each in some]))


HEAD = (
    "| log, horizon | customers file | customers | served | AUROC | gain | on each date | ECE | by chance "
    "| gain before | ECE before |\n" + "|---" * 11 + "|"
)
PAGE = """# What stands in for the closed shops

`python -m benchmarks.quality.proxy` writes this page. Every shop is judged on five dates, four weeks apart, that
nothing here had seen: the default is what `regulars train` would have served on each. *Gain* is its AUROC less that of
the expected orders of BG/NBD, fitted on the same log: the mean over the dates. The windows of a shop's dates overlap
where the horizon is longer than four weeks. "By chance" is the ECE if the percentages were perfectly true. The
customers file is the households' demographics in Complete Journey; in the gift shop a region that says nothing, in the
young one a segment that is right of four in five. Where its columns say no more than each customer's own rhythm they
are left out, and both rows are equal. "Before" is another checkout's answer to the same dates.

{summary}

{head}
{rows}
"""

if __name__ == "__main__":
    main()

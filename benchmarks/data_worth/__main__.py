"""Measure what each source of data adds on open logs and simulated shops, for a page and for `explain-data` to tell.

python -m benchmarks.data_worth --cdnow CDNOW_master.txt

The page is `benchmarks/data_worth/results.md`; `training/data_worth/elsewhere.toml` says the same to a shop that lacks
a source. Each shop is judged as `regulars explain-data` judges one: the blend with a source and without it, on two test
dates that neither has seen. Large logs give 3,000 customers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.published import write_page
from benchmarks.quality.logs import CASES, CDNOW, JOURNEY, cdnow, complete_journey, demographics, young_shop
from features.atomic_write import whole
from features.attributes import with_attributes
from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.file_access import BY_UMASK
from features.log import Log
from features.simulation.simulate import simulate
from features.sources.mapping import EventsMapping, OrdersMapping, Shop
from features.sources.reader import read_log
from training.budget import Budget
from training.data_worth.elsewhere import FILE
from training.data_worth.paired import Added
from training.data_worth.source import CUSTOMERS, kind_of
from training.data_worth.worth import DataWorth, SourceWorth, data_worth
from training.dataset import sample_customers

RESULTS = Path(__file__).with_name("results.md")
BUDGET, MOST_CUSTOMERS = Budget(tests=2), 3_000
SIMULATED, SIMULATED_CUSTOMERS, SIMULATED_DAYS = ((1, 14.0), (2, 28.0), (3, 56.0)), 2_000, 600
SIMULATED_DEFINITION = ChurnDefinition(30, 90)
NOTHING = Added(0.0, 0.0, 0.0, 1.0)
ORDERS = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "amount", "discount", "returned")
EVENTS = ("customer_id", "kind", "happened_at", "value")


@dataclass(frozen=True, eq=False)
class Asked:
    """A shop that is asked what its sources add.

    Args:
        name: of the shop, with its horizon.
        is_simulated: whether it was made up.
        log: of it.
        definition: population and horizon.
    """

    name: str
    is_simulated: bool
    log: Log
    definition: ChurnDefinition


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--simulated", type=int, metavar="CUSTOMERS", help="only one simulated shop, of so many")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    found = {asked: _worth(asked) for asked in _asked(chosen.cdnow, chosen.simulated)}
    if chosen.out == RESULTS:
        with whole(FILE, BY_UMASK) as half:
            half.write_text(HEAD + "".join(_toml(found)), encoding="utf-8")
    write_page(chosen.out, PAGE.format(tables="\n\n".join(_table(asked, one) for asked, one in found.items())))


def _asked(path: Path | None, customers: int | None) -> Iterator[Asked]:
    if customers:
        yield _simulated(1, 14.0, customers)
        return
    logs = {JOURNEY: with_attributes(complete_journey(), demographics()), CDNOW: cdnow(path)}
    for case in CASES:
        days = case.definition.horizon_days
        until = day_number(case.test_date) + days
        yield Asked(
            f"{case.log}, {days} d",
            False,
            sample_customers(logs[case.log].before(until), MOST_CUSTOMERS),
            case.definition,
        )
    for seed, gap_days in SIMULATED:
        yield _simulated(seed, gap_days, SIMULATED_CUSTOMERS)
    young = young_shop()
    log = young.log if young.attributes is None else with_attributes(young.log, young.attributes)
    yield Asked("Young shop, 30 d", True, log, young.case.definition)


def _simulated(seed: int, gap_days: float, customers: int) -> Asked:
    """A simulated shop with mails, clicks, reviews, tickets and points, read from its files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(customers, seed, days=SIMULATED_DAYS, usual_gap_days=gap_days).write(folder)
        orders = OrdersMapping(folder / "orders.csv", dict(zip(ORDERS, ORDERS, strict=True)))
        events = EventsMapping(folder / "events.csv", dict(zip(EVENTS, EVENTS, strict=True)))
        log = read_log(Shop("UTC", "EUR"), orders, events).log
    return Asked(f"Simulated, gap {gap_days:.0f} d, 30 d", True, log, SIMULATED_DEFINITION)


def _worth(asked: Asked) -> DataWorth:
    def told(done: int, total: int, what: str) -> None:
        print(f"{asked.name}: {done} of {total}, {what}", file=sys.stderr, flush=True)

    return data_worth(asked.log, asked.definition, BUDGET, progress=told)


def _toml(found: dict[Asked, DataWorth]) -> Iterator[str]:
    """Yield what one kind of source added in one shop: of several of a kind what all of them added together."""
    for asked, worth in found.items():
        for each in _kinds(worth):
            yield _measured(asked, kind_of(each.source), each.auroc)
        if worth.unused and CUSTOMERS not in map(kind_of, (each.source for each in worth.sources)):
            yield _measured(asked, CUSTOMERS, NOTHING)  # training leaves all its columns out: nothing changes


def _measured(asked: Asked, kind: str, auroc: Added) -> str:
    return (
        f'\n[[measured]]\nkind = "{kind}"\nshop = "{asked.name}"\n'
        f"is_simulated = {str(asked.is_simulated).lower()}\nauroc = {auroc.mean:.4f}\n"
        f"low = {auroc.low:.4f}\nhigh = {auroc.high:.4f}\n"
    )


def _kinds(worth: DataWorth) -> list[SourceWorth]:
    together = {each.source for each in worth.sources if kind_of(each.source) == each.source}
    return [each for each in worth.sources if each.source in together or kind_of(each.source) not in together]


def _table(asked: Asked, worth: DataWorth) -> str:
    dates = " and ".join(str(day) for day in worth.test_dates)
    lines = [
        f"## {asked.name}",
        f"{worth.customers:,} rows on {dates}; AUROC with everything {worth.base_auroc:.4f}.",
        "| without | AUROC lost | 95 % | log loss gained | 95 % | beyond chance |\n|---|---|---|---|---|---|\n"
        + "\n".join(_row(each) for each in worth.sources),
    ]
    if worth.unused:
        names = ", ".join(name.replace("_", " ") for name in worth.unused)
        lines.append(f"Left out by training, as chance tells their groups apart as well: {names}.")
    return "\n\n".join(lines)


def _row(each: SourceWorth) -> str:
    auroc, loss = each.auroc, each.log_loss
    return (
        f"| {each.source} | {auroc.mean:+.4f} | {auroc.low:+.4f} to {auroc.high:+.4f} "
        f"| {loss.mean:+.4f} | {loss.low:+.4f} to {loss.high:+.4f} | {'yes' if each.adds else ''} |"
    )


HEAD = """# What each kind of source added to the AUROC elsewhere; `regulars explain-data` tells it to a shop without.
# `python -m benchmarks.data_worth` writes it; benchmarks/data_worth/results.md says more.
"""
PAGE = """# What each source of data adds

`python -m benchmarks.data_worth` writes this page, and `training/data_worth/elsewhere.toml`. The blend is fitted with
every source and without each, on what was known on a test date, and judged on what came after, on the same customers,
the level of each date set true; intervals are over dates and customers. Sources overlap: what one says another may say
too, so kinds of events are also taken away together. Customers of a simulated shop do what they were told to: who has
left clicks a tenth as often, so what events add there is what was put in. "Beyond chance" is of all sources of a shop
taken together (Holm), and asks for .001 of AUROC.

{tables}
"""


if __name__ == "__main__":
    main()

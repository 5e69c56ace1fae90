"""Back up and restore the book of a shop of many scored customers, on SQLite and PostgreSQL; write `results.md`.

python -m benchmarks.backup --customers 100000 --runs 4

Scores are made up; everything after that is what `regulars backup` and `regulars restore` do, models apart. Each
database is a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
from pathlib import Path

from benchmarks.backup.runs import Measured, measured
from benchmarks.lists.__main__ import _server
from benchmarks.orders_run import machine
from benchmarks.published import write_page

RESULTS = Path(__file__).with_name("results.md")
PAGE = """# How long a backup takes

`python -m benchmarks.backup --customers {customers} --runs {runs}` writes this page.

{customers:,} customers, scored {runs} times: {rows:,} scores in a book of {megabytes:,.0f} MB.
The backup has {packed:,.0f} MB. Backing up looks at every row, packs, and reads the archive again; restoring compares,
looks at every row again, and on PostgreSQL writes each. Writers go on meanwhile. CPU is this process's alone.

| step | SQLite, wall s | PostgreSQL, wall s | SQLite, CPU s | PostgreSQL, CPU s |
| --- | --- | --- | --- | --- |
| back up | {one.back_up.wall:.1f} | {other.back_up.wall:.1f} | {one.back_up.cpu:.1f} | {other.back_up.cpu:.1f} |
| restore | {one.restore.wall:.1f} | {other.restore.wall:.1f} | {one.restore.cpu:.1f} | {other.restore.cpu:.1f} |
| peak memory, MiB | {one.peak_mib:,.0f} | {other.peak_mib:,.0f} | | |

Wall seconds are beside whatever else ran. {machine}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="how many were scored")
    parser.add_argument("--runs", type=int, default=4, help="how often")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    one = _apart(chosen.customers, chosen.runs, None)
    with _server(None) as url:
        other = _apart(chosen.customers, chosen.runs, url)
    text = PAGE.format(
        customers=chosen.customers,
        runs=chosen.runs,
        rows=chosen.customers * chosen.runs,
        megabytes=one.book_bytes / 1e6,
        packed=one.packed_bytes / 1e6,
        one=one,
        other=other,
        machine=machine("sqlalchemy", "psycopg"),
    )
    write_page(chosen.out, text)


def _apart(customers: int, runs: int, url: str | None) -> Measured:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (customers, runs, url))


if __name__ == "__main__":
    main()

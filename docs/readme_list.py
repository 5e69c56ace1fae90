"""Writes the README's sample rows from the list that `make demo` made: the first entry of each of three playbooks.

python docs/readme_list.py [demo/list/list.csv]
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from features.rounding import percent

README = Path(__file__).parents[1] / "README.md"
HEADER = ("#", "customer", "owner", "risk", "worth", "what to do", "why")
RIGHT = ("#", "risk", "worth")  # numbers stand at the right
ROWS, REASONS = 3, 2


def main() -> None:
    """Put the rows of a list into the README."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "demo/list/list.csv")
    text = README.read_text(encoding="utf-8")
    before, _, after = text.split("```\n", 2)
    README.write_text(f"{before}```\n{sample_rows(path)}```\n{after}", encoding="utf-8")


def sample_rows(path: Path) -> str:
    """Return the table of the README as text, one line a row.

    Args:
        path: of a list as `regulars list` writes it, CSV.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = [HEADER, *map(_cells, _first_of_each_title(csv.DictReader(file)))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "".join(f" {_line(row, widths)}\n" for row in table)


def _first_of_each_title(entries: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    for entry in entries:
        if entry["title"] not in seen and len(seen) < ROWS:
            seen.add(entry["title"])
            yield entry


def _cells(entry: dict[str, str]) -> tuple[str, ...]:
    reasons = entry["reasons"].split("; ")
    why = "; ".join(reasons[:REASONS]) + (" …" if len(reasons) > REASONS else "")
    risk = percent(float(entry["left_probability"]))
    return entry["position"], entry["name"], entry["owner"], risk, f"${entry['expected_gain']}", entry["title"], why


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = zip(HEADER, row, widths, strict=True)
    return "  ".join(cell.rjust(width) if name in RIGHT else cell.ljust(width) for name, cell, width in cells).rstrip()


if __name__ == "__main__":
    main()

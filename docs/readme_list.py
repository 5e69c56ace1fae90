"""Writes what the README quotes of the demo: sample rows of its list, and what its backtest says.

python docs/readme_list.py [demo/list/list.csv [REPORT]]

The rows are the first entry of each of three playbooks. REPORT is what `regulars backtest --random-split --json`
printed in the demo's folder.
"""

from __future__ import annotations

import csv
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from features.rounding import percent

README = Path(__file__).parents[1] / "README.md"
HEADER = ("#", "customer", "owner", "risk", "worth", "what to do", "why")
RIGHT = ("#", "risk", "worth")  # numbers stand at the right
ROWS, REASONS = 3, 2
QUOTE, GRADES = "`regulars backtest` says of the demo shop:", "[docs/churn.md](docs/churn.md#how-well-is-it-doing)"
LINE = 125  # characters


def main() -> None:
    """Put the rows of a list, and what a backtest says, into the README."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "demo/list/list.csv")
    before, _, after = README.read_text(encoding="utf-8").split("```\n", 2)
    text = f"{before}```\n{sample_rows(path)}```\n{after}"
    if len(sys.argv) > 2:
        text = with_backtest(text, json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    README.write_text(text, encoding="utf-8")


def with_backtest(text: str, document: Mapping[str, Any]) -> str:
    """Return the README with the paragraph of what a backtest says.

    Args:
        text: of the README.
        document: of `regulars backtest --random-split --json`.
    """
    paragraphs = text.split("\n\n")
    place = next(number for number, each in enumerate(paragraphs) if each.startswith(QUOTE))
    said = f'{QUOTE} "{backtest_words(document["report"])}." What the grades A, B and C ask for stands in {GRADES}.'
    paragraphs[place] = textwrap.fill(said, LINE, break_long_words=False, break_on_hyphens=False)
    return "\n\n".join(paragraphs)


def backtest_words(report: Mapping[str, Any]) -> str:
    """Return the grade, how true a band is, the list that would have been made, and what a random split claims.

    Args:
        report: as JSON.
    """
    likely = next(band for band in report["bands"] if band["low"] >= 0.6)
    split, _, _ = report["warnings"][-1].partition(": ")
    band = f"of those we called {likely['name']}, {likely['left']:.0%} left"
    return "; ".join([f"grade {report['grade']['words']}", band, report["list"]["sentence"], split])


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

"""Reads a list as whoever has to make the calls would: its first rows, and how many rows make no sense alone.

    python -m tools.read_rows demo/list/list.csv [--rows 40] [--json]

It counts what no row should have: no reason, nothing that stands out, one sentence on both sides, a silence longer than
usual as protection, an opening that asks after somebody who is not late, and one form of words on nearly all rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

Entry = dict[str, str]
NO_SIGN = ("no sign stands out", "nothing in the orders stands out")
SILENT = ("no order for", "has been silent")
ASKS_AFTER = ("it has been", "kept you away", "done anything wrong")
FORMS = 15  # shown
_NUMBER = re.compile(r"[^\s]*\d[\d.,]*")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the first rows of a list and the counts over all of them."""
    parser = argparse.ArgumentParser(prog="python -m tools.read_rows", description=__doc__)
    parser.add_argument("list", type=Path, help="list.csv, as regulars list writes it")
    parser.add_argument("--rows", type=int, default=40, help="how many to print")
    parser.add_argument("--json", action="store_true", help="the counts alone, as JSON")
    asked = parser.parse_args(arguments)
    entries = read(asked.list)
    if asked.json:
        print(json.dumps(counts(entries)))
        return
    for entry in entries[: asked.rows]:
        print(*as_read(entry), sep="\n")
    print(*said(entries), sep="\n")


def read(path: Path) -> list[Entry]:
    """Return the rows of a list."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def as_read(entry: Entry) -> Iterator[str]:
    """Yield a row in lines: who, why, why not, and what to say."""
    yield f"{entry['position']:>4} {entry['customer_id']} ({entry['kind']}, {entry['probability']}): {entry['title']}"
    yield f"     why: {entry['reasons']}"
    yield f"     but: {entry['protective']}"
    yield f"     “{entry['opening']}”"


def sentences(entry: Entry, side: str) -> list[str]:
    """Return the sentences of one side."""
    return [each for each in entry[side].split("; ") if each]


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """Return how many rows there are, and how many have each fault.

    >>> row = {"overdue": "2.5", "reasons": "no order for 74 days", "protective": "no order for 74 days"}
    >>> counts([row | {"opening": "Hello, it has been 74 days."}])["on both sides"]
    1
    """
    faults = {
        "without a reason": lambda entry: not sentences(entry, "reasons"),
        "nothing stands out": lambda entry: any(each in entry["reasons"] for each in NO_SIGN),
        "on both sides": _on_both_sides,
        "lateness as protection": lambda entry: _is_late(entry) and any(s in entry["protective"] for s in SILENT),
        "asked after, but not late": lambda entry: (
            _is_in_time(entry) and any(s in entry["opening"] for s in ASKS_AFTER)
        ),
    }
    return {"rows": len(entries), **{name: sum(map(bool, map(holds, entries))) for name, holds in faults.items()}}


def _on_both_sides(entry: Entry) -> bool:
    silences = [any(each in entry[side] for each in SILENT) for side in ("reasons", "protective")]
    return all(silences) or not set(sentences(entry, "reasons")).isdisjoint(sentences(entry, "protective"))


def _is_late(entry: Entry) -> bool:
    return bool(entry["overdue"]) and float(entry["overdue"]) > 1


def _is_in_time(entry: Entry) -> bool:
    return bool(entry["overdue"]) and float(entry["overdue"]) < 1


def said(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the counts with their shares, and the forms of words that are used most."""
    found = counts(entries)
    yield from (f"{name}: {count:,} ({count / max(found['rows'], 1):.0%})" for name, count in found.items())
    for side in ("reasons", "protective"):
        yield f"{side}, of all rows:"
        yield from _forms(entries, side)


def _forms(entries: Sequence[Entry], side: str) -> Iterator[str]:
    forms = Counter(form for entry in entries for form in set(_without_numbers(sentences(entry, side))))
    yield from (f"  {count / len(entries):4.0%}  {form}" for form, count in forms.most_common(FORMS))


def _without_numbers(told: Iterable[str]) -> Iterator[str]:
    return (_NUMBER.sub("…", each) for each in told)


if __name__ == "__main__":
    main()

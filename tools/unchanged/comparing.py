"""Says what differs between two recordings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

MOST_LINES = 5
LONGEST = 240


def differences(one: Path, other: Path, under: str = "") -> tuple[int, list[str]]:
    """Return how many files were compared, and a paragraph for each that differs or is missing.

    Args:
        one: a recording.
        other: another.
        under: compare only what lies in this folder of both.
    """
    names = sorted({*_names(one, under), *_names(other, under)})
    return len(names), [said for name in names if (said := _said(name, one / name, other / name))]


def _names(folder: Path, under: str) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0][0] != "." and (not under or name.parts[0] == under):
            yield name.as_posix()


def _said(name: str, one: Path, other: Path) -> str:
    missing = [path for path in (one, other) if not path.exists()]
    if missing:
        return f"{name}: not in {missing[0].parents[name.count('/')]}"
    texts = [path.read_bytes().decode() for path in (one, other)]
    return "" if texts[0] == texts[1] else "\n".join([f"{name}: differs", *_lines(texts[0], texts[1])])


def _lines(one: str, other: str) -> Iterator[str]:
    pairs = zip_longest(one.splitlines(keepends=True), other.splitlines(keepends=True), fillvalue="")
    unequal = [(number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1]]
    for number, left, right in unequal[:MOST_LINES]:
        yield from (f"  line {number} - {_short(left, right)}", f"  line {number} + {_short(right, left)}")
    if len(unequal) > MOST_LINES:
        yield f"  … {len(unequal)} lines differ"


def _short(line: str, against: str) -> str:
    """Return a line from shortly before its first difference on."""
    same = next((at for at, (a, b) in enumerate(zip(line, against, strict=False)) if a != b), 0)
    begin = max(0, same - 60)
    return ("…" if begin else "") + repr(line[begin : begin + LONGEST])[1:-1]

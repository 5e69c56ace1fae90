"""Rows that are no rows of the table: totals below or between its lines, and remarks at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

TOTAL_ROWS = "total rows"
_WORDS = (
    "(grand |sub ?-?|report |net |running |page )?totals?( général| generale| general| geral)?|sum|sums|"
    "(end|gesamt|zwischen)?summen?|gesamt(betrag)?|insgesamt|total(e|t)|sub ?totale?|subtotaal|(eind)?totaal|"
    "sous-total|somme|suma( częściowa)?|razem|ogółem|(genel |ara )?toplam|(общий )?итого|всего|подытог|"
    "(γενικό |μερικό )?σύνολ[οα]|συνολα|جمع( کل)?|مجموع( کل)?|المجموع|celkem|összesen|yhteensä|soma"
)
# Each word holds one of these: where a text holds none it need not be searched letter by letter.
_STEMS = (
    *("tota", "sum", "som", "gesamt", "razem", "ogółem", "toplam", "итого", "всего", "подытог", "σύνολ", "συνολ"),
    *("جمع", "مجموع", "celkem", "összesen", "yhteensä"),
)
# A cell that says nothing else, or the first cell of a row that goes on: "Total for C1".
TOTAL_CELL = rf"^\W*({_WORDS})\W*$"
TOTAL_START = rf"^\W*({_WORDS})(\W.*)?$"
_CELL, _BEGIN = re.compile(TOTAL_CELL, re.IGNORECASE), re.compile(TOTAL_START, re.IGNORECASE)
_LINE = re.compile(rf"(?:^|[,;\t|\"])\W*({_WORDS})(?:\W|$)", re.IGNORECASE | re.MULTILINE)
_END = 1 << 16
MOST_REMARKS = 20


def may_hold_totals(path: Path) -> bool:
    """Say whether the first or the last lines of a UTF-8 text hold a word for a total."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_END)
        file.seek(max(0, size - _END))
        tail = file.read()
    _, _, rows = head.decode("utf-8", "ignore").partition("\n")
    return any(_holds_a_word(part) for part in (rows, tail.decode("utf-8", "ignore")))


def _holds_a_word(text: str) -> bool:
    folded = text.casefold()
    return any(stem in folded for stem in _STEMS) and _LINE.search(text) is not None


def total_sql(columns: Sequence[str]) -> str:
    """Return SQL that says whether a row may be a total: one of its cells says so, or how its first one begins.

    Whether it is one depends on its date: a product may have such a name.
    """
    texts = [f"trim(coalesce({column}, ''))" for column in columns]
    first = f"coalesce({', '.join(f'nullif({text}, {chr(39) * 2})' for text in texts)}, '')"
    cells = " OR ".join(f"regexp_matches({text}, {_quoted(TOTAL_CELL)}, 'i')" for text in texts)
    return f"(regexp_matches({first}, {_quoted(TOTAL_START)}, 'i') OR {cells})"


def is_remark(record: Sequence[str], *, after_blank: bool) -> bool:
    """Say whether a short record below the table is a remark or a total, and not a line that was cut off.

    >>> is_remark(["Printed on 1 March"], after_blank=False), is_remark(["Total", "206.00"], after_blank=False)
    (True, True)
    >>> is_remark(["1003", "2026-02"], after_blank=False)
    False
    """
    filled = [cell for cell in record if cell.strip()]
    if not filled:
        return True
    if _BEGIN.match(filled[0]):
        return True
    return len(filled) == 1 and any(c.isalpha() for c in filled[0]) and (after_blank or " " in filled[0].strip())


def _quoted(written: str) -> str:
    return "'" + written.replace("'", "''") + "'"

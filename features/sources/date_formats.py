"""The ways in which a date may be written: a strptime format, None for ISO 8601, and a calendar."""

from __future__ import annotations

from features.sources.mapping import Calendar

DateFormat = tuple[str | None, Calendar]


DATE_FORMATS: tuple[DateFormat, ...] = (
    (None, "gregorian"), (None, "jalali"), ("%d/%m/%Y", "gregorian"), ("%m/%d/%Y", "gregorian"),
    ("%d.%m.%Y", "gregorian"), ("%d-%m-%Y", "gregorian"), ("%m-%d-%Y", "gregorian"), ("%d/%m/%y", "gregorian"),
    ("%m/%d/%y", "gregorian"), ("%d.%m.%y", "gregorian"), ("%d-%m-%y", "gregorian"), ("%Y%m%d", "gregorian"),
    ("%Y.%m.%d", "gregorian"), ("%b %d, %Y", "gregorian"), ("%B %d, %Y", "gregorian"), ("%d %b %Y", "gregorian"),
    ("%d %B %Y", "gregorian"), ("%d-%b-%Y", "gregorian"), ("%d-%b-%y", "gregorian"), ("%d/%m/%Y", "jalali"),
)  # fmt: skip


ENOUGH = 0.97  # of the cells must be readable: a few broken ones are for `check` to name

"""What goes over the wire, as far as several resources share it; each resource has its own requests and answers.

Money is a decimal in major units: answers write it as a string ("12.50"), so that no reader rounds it; requests
may give a string or a number. Dates are ISO 8601, times carry an offset. What is not known is null, never left out.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from features.sources.cleaning import LONGEST_ID
from serving.scores import SCORE_COLUMNS

WITHOUT_NUL = r"^[^\x00]*$"
MEANINGS = {column.name: column.meaning for column in SCORE_COLUMNS}

Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID, pattern=WITHOUT_NUL, examples=["00123"])]
Text = Annotated[str, Meta(max_length=LONGEST_ID, pattern=WITHOUT_NUL)]
Note = Annotated[str, Meta(max_length=2000, pattern=WITHOUT_NUL)]
Kind = Annotated[str, Meta(min_length=1, max_length=64, pattern=WITHOUT_NUL, examples=["mail_clicked"])]
Moment = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=40,
        pattern=WITHOUT_NUL,
        description="ISO 8601 date or date and time; without an offset it is the shop's local time",
        examples=["2026-03-02T14:05:00+01:00"],
    ),
]
Number = Annotated[str, Meta(max_length=64, pattern=WITHOUT_NUL, examples=["12.50"])] | int | float
Answered = Annotated[Decimal, Meta(description="decimal in major units, as a string", examples=["12.50"])]
Probability = Annotated[float, Meta(ge=0, le=1)]
Low = Annotated[Decimal | None, Meta(description=MEANINGS["value_at_risk_low"], examples=["12.50"])]
High = Annotated[Decimal | None, Meta(description=MEANINGS["value_at_risk_high"], examples=["12.50"])]
Overdue = Annotated[float | None, Meta(description=MEANINGS["overdue_days"])]
NextOrderOn = Annotated[date | None, Meta(description=MEANINGS["next_order_on"])]
NextOrderFrom = Annotated[date | None, Meta(description=MEANINGS["next_order_from"])]
NextOrderUntil = Annotated[date | None, Meta(description=MEANINGS["next_order_until"])]
Silent = Annotated[Probability | None, Meta(description="P(no order within so many days)")]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all requests share: an unknown field is refused."""


class WrongField(msgspec.Struct, frozen=True):
    """One field that cannot be used."""

    path: Annotated[str, Meta(examples=["$.orders[3].amount"])]
    message: str


class Problem(msgspec.Struct, frozen=True):
    """A refusal, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] = []

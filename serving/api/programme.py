"""Serves who is in the programme holdout, so that other programs leave the same people alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from serving.api.operation import Call, Operation, in_thread
from serving.book.trial import programme


class LeftAlone(msgspec.Struct, frozen=True):
    """A customer whom no playbook ever touches."""

    customer_id: str
    account_id: Annotated[str, Meta(description="the account that was drawn")]
    since: Annotated[date, Meta(description="the day of the list it was drawn with")]


class ProgrammeHoldout(msgspec.Struct, frozen=True):
    """Everybody whom no playbook ever touches."""

    share: Annotated[float, Meta(description="of all accounts, by the latest list; 0: nobody more is drawn")]
    customers: Annotated[list[LeftAlone], Meta(description="by id")]


def programme_holdout(call: Call) -> ProgrammeHoldout:
    """Answer who is in the programme holdout."""
    members, shares = programme(call.server.need_book())
    rows = members[["customer_id", "account_id", "since"]].itertuples(index=False)
    return ProgrammeHoldout(shares[-1][1] if shares else 0.0, [LeftAlone(*row) for row in rows])


OPERATIONS = (
    Operation(
        name="programme_holdout",
        tag="lists",
        method="GET",
        path="/v1/programme-holdout",
        roles=("lists",),
        summary="Who is left alone by every playbook",
        description="Mailings and campaigns of other programs leave these customers alone, too: else the effect of "
        "the whole programme is diluted. Empty where `programme_holdout_share` was never above 0.",
        run=in_thread(programme_holdout),
        gives=ProgrammeHoldout,
        example={
            "share": 0.02,
            "customers": [{"customer_id": "c-1042", "account_id": "c-1042", "since": "2026-03-02"}],
        },
        whole=True,
    ),
)

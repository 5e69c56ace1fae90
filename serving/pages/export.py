"""The list as a workbook in the visitor's language: the rows that My list shows, with phone and mail, to fill in."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pandas as pd
from starlette.responses import Response

from serving.book.inbox.listed import whole_entries
from serving.book.visits.views import View as Viewed
from serving.book.visits.views import record_view
from serving.outreach.exports.list_xlsx import stream_workbook
from serving.outreach.plan.candidates import LISTED_KINDS
from serving.outreach.plan.outreach_list import GROUPS, OutreachList
from serving.outreach.playbooks.guidance import with_guidance
from serving.pages.advice import playbooks_of
from serving.pages.inbox import Inbox
from serving.pages.my_list import rows_asked
from serving.pages.visit import View, Visit

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(visit: Visit) -> Response:
    """Return the rows that the visitor looks at as a workbook; that they were taken along is recorded."""
    inbox, who = visit.parts.inbox.need(visit.server), visit.who
    outreach = visit.parts.reach.with_ways(visit.server, _in_words(visit, inbox))
    record_view(visit.server.need_book(), Viewed(who.name, who.owner, "export", inbox.of.id))
    content = BytesIO()
    stream_workbook(outreach, content, visit.language)
    file = f"list-{inbox.of.as_of.isoformat()}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content.getvalue(), media_type=WORKBOOK, headers=headers)


def _in_words(visit: Visit, inbox: Inbox) -> OutreachList:
    """Return the rows as a list of its own, each with its owner of today, in the visitor's language."""
    rows = rows_asked(visit, inbox)
    owner_of = {row.listed.customer_id: row.owner for row in rows}
    with visit.server.need_book().reading() as connection:
        frame = whole_entries(connection, inbox.of.id, inbox.of.run, list(owner_of))
    frame = frame.assign(owner=frame["customer_id"].map(owner_of))
    return with_guidance(_list_of(inbox, frame), playbooks_of(visit), visit.language)


def _list_of(inbox: Inbox, frame: pd.DataFrame) -> OutreachList:
    of, run = inbox.of, inbox.of.run
    groups: dict[str, Any] = {
        name: frame[frame["kind"] == kind].reset_index(drop=True)
        for name, kind in zip(GROUPS, LISTED_KINDS, strict=True)
    }
    return OutreachList(of.as_of, run.horizon_days, run.model_version, run.currency, of.rank_by, of.capacity, **groups)


VIEWS = (View("GET", "list.xlsx", workbook),)

"""The current list over HTTP, as JSON for programs and as CSV for people."""

from __future__ import annotations

import anyio
import msgspec
import pandas as pd
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from serving.api.desk import Desk
from serving.api.messages import Departure, Entry, ListAnswer
from serving.api.problems import Refusal
from serving.api.reading import answer
from serving.book import Book
from serving.outreach.exports import people_csv
from serving.outreach.lists import OutreachList

CSV = "text/csv"


class CurrentList(HTTPEndpoint):
    """GET /v1/lists/current."""

    async def get(self, request: Request) -> Response:
        """Answer the current list: JSON, or CSV when `Accept` prefers it."""
        desk: Desk = request.app.state.desk
        outreach = await anyio.to_thread.run_sync(current_list, desk.need_book())
        if prefers_csv(request.headers.get("accept", "")):
            return _csv(outreach)
        response = answer(list_answer(outreach))
        response.headers["Vary"] = "Accept"
        return response


def current_list(book: Book) -> OutreachList:
    """Return the list that holds today.

    Raises:
        Refusal: 404, no list has been published.
    """
    outreach = book.current_list()
    if outreach is None:
        raise Refusal(404, "no-list", "no list has been published yet; `regulars list` publishes one")
    return outreach


def list_answer(outreach: OutreachList) -> ListAnswer:
    """Return a list as it is written in an answer."""
    facts = ("as_of", "horizon_days", "model_version", "currency", "rank_by", "capacity")
    return ListAnswer(
        **{name: getattr(outreach, name) for name in facts},
        entries=_entries(outreach.entries),
        new_customers=_entries(outreach.newcomers),
        winback=_entries(outreach.winback),
        left_out=dict(outreach.left_out),
        gone=msgspec.convert(outreach.gone.to_dict("records"), list[Departure]),
    )


def prefers_csv(accept: str) -> bool:
    """Say whether an Accept header asks for CSV before JSON.

    >>> prefers_csv("text/csv"), prefers_csv("application/json, text/csv;q=0.5"), prefers_csv("*/*")
    (True, False, False)
    """
    weights = dict(_weighted(part) for part in accept.split(","))
    csv = weights.get(CSV, 0.0)
    return csv > max(weights.get(kind, 0.0) for kind in ("application/json", "application/*", "*/*"))


def _csv(outreach: OutreachList) -> Response:
    content = people_csv(outreach.everyone)
    name = f'attachment; filename="list-{outreach.as_of.isoformat()}.csv"'
    return Response(content, media_type=CSV, headers={"Content-Disposition": name, "Vary": "Accept"})


def _weighted(part: str) -> tuple[str, float]:
    kind, _, rest = part.partition(";")
    weight = rest.partition("q=")[2].strip()
    try:
        return kind.strip().lower(), float(weight or 1)
    except ValueError:
        return kind.strip().lower(), 0.0


def _entries(frame: pd.DataFrame) -> list[Entry]:
    return msgspec.convert(frame.to_dict("records"), list[Entry])

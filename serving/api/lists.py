"""Serves published lists: in pages of JSON for programs, whole as CSV for people."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pandas as pd
import sqlalchemy as sa
from msgspec import Meta
from starlette.responses import Response

from serving.api.operation import CSV, Answer, Call, Operation, Run, in_thread
from serving.api.problems import Refusal
from serving.api.request_body import encoded
from serving.api.scores import SCORE
from serving.api.shared_messages import Note, Request, Spoken, Text, field_of, language_asked
from serving.book.keys import Key
from serving.book.lists import departures_of
from serving.book.pages import EntryFilter, Page, PageEnd, page_of
from serving.book.schema import LISTS
from serving.book.score_json import utc_text
from serving.book.trial import merged_accounts
from serving.book.withdrawals import taken_back_since
from serving.outreach.exports.list_csv import people_csv
from serving.outreach.plan.candidates import LISTED_KINDS
from serving.outreach.plan.details import detail_text
from serving.outreach.plan.outreach_list import ENTRY_COLUMNS
from serving.outreach.playbooks.guidance import guided, in_language
from serving.outreach.playbooks.playbooks import playbooks_in_force
from serving.scores import SCORE_NAMES, Band, Column, State
from serving.webhooks.taken_back import withdraw_and_enqueue

MOST_ENTRIES = 5_000  # of a page
Number = Annotated[int, Meta(ge=0, lt=1 << 31)]


# What the entry's playbook says when it is asked; null where it is no longer in force.
_GUIDANCE = (
    Column("what_to_say", "text", "sentences", "advice of the playbook to whoever makes the contact", is_optional=True),
    Column("incentive", "text", "sentences", "what the playbook lets them offer", is_optional=True),
)
# The columns that came after the first lists: of an older list they are null.
_ADDED = (
    *("entry_id", "account_id", "members", "kind", "playbook", "title", "channel", "opening"),
    *("saved_share", "cost", "expected_gain", "due_on", "change", "listed_for"),
)


def _entry_fields() -> list[tuple[str, Any] | tuple[str, Any, None]]:
    """Return the fields of an entry: who it is, then the score, then what to do."""
    fields = dict(map(field_of, ENTRY_COLUMNS))
    first = {name: fields[name] for name in ("position", "owner", "customer_id", "name", "segment")}
    scored = {name: fields[name] for name in SCORE_NAMES if name in fields}
    return [*(first | scored).items(), *((name, fields[name], None) for name in _ADDED), *_guidance_fields()]


def _guidance_fields() -> list[tuple[str, Any, None]]:
    return [(*field_of(column), None) for column in _GUIDANCE]


class Entry(msgspec.defstruct("_EntryColumns", _entry_fields(), frozen=True)):  # type: ignore[misc]
    """One customer on a list."""


class Departure(msgspec.Struct, frozen=True):
    """A customer who was on the list before and is not on this one."""

    customer_id: str
    reason: str
    detail: str


class TakenBack(msgspec.Struct, frozen=True):
    """A list that was taken back."""

    as_of: date
    withdrawn_at: Annotated[str, Meta(description="ISO 8601 in UTC")]
    by: Annotated[str | None, Meta(description="who decided; null for a key of one owner")]
    why: Annotated[str | None, Meta(description="for what reason; null for a key of one owner")]


class NewWithdrawal(Request, frozen=True):
    """Why a list is taken back."""

    why: Annotated[Note, Meta(examples=["it was made from last week's prices"])]
    by: Annotated[Text | None, Meta(description="who decides; left out: the key's name")] = None


class Withdrawn(msgspec.Struct, frozen=True):
    """A list that was taken back; the same answer again where it was taken back before."""

    as_of: date
    withdrawn_at: Annotated[str, Meta(description="ISO 8601 in UTC")]
    by: str
    why: str
    list_ids: Annotated[list[int], Meta(description="every list of that day; the last one was in force")]
    closed: Annotated[int, Meta(description="entries that nobody had acted on")]
    kept: Annotated[int, Meta(description="entries with a contact or an outcome: they stay as they are")]
    voided: Annotated[int, Meta(description="episodes of the trial that are no longer watched, of both arms")]
    in_force: Annotated[date | None, Meta(description="the day of the list that holds now; null: there is none")]


class ListAnswer(msgspec.Struct, frozen=True):
    """A list in groups: regulars at risk, new customers, lapsed ones, reminders, and accounts that buy less."""

    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    rank_by: str
    capacity: Annotated[int | None, Meta(description="entries per owner; null: no bound")]
    entries: list[Entry]
    new_customers: list[Entry]
    winback: Annotated[list[Entry], Meta(description="lapsed customers")]
    left_out: Annotated[dict[str, int], Meta(description="how many customers each rule kept off the list")]
    merged_accounts: Annotated[
        int | None,
        Meta(
            description="accounts that hold held-out customers and others: not contacted, a leak of the holdout; null "
            "for a key of one owner"
        ),
    ] = None
    taken_back: Annotated[
        list[TakenBack], Meta(description="lists that were taken back since the one before, and do not count")
    ] = []
    reminders: Annotated[list[Entry], Meta(description="regulars shortly before their next order is due")] = []
    shrinking: Annotated[list[Entry], Meta(description="accounts that still buy, and less than they did")] = []
    gone: list[Departure] = []
    published_at: Annotated[str | None, Meta(description="ISO 8601 in UTC")] = None
    next_cursor: Annotated[str | None, Meta(description="`cursor` of the next page; null: this was the last")] = None


class ListQuery(Request, frozen=True):
    """Filters of a list's entries, and the page."""

    owner: Annotated[Text | None, Meta(description="only the accounts of this owner")] = None
    state: State | None = None
    band: Band | None = None
    playbook: Annotated[Text | None, Meta(description="id of the playbook")] = None
    kind: Literal["regular", "new", "winback", "reminder", "shrunk"] | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_ENTRIES, description="entries on a page; a CSV is always whole")] = 1_000
    cursor: Annotated[Text | None, Meta(description="`next_cursor` of the page before, with the same filters")] = None
    language: Spoken | None = None


def current_list(call: Call) -> Response:
    """Answer the list published last."""
    return _list_response(call, None)


def list_of_day(call: Call) -> Response:
    """Answer the list of a day."""
    return _list_response(call, _day_of(call))


def withdraw(call: Call) -> Withdrawn:
    """Take back the list of a day."""
    day, sent = _day_of(call), call.body
    with call.server.need_book().reading() as connection:
        known = connection.scalar(sa.select(LISTS.c.id).where(LISTS.c.as_of == day).limit(1))
    if known is None:
        raise Refusal(404, "no-list", f"no list is of {day}")
    settings = call.server.need_settings()
    titles = playbooks_in_force(settings.list.playbooks).titles_in(settings.language)
    done = withdraw_and_enqueue(call.server.need_book(), day, sent.by or call.key.name, sent.why, titles)
    return Withdrawn(
        as_of=done.as_of,
        withdrawn_at=utc_text(done.at),
        by=done.by,
        why=done.why,
        list_ids=list(done.list_ids),
        closed=done.closed,
        kept=done.kept,
        voided=done.voided,
        in_force=done.holds,
    )


def _day_of(call: Call) -> date:
    try:
        return date.fromisoformat(call.part("date"))
    except ValueError:
        raise Refusal(404, "no-list", "a list is named by its day, as 2026-03-02") from None


def _list_response(call: Call, day: date | None) -> Response:
    as_csv = prefers_csv(call.request.headers.get("accept", ""))
    page = _page(call, day, None if as_csv else call.query.limit)
    language = language_asked(call.query.language, call.server.settings)
    playbooks = playbooks_in_force(call.server.need_settings().list.playbooks)
    entries = in_language(guided(_seen(call, page.entries), playbooks, language), playbooks, language)
    if as_csv:
        response = _csv(page, entries)
    else:
        answer = list_answer(page, entries, _gone(call, page), call.key)
        response = encoded(msgspec.structs.replace(answer, **_of_whole(call, page)))
    response.headers["Vary"] = "Accept"
    return response


def _page(call: Call, day: date | None, limit: int | None) -> Page:
    asked: ListQuery = call.query
    owner = asked.owner if call.key.owner is None else call.key.owner
    wanted = EntryFilter(owner, asked.state, asked.band, asked.playbook, asked.kind)
    after = None if asked.cursor is None or limit is None else page_end_of(asked.cursor)
    book, accounts = call.server.need_book(), call.server.accounts_today()
    with book.reading() as connection:
        page = page_of(connection, day, wanted, call.server.today, after, limit, accounts)
    if page is None:
        known = "no list has been published yet; `regulars list` publishes one"
        raise Refusal(404, "no-list", known if day is None else f"no list is of {day}")
    if page.facts["withdrawn_at"] is not None:
        raise Refusal(
            410, "list-withdrawn", f"the list of {page.facts['as_of']} was taken back; /current has the one in force"
        )
    return page


def _seen(call: Call, entries: pd.DataFrame) -> pd.DataFrame:
    """Return the entries that the key may see; the owners may have changed since the list was made."""
    if call.key.owner is None:
        return entries
    asked = call.query.owner in (None, call.key.owner)
    seen = set(call.server.seen_by(call.key, entries["customer_id"])) if asked else set()
    return entries[entries["customer_id"].isin(seen)]


def _gone(call: Call, page: Page) -> list[Departure]:
    """Return who has left the list: on the first page only, and only customers that the key may see."""
    if call.query.cursor is not None:
        return []
    with call.server.need_book().reading() as connection:
        frame = departures_of(connection, page.facts["id"])
    seen = set(call.server.seen_by(call.key, frame["customer_id"]))
    language = language_asked(call.query.language, call.server.settings)
    frame = frame.assign(detail=[detail_text(detail, language) for detail in frame["detail"]])
    return msgspec.convert(frame[frame["customer_id"].isin(seen)].to_dict("records"), list[Departure])


def _of_whole(call: Call, page: Page) -> dict[str, Any]:
    """Return what concerns the whole shop: of it a key of one owner learns only which lists do not count."""
    whole = call.key.owner is None
    with call.server.need_book().reading() as connection:
        merged = merged_accounts(connection, page.facts["id"]) if whole else None
        rows = taken_back_since(connection, page.facts["as_of"])
    back = [
        TakenBack(row["as_of"], utc_text(row["withdrawn_at"]), *((row["by"], row["why"]) if whole else (None, None)))
        for row in rows
    ]
    return {"merged_accounts": merged, "taken_back": back}


def list_answer(page: Page, entries: pd.DataFrame, gone: list[Departure], key: Key) -> ListAnswer:
    """Return the answer that shows a page of a list."""
    facts, run = page.facts, page.run
    groups = [_entries(entries[entries["kind"] == kind]) for kind in LISTED_KINDS]
    regular, new, winback, reminders, shrinking = groups
    return ListAnswer(
        as_of=facts["as_of"],
        horizon_days=run.horizon_days,
        model_version=run.model_version,
        currency=run.currency,
        rank_by=facts["rank_by"],
        capacity=facts["capacity"],
        entries=regular,
        new_customers=new,
        winback=winback,
        reminders=reminders,
        shrinking=shrinking,
        left_out=msgspec.json.decode(facts["left_out"]) if key.owner is None else {},
        gone=gone,
        published_at=utc_text(facts["published_at"]),
        next_cursor=None if page.after is None else cursor_of(page.after),
    )


def cursor_of(end: PageEnd) -> str:
    """Return the cursor of a page's end, opaque to callers, so that its meaning can change.

    >>> page_end_of(cursor_of(PageEnd(3, 0, 25)))
    PageEnd(list_id=3, kind=0, position=25)
    """
    packed = msgspec.json.encode((end.list_id, end.kind, end.position))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def page_end_of(cursor: str) -> PageEnd:
    """Return the page's end that a cursor stands for.

    Raises:
        Refusal: 422, it is no cursor of ours.
    """
    try:
        packed = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return PageEnd(*msgspec.json.decode(packed, type=tuple[Number, Number, Number]))
    except (ValueError, msgspec.DecodeError):
        raise Refusal(422, "wrong-field", "$.cursor: give the next_cursor of the former page back as it was") from None


def _listing(work: Callable[[Call], Answer]) -> Run:
    """Run in a thread; whole files one at a time, since each keeps the interpreter busy."""
    page, file = in_thread(work), in_thread(work, lambda server: server.large)

    async def run(call: Call) -> Answer:
        return await (file if prefers_csv(call.request.headers.get("accept", "")) else page)(call)

    return run


def prefers_csv(accept: str) -> bool:
    """Return whether an Accept header prefers CSV to JSON.

    >>> prefers_csv("text/csv"), prefers_csv("application/json, text/csv;q=0.5"), prefers_csv("*/*")
    (True, False, False)
    """
    weights = dict(_media_weight(part) for part in accept.split(","))
    csv = weights.get(CSV, 0.0)
    return csv > max(weights.get(kind, 0.0) for kind in ("application/json", "application/*", "*/*"))


def _csv(page: Page, entries: pd.DataFrame) -> Response:
    name = f'attachment; filename="list-{page.facts["as_of"].isoformat()}.csv"'
    return Response(people_csv(entries), media_type=CSV, headers={"Content-Disposition": name})


def _media_weight(part: str) -> tuple[str, float]:
    kind, _, rest = part.partition(";")
    weight = rest.partition("q=")[2].strip()
    try:
        return kind.strip().lower(), float(weight or 1)
    except ValueError:
        return kind.strip().lower(), 0.0


def _entries(frame: pd.DataFrame) -> list[Entry]:
    return msgspec.convert(frame.to_dict("records"), list[Entry])


ENTRY = {
    "position": 1,
    "owner": "Eleni",
    "name": "Maria P.",
    "segment": None,
    **{
        k: v
        for k, v in SCORE.items()
        if not k.startswith("silent_") and k not in ("as_of", "scored_at", "horizon_days", "currency", "model_version")
    },
    "entry_id": "20260302-7k3mx9qp2whd",
    "account_id": "00123",
    "members": [],
    "kind": "regular",
    "playbook": "personal-call",
    "title": "Call in person",
    "channel": "call",
    "opening": "Hello Maria P., you usually order every month, and it has been 56 days. How are you?",
    "saved_share": 0.15,
    "cost": "0.88",
    "expected_gain": "5.32",
    "due_on": "2026-03-05",
    "change": "new",
    "listed_for": "late",
    "what_to_say": "Call yourself, not by script. Ask how things are, what has changed and what is missing.",
    "incentive": None,
}
LIST: dict[str, Any] = {
    "as_of": "2026-03-02",
    "horizon_days": 30,
    "model_version": "3",
    "currency": "EUR",
    "rank_by": "gain",
    "capacity": 25,
    "entries": [ENTRY],
    "new_customers": [],
    "winback": [],
    "reminders": [],
    "shrinking": [],
    "left_out": {"would stay": 1480, "no consent": 12, "not yet due": 310, "over capacity": 40},
    "merged_accounts": 0,
    "taken_back": [],
    "gone": [{"customer_id": "00457", "reason": "ordered", "detail": "ordered on 2026-02-25"}],
    "published_at": "2026-03-02T06:00:01Z",
    "next_cursor": None,
}
_CSV = (
    " As JSON, in pages. With `Accept: text/csv` as the whole file that account managers open: regular customers at "
    "risk, new customers, lapsed ones, reminders, accounts that buy less; with a byte order mark, and no cell can act "
    "as a formula."
)

OPERATIONS = (
    Operation(
        name="current_list",
        tag="lists",
        method="GET",
        path="/v1/lists/current",
        roles=("lists",),
        summary="The current list",
        description="The list published last." + _CSV,
        run=_listing(current_list),
        asks=ListQuery,
        gives=ListAnswer,
        example=LIST,
        needs=(404, 410),
        csv=True,
    ),
    Operation(
        name="list_of_day",
        tag="lists",
        method="GET",
        path="/v1/lists/{date}",
        roles=("lists",),
        summary="The list of a day",
        description="The list published last on that day." + _CSV,
        run=_listing(list_of_day),
        asks=ListQuery,
        gives=ListAnswer,
        example=LIST,
        parts={"date": "the list's day, ISO 8601"},
        needs=(404, 410),
        csv=True,
    ),
    Operation(
        name="withdraw_list",
        tag="lists",
        method="POST",
        path="/v1/lists/{date}/withdrawal",
        roles=("admin",),
        summary="Take a list back",
        description="Closes the entries of every list of that day that nobody has acted on. Contacts, outcomes and "
        "draws stay. Episodes of owners who had acted on none of their entries are void, in both arms. The webhooks "
        "are told; the list before is in force again. Taken back twice is taken back once.",
        run=in_thread(withdraw),
        gives=Withdrawn,
        example={
            "as_of": "2026-03-02",
            "withdrawn_at": "2026-03-02T09:12:44Z",
            "by": "Eleni",
            "why": "it was made from last week's prices",
            "list_ids": [41],
            "closed": 23,
            "kept": 2,
            "voided": 18,
            "in_force": "2026-02-23",
        },
        takes=NewWithdrawal,
        sends={"why": "it was made from last week's prices", "by": "Eleni"},
        parts={"date": "the list's day, ISO 8601"},
        whole=True,
        needs=(404,),
    ),
)

"""The owner's desk: all owners with their load and progress, hand-overs, vetoes, capacity, and who has not looked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.errors import InputError, Violation
from features.language.messages import Message, Sentence, in_a_row, message_in, sentence
from serving.book.people.held import held_on
from serving.book.schema import ENTRIES, LISTS
from serving.book.visits.views import View as Viewed
from serving.book.visits.views import last_looked, record_view
from serving.commands.lists.report_outcomes import hand_over_accounts, hold_accounts
from serving.pages.inbox import Inbox, Row
from serving.pages.refusals import refusal
from serving.pages.visit import View, Visit
from serving.scores import records
from serving.shop import OpenShop

LISTS_SHOWN = 8
ROWS_SHOWN = 200
HOLDS_SHOWN = 100
MOST_NAMED = 5  # mistakes in a sentence


@dataclass(frozen=True)
class Load:
    """What one owner has on the list, and how far it is worked off.

    Args:
        owner: who.
        rows: entries.
        open: of them to do.
        overdue: of the open ones past their day.
        snoozed: put off.
        done: marked, or closed by an order.
        saved: marked as saved.
        capacity: entries that the owner takes; None = no bound.
        looked_at: when the owner last looked at the list, in the shop's zone; None = never on these pages.
    """

    owner: str
    rows: int
    open: int
    overdue: int
    snoozed: int
    done: int
    saved: int
    capacity: int | None
    looked_at: datetime | None

    @property
    def done_share(self) -> float:
        """The part that is worked off."""
        return self.done / self.rows if self.rows else 0.0


def desk(visit: Visit) -> Response:
    """Show the desk."""
    who = visit.who
    record_view(visit.server.need_book(), Viewed(who.name, who.owner, "desk"))
    inbox = visit.parts.inbox.get(visit.server)
    context = {
        "section": "desk",
        "inbox": inbox,
        "loads": [] if inbox is None else list(_loads(visit, inbox)),
        "lists": _lists(visit),
        "holds": _holds(visit),
        "said": visit.asked("said"),
    }
    return visit.page("desk.html.jinja", context)


def of_owner(visit: Visit) -> Response:
    """Show the rows of one owner, to hand some of them over."""
    inbox, owner = visit.parts.inbox.need(visit.server), visit.asked("owner")
    rows = inbox.by_owner.get(owner, ())
    context = {
        "section": "desk",
        "owner": owner,
        "rows": rows[:ROWS_SHOWN],
        "count": len(rows),
        "others": sorted({*_owners(visit, inbox)} - {owner}),
        "inbox": inbox,
    }
    return visit.page("hand_over.html.jinja", context)


def hand_over(visit: Visit) -> Response:
    """Give accounts to another owner: the chosen rows, or all of one owner's."""
    inbox = visit.parts.inbox.need(visit.server)
    accounts = _chosen(visit, inbox)
    to, why = visit.sent("to"), visit.note()
    if not accounts:
        raise refusal(422, "rows", Message("Choose the rows to hand over."))
    if not to or why is None:
        raise refusal(422, "to", Message("Say to whom, and for what reason."))
    with _shop(visit) as shop:
        _told(lambda: hand_over_accounts(shop, accounts, to, None, visit.who.name, why))
    return visit.to("desk", said="handed-over")


def hold(visit: Visit) -> Response:
    """Set a veto, or lift what holds an account."""
    kind, why, account = visit.sent("kind"), visit.note(), visit.sent("account_id")
    if kind not in ("veto", "lift") or why is None or not account:
        raise refusal(422, "hold", Message("Say which account, and for what reason."))
    with _shop(visit) as shop:
        _told(lambda: hold_accounts(shop, [account], kind, None, None, visit.who.name, why))
    return visit.to("desk", said="vetoed" if kind == "veto" else "lifted")


def _chosen(visit: Visit, inbox: Inbox) -> list[str]:
    if visit.sent("all"):
        return [row.listed.account_id for row in inbox.rows if row.owner == visit.sent("all")]
    ids = visit.sent("entry").split("\n")
    return [inbox.by_entry[each].listed.account_id for each in ids if each in inbox.by_entry]


def _shop(visit: Visit) -> OpenShop:
    return OpenShop(visit.server.need_settings(), book=visit.server.need_book())


def _told(record: Any) -> None:
    """Record what was sent; a mistake in it is a sentence.

    Raises:
        Refusal: 422.
    """
    try:
        record()
    except InputError as error:
        wrong = (_named(each) for each in error.violations[:MOST_NAMED])
        raise refusal(422, "unusable", in_a_row([sentence("{name}", name=message_in(error.message)), *wrong])) from None


def _named(wrong: Violation) -> Sentence:
    parts = {"what": wrong.file, "rule": wrong.rule, "remedy": wrong.remedy}
    return sentence("{what}: {rule}; {remedy}", **{name: message_in(text) for name, text in parts.items()})


def _loads(visit: Visit, inbox: Inbox) -> Iterator[Load]:
    policy, looked = visit.server.need_settings().list, last_looked(visit.server.need_book())
    for owner in _owners(visit, inbox):
        rows = inbox.by_owner.get(owner, ())
        capacity = policy.capacity_of(owner)
        yield _load(visit, owner, rows, capacity, looked.get(owner))


def _load(visit: Visit, owner: str, rows: Sequence[Row], capacity: int | None, looked: datetime | None) -> Load:
    return Load(
        owner=owner,
        rows=len(rows),
        open=sum(row.state == "open" for row in rows),
        overdue=sum("overdue" in row.tabs for row in rows),
        snoozed=sum(row.state == "snoozed" for row in rows),
        done=sum(row.state == "done" for row in rows),
        saved=sum(row.standing.mark is not None and row.standing.mark.outcome == "saved" for row in rows),
        capacity=capacity,
        looked_at=None if looked is None else _in_shop(visit, looked),
    )


def _in_shop(visit: Visit, at: datetime) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(visit.server.need_settings().shop.zone_info)


def _owners(visit: Visit, inbox: Inbox) -> list[str]:
    """Return whoever has rows, and whoever the customers file or the settings name."""
    named = {*visit.server.customers_today().named_owner_of.values(), *visit.server.need_settings().list.owners}
    return sorted(inbox.by_owner.keys() | named)


def _lists(visit: Visit) -> list[Mapping[str, Any]]:
    entries = sa.select(sa.func.count()).where(ENTRIES.c.list_id == LISTS.c.id).scalar_subquery().label("entries")
    names = ("as_of", "published_at", "withdrawn_at", "withdrawn_by", "withdrawn_why")
    query = sa.select(*(LISTS.c[name] for name in names), entries)
    with visit.server.need_book().reading() as connection:
        rows = connection.execute(query.order_by(LISTS.c.as_of.desc(), LISTS.c.id.desc()).limit(LISTS_SHOWN))
        return [dict(row) for row in rows.mappings()]


def _holds(visit: Visit) -> Sequence[Mapping[str, Any]]:
    """Return the vetoes and snoozes in force, one row an account, vetoes first."""
    with visit.server.need_book().reading() as connection:
        rows = records(held_on(connection, visit.server.today))
    by_account = {row["account_id"]: row for row in rows}
    return sorted(by_account.values(), key=lambda row: (row["kind"] != "veto", row["account_id"]))[:HOLDS_SHOWN]


VIEWS = (
    View("GET", "desk", desk, whole=True),
    View("GET", "desk/rows", of_owner, whole=True),
    View("POST", "desk/hand-over", hand_over, whole=True),
    View("POST", "desk/hold", hold, whole=True),
)

"""A customer: everything on one time line, how the risk comes about, the next order, and why on the list or not."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from features.build import feature_columns
from features.clock import date_of, day_number
from features.errors import RegularsError
from features.language.languages import Language
from features.log import EVENT, Log
from features.sources.cells import customer_id as clean_id
from serving.api.customers import only_accounts
from serving.api.problems import Refusal
from serving.book.history import History, history_of
from serving.book.visits.views import View as Viewed
from serving.book.visits.views import record_view
from serving.commands.lists.why import DAY_OF, Story
from serving.outreach.playbooks.guidance import title_of
from serving.outreach.playbooks.playbooks import Playbooks
from serving.pages.advice import playbooks_of
from serving.pages.pictures.course import course_picture
from serving.pages.pictures.risk_map import risk_table
from serving.pages.refusals import no_page
from serving.pages.timeline import Timeline, timeline
from serving.pages.visit import View, Visit
from serving.scores import LIKELY_GONE_FROM, records
from training.one_customer.course import expected_course
from training.one_customer.waterfall import waterfall

SHOWN = 40  # happenings, the latest first, unless all are asked for
MOST_SHOWN = 1_000
TOLD = ("entries", "suppressed", "gone", "contacts", "outcomes", "consent", "holds", "owners", "scores")
LOG = logging.getLogger("regulars.serving")


@dataclass(frozen=True)
class Happening:
    """One thing on the time line: its day, its kind, and its facts by name."""

    day: date
    kind: str
    facts: Mapping[str, Any]


def customer(visit: Visit) -> Response:
    """Show one customer."""
    asked = clean_id(visit.part("customer_id").strip())
    if "\0" in asked or not visit.server.seen_by_owner(visit.who.owner, [asked]):
        raise no_page()
    history = _history(visit, asked)
    log = _log(visit, asked)
    if not history.known and (log is None or not log.n_customers):
        raise no_page()
    who = visit.who
    record_view(visit.server.need_book(), Viewed(who.name, who.owner, "customer", None, asked))
    return visit.page("customer.html.jinja", _context(visit, history, log))


def _history(visit: Visit, customer_id: str) -> History:
    found = history_of(visit.server.need_book(), customer_id)
    return only_accounts(found, visit.server.seen_by_owner(visit.who.owner, found.account_ids))


def _log(visit: Visit, customer_id: str) -> Log | None:
    """Return what the orders say of a customer; None where they cannot be read at the moment."""
    try:
        return visit.server.need_fresh().log_of(customer_id)
    except (RegularsError, Refusal) as error:
        LOG.warning("a customer is shown without orders: %s", type(error).__name__)
        return None


def _context(visit: Visit, history: History, log: Log | None) -> dict[str, Any]:
    scores = records(Story(history).in_force("scores"))
    score = scores[-1] if scores else None
    happened = sorted(
        _happenings(history, log, playbooks_of(visit), visit.language), key=lambda each: each.day, reverse=True
    )
    most = MOST_SHOWN if visit.asked("all") else SHOWN
    return {
        "section": "list",
        "customer_id": history.customer_id,
        "name": visit.server.customers_today().name_of.get(history.customer_id),
        "score": score,
        "is_slow": score is not None and (score["left_probability"] or 0.0) < LIKELY_GONE_FROM,
        "timeline": _timeline(log, score),
        **_explained(visit, log, score),
        "listing": _listing(visit, history),
        "happened": happened[:most],
        "more": max(0, len(happened) - most),
        "ways": visit.parts.reach.ways_of(visit.server, history.customer_id),
        "currency": visit.server.need_settings().shop.currency,
        "has_orders": log is not None,
    }


def _happenings(history: History, log: Log | None, playbooks: Playbooks, language: Language) -> Iterator[Happening]:
    story = Story(history)
    for name in TOLD:
        for row in records(story.in_force(name)):
            yield Happening(row[DAY_OF[name]], name, _worded(row, playbooks, language))
    if log is not None and log.n_customers:
        yield from _in_log(log)


def _worded(row: dict[str, Any], playbooks: Playbooks, language: Language) -> dict[str, Any]:
    """Return facts with the title of an entry in a language; the book holds it as the list was made."""
    if not row.get("title"):
        return row
    return {**row, "title": title_of(playbooks.by_id.get(row["playbook"]), row["title"], language)}


def _in_log(log: Log) -> Iterator[Happening]:
    orders, returns = log.streams["orders"], log.streams["returns"]
    for day, spend, count in zip(orders.day, orders.columns["spend"], orders.columns["orders"], strict=True):
        yield Happening(date_of(day), "order", {"spend": int(spend) if log.has_money else None, "orders": int(count)})
    for day, amount in zip(returns.day, returns.columns["returned"], strict=True):
        yield Happening(date_of(day), "return", {"amount": int(amount) if log.has_money else None})
    for kind in log.kinds:
        for day in log.streams[EVENT + kind].day:
            yield Happening(date_of(day), "event", {"kind": kind})


def _timeline(log: Log | None, score: Mapping[str, Any] | None) -> Timeline | None:
    if log is None or score is None:
        return None
    days = [day for day in map(date_of, log.streams["orders"].day) if day < score["as_of"]]
    return timeline(days, score["usual_gap_days"], score["as_of"], width=320)


def _explained(visit: Visit, log: Log | None, score: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return how the last score came about and where it leads; nothing where another model made it, or none can."""
    champion = visit.server.champion
    nothing = dict.fromkeys(("waterfall", "course", "risk_table"))
    if log is None or score is None or champion is None or champion.version != score["model_version"]:
        return nothing
    day, bundle = score["as_of"], champion.bundle
    table = feature_columns(log, [day], bundle.features)
    if not len(table):
        return nothing
    order_days = int((log.streams["orders"].day < day_number(day)).sum())
    enter_at = visit.server.need_settings().list.enter_at
    return {
        "waterfall": waterfall(bundle, bundle.matrix(table)[0], day, bundle.money),
        "course": course_picture(expected_course(bundle, log, day, enter_at=enter_at)),
        "risk_table": bundle.risk_map and risk_table(bundle.risk_map, score["days_since_order"], order_days),
    }


def _listing(visit: Visit, history: History) -> dict[str, Any]:
    """Return whether the customer is on the list in force, since when, and what keeps it off and until when."""
    inbox = visit.parts.inbox.get(visit.server)
    if inbox is None:
        return {"on": None, "off": None, "of": None, "changes_on": None}
    on = _row_of(history.entries, inbox.of.id)
    off = None if on is not None else _row_of(history.suppressed, inbox.of.id)
    return {
        "on": on,
        "off": off,
        "of": inbox.of.as_of,
        "changes_on": None if off is None else _ends(visit, history, off),
    }


def _row_of(frame: Any, list_id: int) -> dict[str, Any] | None:
    rows: Sequence[dict[str, Any]] = records(frame[frame["list_id"] == list_id]) if len(frame) else []
    return rows[-1] if rows else None


def _ends(visit: Visit, history: History, off: Mapping[str, Any]) -> date | None:
    """Return from when on a reason no longer keeps a customer off the list; None where no day is known."""
    if off["reason"] == "snoozed" and len(history.holds):
        until: date | None = records(history.holds)[-1]["until"]
        return until
    if off["reason"] == "cooldown" and len(history.contacts):
        last: date = records(history.contacts)[-1]["contacted_on"]
        return last + timedelta(days=visit.server.need_settings().list.cooldown_days + 1)
    if off["reason"] == "not yet due" and len(history.scores):
        score = records(history.scores)[-1]
        gap = score["usual_gap_days"]
        return None if gap is None else score["as_of"] - timedelta(days=score["days_since_order"] - round(gap) - 1)
    return None


VIEWS = (View("GET", "customers/{customer_id:path}", customer),)

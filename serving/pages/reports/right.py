"""How right are we: what was said and what came, by probability and list by list; drift, the grade, and the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from features.language.messages import Message
from features.language.typed_values import Digits, Name
from serving.api.loaded_model import COPY, Champion
from serving.book.visits.views import View as Viewed
from serving.book.visits.views import record_view
from serving.pages.reports.counting import counted_at, counting
from serving.pages.reports.figures import Rightness
from serving.pages.visit import View, Visit

# Population stability index, Siddiqi (2006): below the first hardly anything has moved, above the second a lot has.
MOVED_FROM, MOVED_A_LOT_FROM = 0.10, 0.25
# What the last watch raised, by kind. What came of the scores is told of today's orders, not of the last watch.
RAISED: Mapping[str, Message] = {
    "feature": Message("{subject} has moved further than is usual here: has the shop changed, or only its data?"),
    "orders": Message("More or fewer orders came in than is usual: see that the export is whole, then score again."),
    "events": Message("{subject} has gone quiet: see that its source still sends."),
    "population": Message("More customers come or go than is usual: see whether some were moved or merged."),
    "data_age": Message("The orders are old: bring the export up to date, then score again."),
    "late_data": Message("Orders arrived late: score later after the export, or see why."),
    "schema": Message("{subject} have changed: see that they still mean what the settings say."),
}


def right(visit: Visit) -> Response:
    """Show how right the scores were."""
    who = visit.who
    record_view(visit.server.need_book(), Viewed(who.name, who.owner, "right"))
    found = visit.parts.reports.right(visit.server)
    if found is None:
        return counting(visit, "right")
    return visit.page(
        "reports/right.html.jinja", {**_context(visit, found.figure), "counted": counted_at(visit, found)}
    )


def _context(visit: Visit, found: Rightness) -> dict[str, Any]:
    champion, came = visit.server.champion, found.came
    return {
        "model": None if champion is None else _model(champion, found, visit.server.today),
        "tested": _bands(() if champion is None else champion.bundle.quality.get("bands", ())),
        "came": came,
        "known_until": came.complete_until - timedelta(1),
        "waiting": found.waiting,
        "pending": came.pending
        if came.pending and found.waiting and came.pending.as_of == found.waiting.as_of
        else None,
        "latest": came.truths[0] if came.truths else None,
        "in_use": _bands([band.to_dict() for band in came.bands]),
        "drift": found.drift,
        "moved": None if found.drift is None else _moved(found.drift.probability_psi),
        "index": None if found.drift is None else Digits(f"{found.drift.probability_psi:.3f}"),
        "limit": Digits(f"{MOVED_A_LOT_FROM}"),
        "watched_on": _day(visit.server.last_watch().get("as_of")),
        "raised": list(_raised(visit.server.last_watch().get("alarms", ()))),
    }


def _model(champion: Champion, found: Rightness, today: date) -> dict[str, Any]:
    bundle = champion.bundle
    return {
        "version": champion.version,
        "is_copy": champion.source == COPY,
        "is_rule": bundle.is_rule,
        "candidate": bundle.candidate,
        # A log of the past has a day of its own ([serve] today), and a model that was trained after it.
        "since": found.serves_since if found.serves_since and found.serves_since <= today else None,
        "learnt_until": bundle.trained_until - timedelta(1),
        "horizon_days": bundle.definition.horizon_days,
        "grade": bundle.quality.get("grade"),
    }


def _bands(bands: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the bands that hold anybody."""
    return [band for band in bands if band["customers"]]


def _raised(alarms: Sequence[Mapping[str, Any]]) -> Iterator[Message]:
    """Yield what to say of the alarms of a watch, each once."""
    kinds = ((each["kind"], each["subject"]) for each in alarms if each["kind"] in RAISED)
    for kind, subject in dict.fromkeys(kinds):
        yield replace(RAISED[kind], values={"subject": Name(subject)})


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _moved(index: float) -> str:
    """Return how far the scores have moved, in a word.

    >>> _moved(0.02), _moved(0.1), _moved(0.3)
    ('hardly', 'some', 'much')
    """
    if index < MOVED_FROM:
        return "hardly"
    return "some" if index < MOVED_A_LOT_FROM else "much"


VIEWS = (View("GET", "right", right, whole=True),)

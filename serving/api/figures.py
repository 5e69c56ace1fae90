"""The shop's figures over HTTP: retention period by period, and what acting saved.

Both read the whole log, so each answer is kept for a minute and computed by one request at a time; scores never wait
for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from datetime import date
from threading import Lock
from typing import Annotated, Any, Literal, TypeVar, cast

import anyio
import msgspec
from msgspec import Meta

from serving.api.messages import Request
from serving.api.operation import Call, Operation
from serving.api.problems import from_our_files
from serving.kpis import shop_kpis
from serving.saving import tell_effect

KEPT_SECONDS = 60.0
KEPT_ANSWERS = 32
Found = TypeVar("Found")
Filled = TypeVar("Filled", bound=msgspec.Struct)
Records = list[dict[str, Any]]


class Figures:
    """Answers of the last minute; whoever asks for the same meanwhile waits and gets the same.

    >>> figures = Figures()
    >>> figures.get("a", lambda: 1), figures.get("a", lambda: 2)
    (1, 1)
    """

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._one_at_a_time = Lock()

    def get(self, asked: Hashable, make: Callable[[], Found]) -> Found:
        """Return what was made for the same question within the last minute, or make it."""
        with self._one_at_a_time:
            at, found = self._kept.get(asked, (float("-inf"), None))
            if time.monotonic() - at > self._kept_seconds:
                found = make()
                self._kept = {name: kept for name, kept in self._kept.items() if self._is_young(kept[0])}
                if len(self._kept) < KEPT_ANSWERS:
                    self._kept[asked] = (time.monotonic(), found)
            return cast(Found, found)

    def _is_young(self, at: float) -> bool:
        return time.monotonic() - at <= self._kept_seconds


class KpiQuery(Request, frozen=True):
    """Which figures are asked for."""

    period: Literal["month", "quarter", "year"] = "month"
    by: Annotated[
        Literal["segment", "owner"] | None, Meta(description="also for each segment or owner of the customers file")
    ] = None
    until: Annotated[date | None, Meta(description="orders on or after this day do not exist")] = None


class KpisAnswer(msgspec.Struct, frozen=True):
    """Retention figures; what each is called and means is in the documentation of `regulars kpis`."""

    period: str
    by: str | None
    known_until: Annotated[date, Meta(description="the first day of which nothing is known")]
    active_days: int
    currency: str
    periods: Annotated[Records, Meta(description="of all customers, oldest first; what is not known is null")]
    groups: Annotated[dict[str, Records], Meta(description="the same of each group")]
    cohorts: Annotated[Records, Meta(description="by month of the first order: size, and the share that ordered")]
    year: Annotated[dict[str, Any] | None, Meta(description="retention, growth and spend of a year; null: unknown")]
    predicted: Annotated[dict[str, Any], Meta(description="expected value of a customer by group; empty: no model")]
    notes: list[str]


class EffectQuery(Request, frozen=True):
    """Which horizons count."""

    until: Annotated[date | None, Meta(description="horizons that ended on or before this day; left out: all")] = None


class EffectAnswer(msgspec.Struct, frozen=True):
    """What acting saved: treated against held out, with intervals; what cannot be told is null and said."""

    until: date
    leaked_contacts: Annotated[int, Meta(description="contacts with customers who are held out")]
    uplift: Annotated[dict[str, Any], Meta(description="whether a model of whom a contact moves ranks better")]
    currency: str
    first_on: date | None
    last_on: date | None
    overall: dict[str, Any]
    groups: dict[str, Records]
    four_groups: dict[str, Any] | None
    later_episodes: int
    more_weeks_found: float | None
    more_weeks_planned: float | None
    warnings: list[str]


async def kpis(call: Call) -> KpisAnswer:
    """Count the retention figures."""
    return await anyio.to_thread.run_sync(_kpis, call, limiter=call.desk.figuring)


async def effect(call: Call) -> EffectAnswer:
    """Tell what acting saved."""
    return await anyio.to_thread.run_sync(_effect, call, limiter=call.desk.figuring)


def _kpis(call: Call) -> KpisAnswer:
    asked: KpiQuery = call.query
    settings = call.desk.need_settings()

    def made() -> KpisAnswer:
        with from_our_files(until=asked.until):
            return _filled(
                KpisAnswer, shop_kpis(settings, asked.period, asked.until, asked.by, book=call.desk.book).to_dict()
            )

    return call.desk.figures.get(("kpis", asked), made)


def _effect(call: Call) -> EffectAnswer:
    until: date | None = call.query.until
    settings = call.desk.need_settings()

    def made() -> EffectAnswer:
        with from_our_files(until=until):
            return _filled(EffectAnswer, tell_effect(settings, until, None, book=call.desk.book).to_dict())

    return call.desk.figures.get(("effect", until), made)


def _filled(answer: type[Filled], content: dict[str, Any]) -> Filled:
    return answer(**{name: content[name] for name in answer.__struct_fields__})


OPERATIONS = (
    Operation(
        name="kpis",
        method="GET",
        path="/v1/kpis",
        roles=("lists",),
        summary="Retention figures",
        description="As `regulars kpis` counts them, at most a minute old.",
        run=kpis,
        asks=KpiQuery,
        gives=KpisAnswer,
        example={
            "period": "month",
            "by": None,
            "known_until": "2026-03-01",
            "active_days": 90,
            "currency": "EUR",
            "periods": [{"period": "2026-02", "active_at_start": 1200, "lost": 96, "retention_percent": 92.0}],
            "groups": {},
            "cohorts": [{"month": "2026-01", "customers": 80, "shares": [1.0, 0.41]}],
            "year": {"retention_percent": 61.5, "spend_per_customer": "312.40"},
            "predicted": {},
            "notes": [],
        },
        whole=True,
        needs=(503,),
    ),
    Operation(
        name="effect",
        method="GET",
        path="/v1/effect",
        roles=("lists",),
        summary="What acting saved",
        description="As `regulars effect` tells it, at most a minute old.",
        run=effect,
        asks=EffectQuery,
        gives=EffectAnswer,
        example={
            "until": "2026-03-01",
            "leaked_contacts": 0,
            "uplift": {},
            "currency": "EUR",
            "first_on": "2025-10-06",
            "last_on": "2026-01-26",
            "overall": {"treated": 1840, "holdout": 204},
            "groups": {},
            "four_groups": None,
            "later_episodes": 12,
            "more_weeks_found": 6.0,
            "more_weeks_planned": None,
            "warnings": [],
        },
        whole=True,
        needs=(503,),
    ),
)

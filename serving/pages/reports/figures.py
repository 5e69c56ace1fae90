"""What the reports show, each figure kept until the orders, the book or the model that it depends on change."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import TypeVar

from features.churn.labels import complete_until
from features.clock import date_of
from features.errors import InputError
from features.kpis.periods import Calendar
from serving.api.model import Drift, drift_of
from serving.api.problems import from_our_files
from serving.api.state import ServerState
from serving.book.audit import OF_MODELS, audit_trail
from serving.book.judged import lists_of, lists_stamp, runs_since
from serving.book.trial import trial_stamp
from serving.commands.lists.came_true import CameTrue, came_true
from serving.commands.lists.effect import PLANNED, EffectAnswer, measure_effect, plan_trial
from serving.commands.lists.kpis import ShopKpis, shop_kpis
from serving.monitoring.windows import MOST_RUNS
from serving.outreach.effect.sample_size import SamplePlan
from serving.pages.reports.kept import WAIT_SECONDS, Counted, Kept
from serving.shop import OpenShop

Found = TypeVar("Found")


@dataclass(frozen=True)
class Waiting:
    """A list of which nothing is known yet.

    Args:
        as_of: its day.
        known_on: the first day on which its horizon is over.
    """

    as_of: date
    known_on: date


@dataclass(frozen=True, eq=False)
class Rightness:
    """How right the scores were and are.

    Args:
        came: what came of every list whose horizon has ended.
        waiting: the list whose horizon ends next; None where none goes on.
        drift: how far the latest scores lie from those of training; None = not known.
        serves_since: the day on which the model began to serve; None = the book does not know it.
    """

    came: CameTrue
    waiting: Waiting | None
    drift: Drift | None
    serves_since: date | None


@dataclass(frozen=True, eq=False)
class Saved:
    """What acting saved.

    Args:
        answer: as `regulars effect` gives it.
        plan: how long it takes to see `PLANNED`, for each share held out; None while nobody was drawn.
        waiting: the list whose horizon ends next; None where none goes on.
    """

    answer: EffectAnswer
    plan: SamplePlan | None
    waiting: Waiting | None


@dataclass(frozen=True, eq=False)
class Pays:
    """Both halves of whether it pays: what acting saved, and who stays."""

    saved: Counted[Saved]
    kpis: Counted[ShopKpis]


@dataclass
class Reports:
    """The figures of one server."""

    _right: Kept[Rightness] = field(default_factory=Kept)
    _saved: Kept[Saved] = field(default_factory=Kept)
    _kpis: dict[Calendar, Kept[ShopKpis]] = field(default_factory=lambda: {"gregorian": Kept(), "jalali": Kept()})

    def right(self, server: ServerState) -> Counted[Rightness] | None:
        """Return how right the scores were; None while it is counted for the first time.

        Raises:
            Refusal: 503, book or orders cannot be used at the moment.
        """
        with server.need_book().reading() as connection:
            stamp = lists_stamp(connection)
        version = None if server.champion is None else server.champion.version
        key = (server.need_fresh().version(), stamp, version)
        return self._right.get(key, lambda: _on_the_shop(server, lambda shop: _rightness(server, shop)))

    def pays(self, server: ServerState, calendar: Calendar) -> Pays | None:
        """Return whether it pays; None while it is counted for the first time.

        Args:
            server: of the shop.
            calendar: whose months are counted.

        Raises:
            Refusal: 503, book or orders cannot be used at the moment.
        """
        orders, until = server.need_fresh().version(), time.monotonic() + WAIT_SECONDS
        kpis = self._kpis[calendar].get(orders, lambda: _on_the_shop(server, lambda shop: _kpis(shop, calendar)), until)
        saved = self._saved.get(self._trial(server, orders), lambda: _on_the_shop(server, _saved), until)
        return None if kpis is None or saved is None else Pays(saved, kpis)

    def _trial(self, server: ServerState, orders: Hashable) -> Hashable:
        with server.need_book().reading() as connection:
            return orders, lists_stamp(connection), trial_stamp(connection)


def _on_the_shop(server: ServerState, count: Callable[[OpenShop], Found]) -> Found:
    """Count on the log that the server holds in memory: a second one might not fit beside it."""
    with from_our_files(whatever=True):
        log = server.need_fresh().whole_log()
        with OpenShop(server.need_settings(), book=server.need_book(), log=log) as shop:
            return count(shop)


def _rightness(server: ServerState, shop: OpenShop) -> Rightness:
    champion = server.champion
    drift = None if champion is None else drift_of(server, champion)
    since = None if champion is None else serves_since(shop, champion.version)
    model = (None, "") if champion is None else (champion.bundle, champion.version)
    return Rightness(came_true(shop.book, shop.log, *model), _waiting(shop), drift, since)


def serves_since(shop: OpenShop, version: str) -> date | None:
    """Return the shop's day on which a version was last let serve; None where the book does not know it."""
    rows = (row for row in audit_trail(shop.book) if row.action in OF_MODELS and row.to_version == version)
    at = [row.at for row in rows]
    return shop.settings.shop.business_day(at[-1].replace(tzinfo=UTC)) if at else None


def _saved(shop: OpenShop) -> Saved:
    return Saved(answer=measure_effect(shop, PLANNED).answer, plan=_plan(shop), waiting=_waiting(shop))


def _waiting(shop: OpenShop) -> Waiting | None:
    known_until = date_of(complete_until(shop.log))
    with shop.book.reading() as connection:
        runs = runs_since(connection, date.min, MOST_RUNS)
        listed = {*lists_of(connection, [run.id for run in runs]).values()}
    lists = (Waiting(run.as_of, run.as_of + timedelta(run.horizon_days)) for run in runs if run.id in listed)
    return next((each for each in lists if each.known_on > known_until), None)


def _plan(shop: OpenShop) -> SamplePlan | None:
    try:
        return plan_trial(shop, PLANNED)
    except InputError:  # nobody was drawn yet, or nothing is known of who leaves
        return None


def _kpis(shop: OpenShop, calendar: Calendar) -> ShopKpis:
    return shop_kpis(shop, calendar=calendar, predicts=False)

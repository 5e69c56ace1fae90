"""`regulars watch`: how good the model is today, what came of what it said, and what has changed in the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from features.churn.labels import complete_until
from features.errors import InputError, ModelNotFound, ModelRefused, suggest
from features.language.languages import ENGLISH, Language
from serving.commands.models.killed_runs import close_killed
from serving.commands.models.watch_in_words import watch_in_words
from serving.commands.models.watched_files import layout_of
from serving.commands.result import Table
from serving.monitoring.alarm import Alarm
from serving.monitoring.arrivals import age_alarms, order_alarms, silence_alarms
from serving.monitoring.drift import drift_alarms, drift_document, figures, periods_before
from serving.monitoring.last_watch import LastWatch, last_watch, remember_watch
from serving.monitoring.late_data import changed_since, late_alarms
from serving.monitoring.report import Watch, watched
from serving.monitoring.said_and_done import GROUPS
from serving.monitoring.schema import schema_alarms, unknown_kinds
from serving.monitoring.so_far import SoFar, survival, under_way
from serving.monitoring.windows import Window, read_windows
from serving.outreach.playbooks.playbooks import Playbooks, load_playbooks
from serving.shop import OpenShop
from serving.webhooks.alarms import enqueue_alarms
from training.bundle import Bundle
from training.forecasts.level import UNKNOWN_UNCERTAINTY
from training.tracking import WATCH, WATCH_EXPERIMENT, Record

ALARM_EXIT_CODE = 13
USUALLY_SHOWN = ("month",)


@dataclass(frozen=True, eq=False)
class Watched:
    """A watch, the groups of it that are shown to a person, the language of the terminal, and the shop's playbooks."""

    watch: Watch
    by: Sequence[str] = USUALLY_SHOWN
    language: Language = ENGLISH
    playbooks: Playbooks = field(default_factory=lambda: Playbooks(()))

    @property
    def exit_code(self) -> int:
        """0, or that of an alarm."""
        return ALARM_EXIT_CODE if self.watch.alarms else 0

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return self.watch.to_dict()

    def lines(self) -> Iterator[str | Table]:
        """Say it to a person: three sentences, each alarm with what to do, and what was said and done."""
        return watch_in_words(self.watch, self.by, self.language, self.playbooks)


def watch_shop(shop: OpenShop, by: Sequence[str] = (), *, record: bool = True) -> Watched:
    """Watch a shop: no score is made, and nothing is recorded in its book but messages of new alarms.

    A look at the past (`until`) records nothing and tells nobody.

    Args:
        shop: the open shop.
        by: the groups to show apart; default: by month.
        record: whether the watch becomes a run in MLflow.

    Raises:
        InputError: there is no such group.
    """
    for group in by:
        if group not in GROUPS:
            raise InputError(f'"{group}" is no group; known are {", ".join(GROUPS)}.{suggest(group, GROUPS)}')
    before = last_watch(shop.settings.state_folder)
    layout = {} if shop.until else layout_of(shop)
    found = _watch(shop, schema_alarms(layout, before.layout))
    if shop.until is None:
        _tell(shop, found, before)
        if record:
            _record(shop, found)
        # Last, so that a watch that is remembered is a whole one.
        remember_watch(shop.settings.state_folder, LastWatch(found.to_dict(), layout), shop.settings.files.access())
    shown, playbooks = tuple(by) or USUALLY_SHOWN, load_playbooks(shop.settings.list.playbooks)
    return Watched(found, shown, shop.settings.language, playbooks)


def _watch(shop: OpenShop, changed: Iterable[Alarm]) -> Watch:
    log, models = shop.log, _models(shop)
    version = shop.settings.tracking().champion_version()
    bundle, book = None if version is None else models(version), shop.book_if_any
    windows = () if book is None else read_windows(book, log, complete_until(log), _level_error(models))
    late = changed_since(windows, shop.definition.active_days)
    drift, alarms = _drift(shop, bundle)
    return watched(
        windows,
        shop.customers.segment_of,
        as_of=shop.as_of,
        model_version=version,
        so_far=_so_far(windows, models),
        drift={**drift, "changed_by_late_data": [each.to_dict() for each in late]},
        alarms=(*changed, *late_alarms(late), *_arrivals(shop, bundle), *alarms),
    )


def _drift(shop: OpenShop, bundle: Bundle | None) -> tuple[dict[str, Any], tuple[Alarm, ...]]:
    if bundle is None:
        return {}, ()
    days = periods_before(shop.log, shop.as_of, bundle.definition.active_days)
    if not days:
        return drift_document((), ()), ()
    found = figures(shop.log, days, bundle, shop.customers.segment_of)
    return drift_document(found, days), tuple(drift_alarms(found))


def _arrivals(shop: OpenShop, bundle: Bundle | None) -> Iterator[Alarm]:
    log, day = shop.log, shop.as_of
    yield from age_alarms(log, day if shop.until else shop.today)
    yield from order_alarms(log, day)
    yield from silence_alarms(log, day)
    if bundle is not None:
        yield from unknown_kinds(log.kinds, [kind.name for kind in bundle.features.kinds])


def _tell(shop: OpenShop, found: Watch, before: LastWatch) -> None:
    """Tell the webhooks of the alarms that the last watch did not have."""
    new = [alarm.to_dict() for alarm in found.alarms if alarm.key not in before.alarm_keys]
    if new and shop.book_if_any is not None:
        enqueue_alarms(shop.book, {"as_of": found.as_of.isoformat(), "model_version": found.model_version}, new)


def _record(shop: OpenShop, found: Watch) -> None:
    """Record the watch in MLflow, where there is a model; owners are people, and stay out of it."""
    if found.model_version is None:
        return
    close_killed(shop)
    tracking, document = shop.settings.tracking(), found.to_dict()
    groups = {name: rows for name, rows in document["groups"].items() if name != "owner"}
    run_id = tracking.record(
        Record(
            name=f"watch {found.as_of}",
            params={"model_version": found.model_version, "alarms": len(found.alarms)},
            metrics=found.measures(),
            data={},
            data_digest=shop.log.digest(),
            figures={},
            documents={"watch": {**document, "groups": groups}},
            tags={f"alarm.{kind}": "raised" for kind in sorted({alarm.kind for alarm in found.alarms})},
            experiment=WATCH_EXPERIMENT,
            kind=WATCH,
        )
    )
    tracking.finish(run_id)


def _models(shop: OpenShop) -> Callable[[str], Bundle | None]:
    """Return the way to the model of a version, None where the registry has it no more; each is read once."""
    tracking = shop.settings.tracking()

    @cache
    def model(version: str) -> Bundle | None:
        try:
            return tracking.load_version(version)
        except (ModelNotFound, ModelRefused):
            return None

    return model


def _level_error(models: Callable[[str], Bundle | None]) -> Callable[[str, date], float]:
    def level_error(version: str, as_of: date) -> float:
        bundle = models(version)
        return UNKNOWN_UNCERTAINTY if bundle is None else bundle.level_error(as_of)

    return level_error


def _so_far(windows: Sequence[Window], models: Callable[[str], Bundle | None]) -> SoFar | None:
    window = under_way(windows)
    bundle = None if window is None else models(window.run.model_version)
    return None if window is None or bundle is None else survival(window, bundle)

"""What `regulars watch` finds: how good the model is now, what came of what it said, and every alarm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from features.language.messages import Sentence
from serving.monitoring.alarm import Alarm
from serving.monitoring.expected_quality import MEASURES
from serving.monitoring.in_words import how_good, level_off, ranking_off, what_came, what_changed
from serving.monitoring.said_and_done import GROUPS, SaidAndDone, said_and_done
from serving.monitoring.so_far import SoFar
from serving.monitoring.windows import Window
from training.metrics import known

# What came out so many standard deviations away from what was said is no chance: once in a thousand windows.
TOO_FAR = 3.3


@dataclass(frozen=True, eq=False)
class Watch:
    """The watch of a shop on a day.

    Args:
        as_of: the day that is looked from.
        model_version: the one that serves; None = none does.
        windows: of scoring runs, oldest first.
        so_far: the survival of the window that is under way; None where there is none.
        groups: what was said and what came, by each of GROUPS.
        drift: what was compared with the shop's own movement, and what was not known.
        alarms: what has changed beyond what is usual.
    """

    as_of: date
    model_version: str | None
    windows: Sequence[Window]
    so_far: SoFar | None
    groups: Mapping[str, Sequence[SaidAndDone]]
    drift: Mapping[str, Any] = field(default_factory=dict)
    alarms: Sequence[Alarm] = ()

    @property
    def now(self) -> Window | None:
        """The latest run; None where there is none."""
        return self.windows[-1] if self.windows else None

    @property
    def last_ended(self) -> Window | None:
        """The latest run whose horizon has ended; None where there is none."""
        return next((each for each in reversed(self.windows) if each.has_ended), None)

    def sentences(self) -> tuple[Sentence, Sentence, Sentence]:
        """Return how good the model is now, what came of what it said last, and what has changed."""
        return how_good(self.now), what_came(self.windows, self.last_ended), what_changed(len(self.alarms))

    def measures(self) -> dict[str, float]:
        """Return what is expected now and what came last, by name, for a curve over many watches; NaN is left out."""
        now, came = self.now, self.last_ended
        found = {f"expected_{name}": now.expected[name].value for name in MEASURES} if now else {}
        if came is not None and came.realised is not None:
            found |= {f"realised_{name}": value for name, value in came.realised.items()}
        return {**{name: value for name, value in found.items() if value == value}, "alarms": float(len(self.alarms))}

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; no customer is named in it."""
        return {
            "as_of": self.as_of.isoformat(),
            "model_version": self.model_version,
            "words": list(map(str, self.sentences())),
            "alarms": [alarm.to_dict() for alarm in self.alarms],
            "now": None if self.now is None else _window(self.now),
            "so_far": None if self.so_far is None else self.so_far.to_dict(),
            "runs": [_window(window) for window in self.windows],
            "groups": {name: [row.to_dict() for row in self.groups.get(name, ())] for name in GROUPS},
            "drift": dict(self.drift),
        }


def watched(
    windows: Sequence[Window],
    segment_of: Mapping[str, str],
    *,
    as_of: date,
    model_version: str | None,
    so_far: SoFar | None = None,
    drift: Mapping[str, Any] | None = None,
    alarms: Sequence[Alarm] = (),
) -> Watch:
    """Return the watch of a shop: what its windows show, and the alarms that others found.

    Args:
        windows: of scoring runs, oldest first.
        segment_of: customer → segment, of those that have one.
        as_of: the day that is looked from.
        model_version: the one that serves; None = none does.
        so_far: the survival of the window that is under way.
        drift: what was compared with the shop's own movement.
        alarms: what was found there.
    """
    groups = said_and_done(windows, segment_of)
    every = (*realised_alarms(windows), *so_far_alarms(so_far), *alarms)
    return Watch(as_of, model_version, windows, so_far, groups, drift or {}, every)


def realised_alarms(windows: Sequence[Window]) -> Iterator[Alarm]:
    """Yield what the latest window that ended shows to be wrong: the level, or who is told apart."""
    window = next((each for each in reversed(windows) if each.has_ended), None)
    if window is None or window.realised is None:
        return
    came, said = window.realised, window.expected
    if abs(said["churned"].missed_by(came["churned"])) > TOO_FAR:
        yield Alarm("level", "", level_off(window, came["churned"]))
    if said["auroc"].missed_by(came["auroc"]) < -TOO_FAR:
        yield Alarm("ranking", "", ranking_off(window, came["auroc"]))


def so_far_alarms(so_far: SoFar | None) -> Iterator[Alarm]:
    """Yield an alarm where the window that is under way is far from what was expected of it by now."""
    if so_far is None:
        return
    # The ends are of 95 %: two standard errors.
    half = max(so_far.high - so_far.expected, so_far.expected - so_far.low, 1e-9)
    if 1.96 * abs(so_far.silent - so_far.expected) / half > TOO_FAR:
        yield Alarm("level", "so far", so_far.words)


def _window(window: Window) -> dict[str, Any]:
    run, came = window.run, window.realised
    return {
        "run_id": run.id,
        "as_of": run.as_of.isoformat(),
        "until": window.until.isoformat(),
        "model_version": run.model_version,
        "customers": len(window.said),
        "unknown_customers": window.unknown,
        "listed": None if window.listed is None else len(window.listed),
        "elapsed_days": window.elapsed_days,
        "horizon_days": run.horizon_days,
        "level_error_log_odds": window.level_error,
        "expected": {name: window.expected[name].to_dict() for name in MEASURES},
        "realised": None if came is None else {name: known(came[name]) for name in MEASURES},
        "level_inside": None if came is None else window.expected["churned"].holds(came["churned"]),
    }

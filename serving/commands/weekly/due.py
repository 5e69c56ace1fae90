"""Whether a training is due: nothing fits what is asked, the watch raised an alarm, or the last one is old.

Age is counted in days of orders from the last training, and not from the champion: a training whose model the gate
refused has learnt all that there was to learn. An alarm that the last training knew of does not ask for another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.churn.labels import ChurnDefinition
from features.file_access import Access
from features.language.messages import sentence
from serving.commands.weekly.said import kept, line_in
from serving.config import Settings
from serving.config.weekly_settings import RetrainSettings
from training.gate import LEAST_NEW_DAYS

ANSWERED = "answered-alarms.json"


@dataclass(frozen=True)
class LastTraining:
    """The last training, as the registry knows it.

    Args:
        version: the challenger that it made.
        until: the first day whose orders it did not learn from.
        serves: the version that serves; None = none does.
        fits: whether what serves answers the question that the settings ask.
    """

    version: str
    until: date
    serves: str | None
    fits: bool


@dataclass(frozen=True)
class Due:
    """Whether a training is due, and why.

    Args:
        is_due: whether it is.
        why: in words; a sentence that knows its message.
        next_on: the day of orders on which one is due by age; None = it is due now.
        first: before anything is scored, as nothing can score.
    """

    is_due: bool
    why: str
    next_on: date | None = None
    first: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        next_on = None if self.next_on is None else self.next_on.isoformat()
        return {"is_due": self.is_due, "why": str(self.why), "next_on": next_on, "first": self.first}

    def kept(self) -> dict[str, Any]:
        """Return it as a run keeps it.

        >>> due = Due(True, sentence("nothing was trained yet"), first=True)
        >>> due_in_run(due.kept()) == due
        True
        """
        return {**self.to_dict(), "why": kept(self.why)}


def due_in_run(held: Mapping[str, Any]) -> Due:
    """Return what a run has kept.

    Raises:
        KeyError, TypeError, ValueError: it holds none.
    """
    next_on = None if held["next_on"] is None else date.fromisoformat(held["next_on"])
    return Due(bool(held["is_due"]), line_in(held["why"]), next_on, bool(held["first"]))


def last_training(settings: Settings) -> LastTraining | None:
    """Return the last training; None where there was none.

    Args:
        settings: of the shop.
    """
    tracking = settings.tracking()
    serves, version = tracking.champion_version(), tracking.challenger_version()
    if version is None or (tags := tracking.version_tags(version)) is None:
        return None
    served = tracking.version_tags(serves) if serves else None
    until = date.fromisoformat(tags["trained_until"])
    return LastTraining(version, until, serves, served is not None and _fits(settings, served))


def _fits(settings: Settings, tags: Mapping[str, str]) -> bool:
    known = ChurnDefinition(int(tags["horizon_days"]), int(tags["active_days"]))
    return settings.agrees_with(known)


def whether_due(
    settings: RetrainSettings,
    last: LastTraining | None,
    until: date,
    alarms: Sequence[Mapping[str, str]] = (),
    answered: Sequence[str] = (),
) -> Due:
    """Say whether a training is due.

    Args:
        settings: of the shop.
        last: the last training; None where there was none.
        until: the first day whose orders a training would not learn from.
        alarms: of the watch, each with kind, subject and words.
        answered: what tells the alarms apart that the last training knew of, as `kind:subject`.

    >>> last = LastTraining("3", date(2026, 11, 1), "3", fits=True)
    >>> print(whether_due(RetrainSettings(), last, date(2026, 11, 15)).why)
    the last training knew the orders until 2026-11-01: 14 of 28 days are over
    >>> whether_due(RetrainSettings(), last, date(2026, 11, 29)).is_due
    True
    """
    if last is None:
        return Due(True, sentence("nothing was trained yet"), first=True)
    if last.serves is None or not last.fits:
        return Due(True, sentence("no model answers what the settings ask"), first=True)
    next_on, days = last.until + timedelta(settings.after_days), (until - last.until).days
    if days < LEAST_NEW_DAYS:
        why = sentence(
            "the last training knew the orders until {day:table}, and a model is judged by {least} new days at least",
            day=last.until,
            least=LEAST_NEW_DAYS,
        )
        return Due(False, why, next_on)
    new = [each for each in alarms if each["kind"] in settings.on_alarms and key_of(each) not in answered]
    if new:
        return Due(True, sentence("the watch raised an alarm: {alarm}", alarm=new[0]["words"]))
    age = sentence(
        "the last training knew the orders until {day:table}: {days} of {most} days are over",
        day=last.until,
        days=days,
        most=settings.after_days,
    )
    return Due(True, age) if days >= settings.after_days else Due(False, age, next_on)


def key_of(alarm: Mapping[str, str]) -> str:
    """Return what tells an alarm from others."""
    return f"{alarm['kind']}:{alarm['subject']}"


def answered_alarms(folder: Path) -> tuple[str, ...]:
    """Return which alarms the last training knew of; none where nothing is known.

    Args:
        folder: where the shop keeps what it knows.
    """
    try:
        return tuple(str(each) for each in json.loads((folder / ANSWERED).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ()


def remember_answered(folder: Path, alarms: Sequence[str], access: Access) -> None:
    """Keep which alarms the last training knew of: those that are over are new when they come again.

    Args:
        folder: where the shop keeps what it knows.
        alarms: what tells them apart.
        access: who may read it.
    """
    with whole(folder / ANSWERED, access) as half:
        half.write_text(json.dumps(sorted(alarms)) + "\n", encoding="utf-8")

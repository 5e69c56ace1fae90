"""The stage that trains: train → gate → promote, or why not; what came of it is read from the registry.

So a training that was killed after it had registered its model is not done again: what the gate said stands with the
version, and a version that passed is let serve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.churn.labels import complete_until
from features.clock import date_of
from features.errors import InsufficientHistory
from features.language.messages import message_in, sentence
from serving.book.audit import auditing
from serving.commands.models.promote import PROMOTE, catch_up
from serving.commands.models.train import GATE, train_and_judge
from serving.commands.weekly.due import (
    Due,
    answered_alarms,
    key_of,
    last_training,
    remember_answered,
    whether_due,
)
from serving.commands.weekly.said import Said
from serving.monitoring.last_watch import last_watch
from serving.shop import OpenShop
from training.backtest.steps import Progress
from training.budget import budget_of
from training.gate import FAILED, PASSED


def due_in(shop: OpenShop) -> Due:
    """Say whether a training of a shop is due, by its registry, its log, and its last watch."""
    settings, folder = shop.settings, shop.settings.state_folder
    until = date_of(complete_until(shop.log))
    return whether_due(settings.retrain, last_training(settings), until, _alarms(shop), answered_alarms(folder))


def train_if_due(shop: OpenShop, due: Due, report: Progress) -> Said:
    """Train where it is due, let the gate decide, and say what came of it.

    Args:
        shop: the open shop.
        due: whether it is.
        report: is called before each step.

    Raises:
        InsufficientHistory: nothing can be trained yet, and nothing could score.
    """
    settings, folder, access = shop.settings, shop.settings.state_folder, shop.settings.files.access()
    raised = [key_of(each) for each in _alarms(shop)]
    if not due.is_due:
        remember_answered(folder, [key for key in answered_alarms(folder) if key in raised], access)
        return _not_due(due)
    try:
        train_and_judge(shop, report, budget=budget_of(settings.retrain.budget))
    except InsufficientHistory as short:
        if due.first:
            raise
        return Said((sentence("no training: {why}", why=str(short)),), {**due.to_dict(), "trained": False})
    remember_answered(folder, raised, access)
    return outcome(shop, due)


def settled(shop: OpenShop, due: Due, before: str | None) -> Said | None:
    """Return what came of a training that was killed, where its model was registered; None = it is to be done again.

    Args:
        shop: the open shop.
        due: why it began.
        before: the version that was trained last when it began.
    """
    tracking = shop.settings.tracking()
    version, serves = tracking.challenger_version(), tracking.champion_version()
    if not due.is_due or version is None or version == before or serves is None:
        return None
    tags = tracking.version_tags(version) or {}
    passed = tags.get("gate") == PASSED and (tags.get("gate_against") or serves) == serves
    if not passed and version != serves and tracking.champion()[0].is_provisional:
        return None  # a rule would have been registered next, for want of a model
    if passed and version != serves:
        with auditing(shop.book, PROMOTE, GATE, serves, version, "its gate was passed before the run was killed"):
            tracking.promote(version)
    catch_up(shop.book, tracking)
    if (made_by := tracking.run_of(version)) is not None:
        tracking.finish(made_by)
    raised, access = [key_of(each) for each in _alarms(shop)], shop.settings.files.access()
    remember_answered(shop.settings.state_folder, raised, access)
    return outcome(shop, due)


def outcome(shop: OpenShop, due: Due) -> Said:
    """Say what the registry knows of the last training: its model, its gate, and what serves.

    Args:
        shop: the open shop.
        due: why it was trained.
    """
    tracking = shop.settings.tracking()
    version, serves = str(tracking.challenger_version()), str(tracking.champion_version())
    tags = tracking.version_tags(version) or {}
    lines = [sentence("trained, as {why}", why=message_in(due.why)), _verdict(version, serves, tags)]
    failed = [] if version == serves else list(_checks(tags, FAILED))
    document = {
        **due.to_dict(),
        "trained": True,
        "challenger_version": version,
        "candidate": tags.get("candidate", ""),
        "promoted": version == serves,
        "serves": serves,
        "gate": {name.removeprefix("gate."): words for name, words in sorted(tags.items()) if name.startswith("gate.")},
    }
    return Said((*lines, *failed), document)


def _not_due(due: Due) -> Said:
    lines = [sentence("no training is due: {why}", why=message_in(due.why))]
    if due.next_on is not None:
        lines.append(sentence("the next is due by age once there are orders until {day}", day=due.next_on))
    return Said(lines, {**due.to_dict(), "trained": False})


def _verdict(version: str, serves: str, tags: Mapping[str, str]) -> str:
    values = {"version": version, "model": tags.get("candidate", ""), "serves": serves}
    if version == serves:
        return sentence("version {version} ({model}) serves: the gate let it", **values)
    return sentence("version {version} ({model}) stays challenger, and version {serves} serves; the gate:", **values)


def _checks(tags: Mapping[str, str], verdict: str) -> Sequence[str]:
    found = ((name, words) for name, words in sorted(tags.items()) if name.startswith("gate."))
    return [f"{name.removeprefix('gate.')}: {words}" for name, words in found if words.startswith(verdict)]


def _alarms(shop: OpenShop) -> Sequence[Mapping[str, Any]]:
    return list(last_watch(shop.settings.state_folder).document.get("alarms", ()))

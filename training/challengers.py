"""Which candidates may become challenger, which of them does, and what speaks against letting it serve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from features.clock import day_number
from features.log import Log
from training.backtest.results import Backtest
from training.bundle import Bundle
from training.direction_law import direction
from training.gate import Champion, Check, GateDecision
from training.leaks import LeakCheck
from training.models.candidates import RULES
from training.tracking import Tracking


def challengers(tested: Backtest | None, trouble: str, champion: Champion | None) -> tuple[tuple[str, ...], str]:
    """Return the candidates that may become challenger, the preferred one first, and why."""
    if tested is None:
        return RULES[:1], f"{RULES[0]} serves untested, as the history is too short to judge anything: {trouble}"
    if tested.beats_rule:
        best, models = tested.candidates[tested.chosen], [one for one in tested.candidates.values() if not one.is_rule]
        equals = (one.name for one in models if one.name != best.name and one.shape_against(best).is_noise)
        return (best.name, *equals), tested.why
    loser = tested.best_model if champion is None else None
    return (loser or tested.best_rule,), f"{tested.why}: the rule serves"


def first_lawful(bundles: Iterable[Bundle], log: Log) -> tuple[Bundle, str]:
    """Return the first bundle that keeps the direction law, or else the first; and which were passed over, in words."""
    broken: list[tuple[Bundle, str]] = []
    for bundle in bundles:
        found = direction(bundle, log, day_number(bundle.trained_until))
        if found.holds or bundle.is_rule:
            return bundle, "".join(f"; {other.candidate} was passed over: {words}" for other, words in broken)
        broken.append((bundle, found.words))
    return broken[0][0], ""


def rule_that_must_serve(
    challenger: Bundle, champion: Champion | None, tested: Backtest | None, decision: GateDecision
) -> str | None:
    """Return the rule that has to serve because nothing else does; None where something does."""
    if decision.promoted or champion is not None or challenger.is_rule or tested is None:
        return None
    return tested.best_rule


def if_unmoved(decision: GateDecision, champion: Champion | None, tracking: Tracking) -> GateDecision:
    """Return the decision; it is withdrawn where the champion has changed since it was compared with."""
    if champion is None or tracking.champion_version() == champion.version:
        return decision
    words = f"another version became champion while this one was compared with version {champion.version}: train again"
    return replace(
        decision,
        promoted=False,
        checks=(*decision.checks, Check("champion", False, words)),
        why=words,
        verdict="train again",
    )


def if_nothing_leaks(decision: GateDecision, leaks: Sequence[LeakCheck]) -> GateDecision:
    """Return the decision; nothing is promoted that has seen the future."""
    failed = ", ".join(check.name for check in leaks if not check.passed)
    if not failed:
        return decision
    words = f"the future leaks into the features ({failed}): no figure of this run can be believed"
    return replace(decision, promoted=False, checks=(*decision.checks, Check("leaks", False, words)), why=words)

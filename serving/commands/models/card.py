"""The card at the end of `regulars train`: what was assumed, who was looked at, how true it is, what errors cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.backtest.grade import SUSPICIOUS_AUROC
from training.train import TrainingResult


def card(result: TrainingResult) -> Iterator[str]:
    """Yield what a person should know of a training run, in about a dozen lines.

    Args:
        result: of the run; quality is that of the version that serves.
    """
    known, quality = result.bundle.definition, result.bundle.quality
    days = result.bundle.training_dates
    yield (
        f"assumed     a customer has churned who does not order for {known.horizon_days} days; asked of everybody with "
        f"an order in the {known.active_days} days before"
    )
    yield (
        f"looked at   {result.customers:,} such customers on {days[-1]}, {result.rows:,} rows of "
        f"{len(days)} dates since {days[0]}, {len(result.bundle.features)} features"
    )
    yield f"leaks       {_leaks(result)}"
    yield f"serves      version {result.model_version}, {result.bundle.candidate}: {_choice(result)}"
    yield from (f"{name:11} {words}" for name, words in _quality(quality))
    if served := quality.get("fairness"):
        yield from (f"{name:11} {words}" for name, words in _served(served))
    less = result.bundle.buys_less
    yield f"buys less   {less.shrink.facts['words']}; {less.category.facts['words']}"
    auroc = result.bundle.metrics.get("auroc", 0.0)
    if auroc > SUSPICIOUS_AUROC:
        yield (
            f"suspicious  AUROC {auroc:.3f} is better than churn can honestly be predicted: look for a column that "
            "knows what came later"
        )


def _leaks(result: TrainingResult) -> str:
    failed = [check.name for check in result.leaks if not check.passed]
    names = ", ".join(check.name for check in result.leaks)
    return f"checked: {names}: {'FAILED: ' + ', '.join(failed) if failed else 'all passed'}"


def _choice(result: TrainingResult) -> str:
    if result.former_version == result.model_version:
        return result.gate.verdict
    return result.backtest.why if result.backtest else result.why


def _quality(quality: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield how true it is in a grade and two sentences, and what errors cost; nothing where there was no backtest."""
    if not quality:
        yield "how true", "unknown: no test date has both history before it and a finished horizon"
        return
    grade, listed = quality["grade"], quality["list"]
    yield "how true", f"grade {grade['words']}"
    yield "", _level(grade)
    yield "", listed["sentence"]
    by = listed["by"]
    yield (
        "being wrong",
        f"of {by['picked']:,.0f} called, {by['false_alarms']:,.0f} would have ordered anyway; "
        f"of those who left, {1 - (by['capture'] or 0.0):.0%} were not on the list",
    )


def _served(served: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield whether a group of customers is served worse than the others, and which."""
    yield "groups", served["verdict"]
    yield from (("", words) for words in served["warnings"])


def _level(grade: dict[str, Any]) -> str:
    off, chance = grade["ece"], grade["ece_floor"]
    if off is None or chance is None:
        return "too few customers to say how far the percentages are off"
    return f"percentages are off by {100 * off:.1f} points on average; chance alone would show {100 * chance:.1f}"

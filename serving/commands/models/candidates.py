"""The table of candidates: how each did out of time, and which was chosen."""

from __future__ import annotations

from collections.abc import Iterator

from serving.commands.result import Table
from training.backtest.results import Backtest

MEASURES = {"auroc": "AUROC", "log_loss": "log loss", "brier": "Brier", "ece": "ECE"}


def candidate_lines(result: Backtest | None) -> Iterator[str | Table]:
    """Say the measures of each candidate: the mean over the test dates, and the last date."""
    if result is None:
        yield "no backtest: the history is too short to judge anything by"
        return
    last = result.splits[-1].test_date
    dates = f"mean over {len(result.splits)} test dates, {result.splits[0].test_date} to {last}"
    yield from (f"out of time, {result.definition.horizon_days} days ahead ({dates}; ◄ = chosen):", "")
    yield Table(["candidate", *MEASURES.values(), f"AUROC {last}", f"Brier {last}"], _rows(result))


def _rows(result: Backtest) -> list[list[str]]:
    return [
        [
            f"{name} ◄" if name == result.chosen else name,
            *(f"{candidate.mean[key]:.3f}" for key in MEASURES),
            *(f"{candidate.by_date[-1].metrics[key]:.3f}" for key in ("auroc", "brier")),
        ]
        for name, candidate in result.candidates.items()
    ]

"""What serves, changed on purpose: by training and its gate, by promotion, by rollback; the book audits each change.

Only the alias in MLflow's registry decides what serves. The book says who moved it and why; no name goes to MLflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from features.sources.reader import read_customers
from serving.book.audit import auditing
from serving.commands.models.list_size import list_size
from serving.commands.models.promote import PROMOTE, catch_up
from serving.commands.models.tune import trees_for
from serving.config import Settings
from serving.shop import open_book, read
from training.backtest.backtest import Progress
from training.refit import ListSize
from training.tracking import Tracking
from training.train import TrainingResult, train

GATE = "automatic gate"


@dataclass(frozen=True, eq=False)
class Trained:
    """A training run, what the gate made of it, and where it is recorded."""

    result: TrainingResult
    folder: Path
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**self.result.to_dict(), "mlruns": str(self.folder / "mlruns")}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        result = self.result
        yield from self.notes
        yield f"challenger: version {result.challenger_version}"
        yield from (f"  {check.name}: {check}" for check in result.gate.checks)
        promoted = "promoted to champion" if result.promoted else "not promoted"
        yield f"{promoted}: {result.why}"
        yield f"version {result.model_version} serves: {result.bundle.candidate}"
        yield from result.backtest.notes if result.backtest else ()
        yield f"recorded as run {result.run_id}; see: {Tracking(self.folder).ui_command}"


def train_and_judge(settings: Settings, until: date | None, report: Progress, *, tuned: bool = True) -> Trained:
    """Train on what was known before `until`, record the run, let the gate decide, and audit what it let serve.

    Args:
        settings: of the shop.
        until: orders on or after this date do not exist.
        report: is called before each step.
        tuned: grow trees as `regulars tune` found; False for the usual ones.
    """
    log = read(settings, until=until).log
    tracking, definition = Tracking(settings.folder), settings.definition_for(log)
    trees, words = trees_for(settings.folder, definition, tuned=tuned)
    with open_book(settings) as book:
        catch_up(book, tracking)
    result = train(
        log,
        definition,
        settings.shop,
        tracking=tracking,
        until=until,
        segments=_segments(settings),
        trees=trees,
        list_size=ListSize(*list_size(settings)),
        progress=report,
    )
    if result.model_version != result.former_version:
        with (
            open_book(settings) as book,
            auditing(book, PROMOTE, GATE, result.former_version, result.model_version, result.why),
        ):
            pass
    return Trained(result, settings.folder, (*settings.said_auto(definition), *words))


def _segments(settings: Settings) -> Mapping[str, str]:
    if settings.customers is None:
        return {}
    customers = read_customers(settings.customers)
    known = customers[customers["segment"].notna()]
    return dict(zip(known["customer_id"], known["segment"].astype(str), strict=True))

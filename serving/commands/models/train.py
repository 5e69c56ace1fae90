"""What serves, changed on purpose: by training and its gate, by promotion, by rollback; the book audits each change.

Only the alias in MLflow's registry decides what serves. The book says who moved it and why; no name goes to MLflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from features.sources.balance.sheet import BalanceSheet
from features.sources.balance.words import document, table
from serving.book.audit import auditing
from serving.commands.models.attributes import attribute_notes
from serving.commands.models.candidates import candidate_lines
from serving.commands.models.card import card
from serving.commands.models.fairness import groups_of
from serving.commands.models.killed_runs import close_killed
from serving.commands.models.list_size import list_size
from serving.commands.models.lost_models import refuse_lost_models
from serving.commands.models.promote import PROMOTE, catch_up
from serving.commands.models.sources import sources_of
from serving.commands.models.tune import trees_for
from serving.commands.result import Table
from serving.shop import OpenShop
from serving.shop.partitioned import read_part
from training.backtest.steps import Progress, no_progress
from training.budget import FULL, Budget, budget_of
from training.refit import ListSize
from training.tracking import Stages, Tracking
from training.train import TrainingResult, train

GATE = "automatic gate"
BALANCE = "balance_sheet"
WHILE_TRAINING = "provisional: nothing served, so rhythms alone did until training was done"


@dataclass(frozen=True, eq=False)
class Trained:
    """A training run, what the gate made of it, and where it is recorded."""

    result: TrainingResult
    tracking: Tracking
    sheet: BalanceSheet
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            **self.result.to_dict(),
            "card": list(card(self.result)),
            "fairness": self.result.bundle.quality.get("fairness"),
            "mlruns": str(self.tracking.store.home if self.tracking.store.is_file else self.tracking.store.place),
            BALANCE: document(self.sheet),
        }

    def lines(self) -> Iterator[str | Table]:
        """Say who won, what the gate made of it and where it is recorded."""
        result = self.result
        yield from (*table(self.sheet), "")
        yield from (*candidate_lines(result.backtest), "")
        yield from self.notes
        yield f"challenger: version {result.challenger_version}"
        yield from (f"  {check.name}: {check}" for check in result.gate.checks)
        promoted = "promoted to champion" if result.promoted else "not promoted"
        yield f"{promoted}: {result.gate.verdict or result.why}"
        yield f"version {result.model_version} serves: {result.bundle.candidate}"
        yield from result.backtest.notes if result.backtest else ()
        yield f"recorded as run {result.run_id}, with its model card; see: {self.tracking.store.ui_command}"
        yield f"the runs of training are at {self.tracking.page()}"
        yield from ("", *card(result))


def train_and_judge(
    shop: OpenShop,
    report: Progress = no_progress,
    *,
    tuned: bool = True,
    budget: Budget | str = FULL,
    partitions: int | None = None,
) -> Trained:
    """Train, record the run, let the gate decide, and audit what it let serve.

    Args:
        shop: the open shop; trained is on what was known before its `until`.
        report: is called before each step.
        tuned: grow trees as `regulars tune` found; False for the usual ones.
        budget: how much may be done; as a text it is quick, full, or a number of minutes.
        partitions: in how many the log is read, of which then as many customers are drawn as fit into the memory;
            1 = as a whole, None = as many as the memory needs.

    Raises:
        InputError: a budget that is none of these, or what can only be read as a whole.
    """
    may_do = budget_of(budget) if isinstance(budget, str) else budget
    try:
        return _trained(shop, report, may_do, partitions, tuned=tuned)
    finally:
        shop.forget_part()


def _trained(shop: OpenShop, report: Progress, may_do: Budget, partitions: int | None, *, tuned: bool) -> Trained:
    settings = shop.settings
    tracking = settings.tracking()
    refuse_lost_models(shop, tracking)
    killed = close_killed(shop)
    catch_up(shop.book, tracking)
    report(0, 1, f"reading {settings.orders.source_name}")
    stages = Stages()
    with stages("read"):
        part = read_part(shop, partitions)
        shop.count_twice()
        groups = groups_of(shop)
        definition = shop.definition
    trees, words = trees_for(settings.folder, definition, tuned=tuned)
    shop.close_book()  # training may take an hour: no database has to keep its line open for it
    result = train(
        shop.log,
        definition,
        settings.shop,
        tracking=tracking,
        until=shop.until,
        segments=shop.customers.segment_of,
        trees=trees,
        list_size=ListSize(*list_size(shop)),
        groups=groups,
        documents={BALANCE: document(shop.reading.sheet)},
        budget=may_do,
        sources=sources_of(shop),
        customers=None if part is None else part.of,
        stages=stages,
        progress=report,
    )
    if result.provisional_version is not None:
        with auditing(shop.book, PROMOTE, GATE, None, result.provisional_version, WHILE_TRAINING):
            pass
    if result.model_version != result.former_version:
        with auditing(shop.book, PROMOTE, GATE, result.former_version, result.model_version, result.why):
            pass
    drawn = () if part is None else part.notes
    notes = (*killed, *drawn, *settings.auto_note(definition), *attribute_notes(shop.log, definition), *words)
    return Trained(result, tracking, shop.reading.sheet, notes)

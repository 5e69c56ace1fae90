"""`regulars score` of a log that does not fit into memory: read, scored and written partition by partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from features.faults import faults_at
from features.sources.opening.copies import folder_for_copies
from serving.book.runs import NewRun, record_batches
from serving.commands.models.first_answer import let_rhythms_serve
from serving.commands.models.score import ScoresWritten, doubts_of, for_the_book, write_scores
from serving.commands.models.score_totals import COLUMNS, ScoreTotals
from serving.outreach.exports.write_table import write_batches, writer_of
from serving.partitions.score import ScoredPartitions, score_partitions
from serving.score_table import score_schema
from serving.scorer import Reasons, unknown_attributes
from serving.scores import without_money
from serving.shop import OpenShop, chosen_day
from serving.shop.partitioned import Partitioning, partitioning_of
from training.bundle import Bundle


@dataclass(frozen=True, eq=False)
class PartitionedRun:
    """One scoring run in partitions; its scores lie on the disk.

    Args:
        scored: everyone who can churn.
        as_of: the day that is looked from.
        bundle: the model.
        version: of the model.
        has_money: whether the orders hold money.
        unknown: columns of the customers that the model has learnt from and that are not there.
    """

    scored: ScoredPartitions
    as_of: date
    bundle: Bundle
    version: str
    has_money: bool
    unknown: tuple[str, ...]

    @property
    def totals(self) -> ScoreTotals:
        """What the scores add up to."""
        return ScoreTotals.of(self.scored.scores.frames(COLUMNS), self.bundle, self.as_of, has_money=self.has_money)

    def for_the_book(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Yield the scores as the book holds them, with all columns or some."""
        for frame in self.scored.scores.frames(columns):
            yield frame if self.has_money else for_the_book(frame, self.bundle)

    def told(self) -> Iterator[pd.DataFrame]:
        """Yield the scores as they are told: where the orders hold no money, its columns are empty."""
        for frame in self.scored.scores.frames():
            yield frame if self.has_money else without_money(frame)

    def recorded_as(self) -> NewRun:
        """Return what the book records the run under."""
        days, currency = self.bundle.definition.horizon_days, self.bundle.money.currency
        return NewRun(self.as_of, days, self.version, currency, self.scored.scores.rows, self.scored.digest)


def write_whatever_fits(
    shop: OpenShop, out: Path, partitions: int | None = None, *, all_reasons: bool = False
) -> ScoresWritten:
    """Score the population, record the run and write the score file, from the whole log where that fits into memory.

    Args:
        shop: the open shop.
        out: a .csv, .parquet or .json file.
        partitions: in how many the log is read; 1 = as a whole, None = as many as the memory needs.
        all_reasons: explain everyone, however many.

    Raises:
        InputError: every broken rule, what can only be read as a whole, or nobody who can churn.
        ModelNotFound: the log is read in partitions, and no model serves yet.
    """
    needed = partitioning_of(shop, partitions)
    if needed is not None:
        return write_scores_in_partitions(shop, out, needed, all_reasons=all_reasons)
    let_rhythms_serve(shop)
    return write_scores(shop, out, all_reasons=all_reasons)


def write_scores_in_partitions(
    shop: OpenShop, out: Path, needed: Partitioning, *, all_reasons: bool = False
) -> ScoresWritten:
    """Score the population in partitions, record the run in the book and write the score file.

    The scores are those of the whole log, to the last bit. In the book it is a run of its own: its data are told by the
    partitions.

    Args:
        shop: the open shop.
        out: a .csv, .parquet or .json file.
        needed: in how many partitions, and why.
        all_reasons: explain everyone, however many.

    Raises:
        InputError: every broken rule, or nobody who can churn.
        ModelNotFound: no model serves yet.
    """
    writer_of(out)
    access = shop.settings.files.access()
    with folder_for_copies() as folder:
        with faults_at(folder, "nothing was written"):
            run = score_in_partitions(shop, folder, needed, all_reasons=all_reasons)
        record_batches(shop.book, run.recorded_as(), run.for_the_book())
        write_batches(run.told(), out, access, score_schema(run.bundle.money))
        doubts = tuple(doubts_of(run.bundle, run.version, run.as_of, run.unknown))
        return ScoresWritten(run.totals, run.version, out, needed.notes, doubts, shop.settings.language)


def score_in_partitions(
    shop: OpenShop, folder: Path, needed: Partitioning, *, all_reasons: bool = False
) -> PartitionedRun:
    """Read a shop's log in partitions and score its population with the champion; nothing is recorded yet.

    Args:
        shop: the open shop.
        folder: where partitions and scores are written.
        needed: in how many partitions, and why.
        all_reasons: explain everyone, however many.

    Raises:
        InputError: every broken rule, or nobody who can churn.
        ModelNotFound: no model serves yet.
    """
    bundle, version = shop.champion()
    reasons: Reasons = "all" if all_reasons else "auto"
    log = shop.in_partitions(folder, needed.number, needed.machine)
    as_of = chosen_day(log.outline, shop.until)
    scored = score_partitions(log, bundle, version, as_of, folder, needed.machine, reasons=reasons)
    unknown = unknown_attributes(log.outline, bundle)
    return PartitionedRun(scored, as_of, bundle, version, log.outline.has_money, unknown)

"""`regulars list` of a log that does not fit into memory: planned of all, of whom only those at risk are known whole.

A list asks of everybody how high the risk is, and of the shop how its orders moved. Whoever may come on it, and whoever
was in the trial, is read whole; their scores have every column, those of the others what is asked of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from features.clock import day_number
from features.faults import faults_at
from features.language.languages import Language
from features.sources.opening.copies import folder_for_copies
from features.sources.partitions.outlined import outlined
from serving.book import Book
from serving.book.runs import record_batches
from serving.book.trial import episodes
from serving.commands.lists.list import PublishedList, check_ready, drawn_cell, make_list, publish
from serving.commands.models.score import ScoringRun
from serving.commands.models.score_in_partitions import PartitionedRun, score_in_partitions
from serving.commands.models.score_totals import ScoreTotals
from serving.outreach.plan.candidates import LESS_CHANCES
from serving.outreach.plan.policy import Policy
from serving.scores import SCORE_COLUMNS
from serving.shop import OpenShop
from serving.shop.partitioned import partitioning_of

OF_ALL = ("customer_id", "probability", *LESS_CHANCES)  # what is asked of everybody
_OF_THE_RUN = tuple(column.name for column in SCORE_COLUMNS if column.once_a_run)


@dataclass(frozen=True, eq=False)
class ListedRun(ScoringRun):
    """A scoring run in partitions, as a list is planned of it.

    Args:
        parts: the run.
        sums: what the scores of everybody add up to.
    """

    parts: PartitionedRun
    sums: ScoreTotals

    @cached_property
    def added_up(self) -> ScoreTotals:
        """What the scores of everybody add up to."""
        return self.sums

    @property
    def typical_spend(self) -> float:
        """The median of what everybody is expected to spend, major units."""
        frames = self.parts.for_the_book(("expected_spend",))
        return float(np.median(np.concatenate([frame["expected_spend"].astype(float) for frame in frames])))

    def explained(self, customer_ids: Iterable[str]) -> pd.DataFrame:
        """Return the scores of some customers, with their reasons."""
        return self.parts.scored.explained(customer_ids)

    def record_reasons(self, book: Book, told: pd.DataFrame) -> None:
        """Fill in the reasons that a large shop's run left out."""
        record_batches(book, self.parts.recorded_as(), [told] if len(told) else [])


def list_whatever_fits(
    shop: OpenShop,
    out: Path,
    formats: Sequence[str] = (),
    language: Language | None = None,
    mail_again: Sequence[str] = (),
    partitions: int | None = None,
) -> PublishedList:
    """Score, plan the list, publish it and write its files, from the whole log where that fits into the memory.

    Args:
        shop: the open shop.
        out: a folder.
        formats: in which to write; by default those of the settings.
        language: of the files; by default the shop's.
        mail_again: owners whose mail may have gone out already.
        partitions: in how many the log is read; 1 = as a whole, None = as many as the memory needs.

    Raises:
        InputError: as `make_list`, or what can only be read as a whole.
    """
    needed = partitioning_of(shop, partitions)
    if needed is None:
        return make_list(shop, out, formats, language, mail_again)
    check_ready(shop, formats)
    with folder_for_copies() as folder:
        with faults_at(folder, "nothing was written"):
            scored = score_in_partitions(shop, folder, needed)
        made = publish(shop, _listed_run(shop, scored), out, formats, language, mail_again)
    return replace(made, warnings=(*needed.notes, *made.warnings))


def _listed_run(shop: OpenShop, run: PartitionedRun) -> ListedRun:
    run_id = record_batches(shop.book, run.recorded_as(), run.for_the_book())
    asked = pd.concat(run.scored.scores.frames(("customer_id", "probability")), ignore_index=True)
    cell = drawn_cell(shop, asked, run.as_of)
    policy = shop.settings.list

    def may_be_listed(frame: pd.DataFrame) -> pd.Series:
        return _may_be_listed(frame, policy, cell)

    scores = pd.concat(_lean(run.for_the_book(), may_be_listed), ignore_index=True)
    known = {*scores.loc[may_be_listed(scores), "customer_id"], *_of_the_trial(shop, run)}
    log = outlined(run.scored.log, known, day_number(run.as_of))
    return ListedRun(scores, run.as_of, run.bundle, run.version, log, run_id, run, run.totals)


def _may_be_listed(frame: pd.DataFrame, policy: Policy, cell: frozenset[str]) -> pd.Series:
    """Return who may be a candidate, as `serving.outreach.plan.candidates` chooses them."""
    less = frame[list(LESS_CHANCES)].astype(float).max(axis=1).fillna(0.0) >= policy.shrink_leave_at
    at_risk = (frame["probability"] >= policy.leave_at) | frame["customer_id"].isin(cell)
    return at_risk | less


def _lean(frames: Iterable[pd.DataFrame], may_be_listed: Callable[[pd.DataFrame], pd.Series]) -> Iterator[pd.DataFrame]:
    """Yield scores of which nobody who cannot be listed has more than what is asked of all."""
    for frame in frames:
        wanted = may_be_listed(frame)
        told = {
            name: frame[name].where(wanted, None)
            for name in frame.columns
            if name not in (*OF_ALL, *_OF_THE_RUN) and not pd.api.types.is_numeric_dtype(frame[name].dtype)
        }
        of_run = {name: frame[name].iloc[0] for name in _OF_THE_RUN if len(frame)}  # one object for all rows
        yield frame.assign(**told, **of_run).astype(frame.dtypes)


def _of_the_trial(shop: OpenShop, run: PartitionedRun) -> Iterator[str]:
    """Yield the customers of accounts that were in the trial, from which it is learnt what a contact saves."""
    found = episodes(shop.book, run.as_of)
    accounts = set(found["account_id"])
    yield from accounts
    yield from found["customer_id"]
    for customers in found["customers"]:
        yield from customers or ()
    yield from (who for who, account in shop.customers.account_of.items() if account in accounts)

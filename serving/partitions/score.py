"""Scores a log partition by partition, by the scorer itself.

What the scorer asks of the whole shop is asked before: which sentences are true of nearly everybody, of the customers
that it would look at, and who buys less, of order days and categories alone. Of a large shop the most valuable are
explained once all are scored, in a second reading of their histories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from features.clock import day_number
from features.engines.windows import population
from features.log import CATEGORIES, Log
from features.machine import Machine
from features.sources.partitions.joined_logs import joined_logs, narrow
from features.sources.partitions.read import PartitionedLog
from serving.partitions.kept_scores import KeptScores, SortedScores
from serving.scorer import EXPLAIN_ALL_BELOW, EXPLAIN_TOP, Reasons, less_of, score
from training.bundle import Bundle
from training.explain import SAMPLE, common_reasons

OF_LESS = {"orders": ("spend",), CATEGORIES: ("code", "category_spend")}  # what tells who buys less


@dataclass(frozen=True, eq=False)
class Scoring:
    """How the partitions of a shop are scored: what the scorer is given for each.

    Args:
        bundle: the model.
        version: of the registered model.
        as_of: the day that is looked from.
        common: what is true of nearly everybody in the shop; None = tell no reasons.
        less: who buys less in the shop.
    """

    bundle: Bundle
    version: str
    as_of: date
    common: frozenset[str] | None
    less: pd.DataFrame

    def scores(self, log: Log) -> pd.DataFrame:
        """Return the scores of some customers of the shop.

        Raises:
            InputError: nobody of them ordered in the active days.
        """
        reasons: Reasons = "none" if self.common is None else "all"
        common, less = self.common or (), self.less
        return score(log, self.bundle, self.version, self.as_of, reasons=reasons, common=common, buys_less=less)

    def has_anybody(self, log: Log) -> bool:
        """Return whether anybody of them can churn."""
        days = np.array([day_number(self.as_of)])
        return bool(len(population(log, days, self.bundle.definition.active_days).customer))


@dataclass(frozen=True, eq=False)
class ScoredPartitions:
    """The scores of a log in partitions, and what they were made of.

    Args:
        log: whose partitions lie on the disk.
        scoring: how they were scored.
        scores: of everyone who can churn.
        digest: a fingerprint of the log in these partitions.
    """

    log: PartitionedLog
    scoring: Scoring
    scores: SortedScores
    digest: str

    def explained(self, customer_ids: Iterable[str]) -> pd.DataFrame:
        """Return the scores of some customers with their reasons, sorted by customer."""
        found = [self.scoring.scores(part) for _, part in _those(self.log, customer_ids)]
        return pd.concat(found).sort_values("customer_id", ignore_index=True) if found else pd.DataFrame()


def score_partitions(
    log: PartitionedLog,
    bundle: Bundle,
    version: str,
    as_of: date,
    folder: Path,
    machine: Machine,
    *,
    reasons: Reasons = "auto",
) -> ScoredPartitions:
    """Score the population of a log on a date, as `serving.scorer.score` does, to the last bit.

    Args:
        log: whose partitions lie on the disk.
        bundle: the model, with its features and its churn definition.
        version: of the registered model.
        as_of: the day that is looked from.
        folder: where scores are kept.
        machine: how much of it may be used.
        reasons: as of the scorer.

    Raises:
        InputError: nobody ordered in the active days before `as_of`.
    """
    everyone = reasons == "all" or (reasons == "auto" and log.outline.n_customers < EXPLAIN_ALL_BELOW)
    common = None if reasons == "none" else _common(log, bundle, as_of)
    scoring = Scoring(bundle, version, as_of, common, _less(log, bundle, as_of))
    kept = KeptScores(folder, bundle.money, EXPLAIN_TOP)
    digest = _score_all(log, scoring if everyone else replace(scoring, common=None), kept)
    if not everyone and common is not None:
        _explain(log, scoring, kept)
    return ScoredPartitions(log, scoring, kept.in_order(folder, machine), digest)


def _score_all(log: PartitionedLog, scoring: Scoring, kept: KeptScores) -> str:
    last, digest = len(log.folders) - 1, hashlib.sha256()
    for number, part in enumerate(log.logs()):
        digest.update(part.digest().encode())
        if scoring.has_anybody(part) or (number == last and not kept.rows):  # the scorer says that there is nobody
            kept.keep(number, scoring.scores(part))
    return digest.hexdigest()


def _explain(log: PartitionedLog, scoring: Scoring, kept: KeptScores) -> None:
    """Tell the reasons of those with the greatest value at risk."""
    for number, some in _those(log, kept.worth_most()):
        kept.explain(number, scoring.scores(some))


def _those(log: PartitionedLog, customer_ids: Iterable[str]) -> Iterator[tuple[int, Log]]:
    """Yield the number of each partition that holds any of some customers, and their log."""
    wanted = set(customer_ids)
    for number, part in enumerate(log.logs()):
        if some := wanted.intersection(part.customer_ids):
            yield number, part.only(some)


def _common(log: PartitionedLog, bundle: Bundle, as_of: date) -> frozenset[str]:
    """Return what is true of nearly everybody, of the same evenly spread customers as the scorer looks at."""
    every = -(-log.outline.n_customers // SAMPLE)
    wanted = np.sort(np.concatenate([part.customer_ids for part in log.logs()]))[::every] if every > 1 else None
    some = (part if wanted is None else part.only(wanted) for part in log.logs())
    return common_reasons(joined_logs(list(some)), bundle, as_of)


def _less(log: PartitionedLog, bundle: Bundle, as_of: date) -> pd.DataFrame:
    """Return who buys less: the movement of the whole shop is set apart, so that all order days are looked at."""
    if not bundle.buys_less.is_on:
        return pd.DataFrame()
    return less_of(joined_logs([narrow(part, OF_LESS) for part in log.logs()]), bundle, as_of)

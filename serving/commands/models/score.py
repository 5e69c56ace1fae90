"""`regulars score`: the scores of everyone who can churn, recorded in the book and written to a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, said, sentence
from features.language.typed_values import Days
from features.log import Log
from serving.book import Book
from serving.book.runs import record_scores
from serving.commands.models.score_totals import ScoreTotals
from serving.outreach.exports.write_table import write_table
from serving.score_table import score_schema
from serving.scorer import Reasons, explained, score, unknown_attributes
from serving.scores import without_money
from serving.shop import OpenShop
from training.bundle import Bundle


@dataclass(frozen=True, eq=False)
class ScoringRun:
    """One scoring run: the scores, the model behind them, the log they were made from, and its number in the book."""

    scores: pd.DataFrame
    as_of: date
    bundle: Bundle
    version: str
    log: Log
    run_id: int

    @cached_property
    def added_up(self) -> ScoreTotals:
        """What the scores add up to."""
        return ScoreTotals.of([self.scores], self.bundle, self.as_of, has_money=self.log.has_money)

    @property
    def totals(self) -> Sentence:
        """How many are at risk and for how much, in one line."""
        return self.added_up.words

    @property
    def typical_spend(self) -> float:
        """The median of what everybody is expected to spend, major units."""
        return float(self.scores["expected_spend"].astype(float).median())

    def explained(self, customer_ids: Iterable[str]) -> pd.DataFrame:
        """Return the scores of some customers, with their reasons."""
        wanted = list(customer_ids)
        found = explained(self.scores, self.log, self.bundle, wanted)
        return found[found["customer_id"].isin(wanted)]

    def record_reasons(self, book: Book, told: pd.DataFrame) -> None:
        """Fill in the reasons that a large shop's run left out."""
        if len(told):
            record_scores(book, told, currency=self.bundle.money.currency, data_digest=self.log.digest())

    @property
    def told_scores(self) -> pd.DataFrame:
        """The scores as they are told: where the orders hold no money, its columns are empty."""
        return self.scores if self.log.has_money else without_money(self.scores)

    def doubts(self) -> Iterator[Sentence]:
        """Say what the scores suffer from."""
        return doubts_of(self.bundle, self.version, self.as_of, unknown_attributes(self.log, self.bundle))


def doubts_of(bundle: Bundle, version: str, as_of: date, unknown: Sequence[str]) -> Iterator[Sentence]:
    """Say what scores suffer from: a model that knew the future of the day, or one that misses what it knew.

    Args:
        bundle: the model.
        version: its number.
        as_of: the day of the scores.
        unknown: columns of the customers that it has learnt from and that are not there.
    """
    if unknown:
        yield sentence(
            "careful: version {version} has learnt from {columns} of the customers, which [features] use no longer "
            "names: everyone is read as an average customer; name them again, or run regulars train",
            version=version,
            columns=", ".join(unknown),
        )
    if bundle.is_provisional:
        yield sentence(
            "careful: version {version} is provisional, from rhythms alone and not judged: regulars train looks at "
            "everything else, judges it, and says how true it is",
            version=version,
        )
    until = bundle.trained_until
    if as_of < until:
        yield sentence(
            "careful: version {version} learnt from orders until {until:table}, so it knew what came after "
            "{day:table}: how right this is says nothing of how right it will be",
            version=version,
            until=until,
            day=as_of,
        )


def score_all(shop: OpenShop, *, reasons: Reasons = "auto") -> ScoringRun:
    """Score the population with the champion and record the run in the book."""
    bundle, version = shop.champion()
    scores = score(shop.log, bundle, version, shop.as_of, reasons=reasons)
    scores = scores if shop.log.has_money else for_the_book(scores, bundle)
    run_id = record_scores(shop.book, scores, currency=bundle.money.currency, data_digest=shop.log.digest())
    return ScoringRun(scores, shop.as_of, bundle, version, shop.log, run_id)


def for_the_book(scores: pd.DataFrame, bundle: Bundle) -> pd.DataFrame:
    """Return scores of a shop without money as the book holds them: 0 without an interval for what is not known."""
    nothing: dict[str, Any] = dict.fromkeys(("expected_spend", "value_at_risk"), bundle.money.major(0))
    return scores.assign(**nothing, value_at_risk_low=None, value_at_risk_high=None)


@dataclass(frozen=True, eq=False)
class ScoresWritten:
    """What was scored, and the file that holds it.

    Args:
        totals: what the scores add up to.
        version: of the model.
        path: of the file.
        notes: what is said before.
        doubts: what the scores suffer from.
        language: of the terminal.
    """

    totals: ScoreTotals
    version: str
    path: Path
    notes: Sequence[Sentence] = ()
    doubts: Sequence[Sentence] = ()
    language: Language = ENGLISH

    def to_dict(self) -> dict[str, Any]:
        """Return what was written where."""
        where = {"file": str(self.path), "as_of": self.totals.as_of, "model_version": self.version}
        return {**where, **self.totals.to_dict()}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from (said(each, self.language) for each in self._told())

    def _told(self) -> Iterator[Sentence]:
        yield from self.notes
        yield self.totals.words
        yield self.totals.states_in_words
        yield from self.doubts
        yield self.totals.level.words
        days = Days(self.totals.bundle.timing.follow_days)
        yield sentence("next_order_on is the date to expect of those who order within {days}", days=days)
        yield sentence("written to {file}", file=str(self.path))


def write_scores(shop: OpenShop, out: Path, *, all_reasons: bool = False) -> ScoresWritten:
    """Score the population, record the run in the book and write the score file."""
    access = shop.settings.files.access()
    run = score_all(shop, reasons="all" if all_reasons else "auto")
    write_table(run.told_scores, out, access, score_schema(run.bundle.money))
    return ScoresWritten(run.added_up, run.version, out, doubts=tuple(run.doubts()), language=shop.settings.language)

"""`regulars score`: the scores of everyone who can churn, recorded in the book and written to a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, in_a_row, said, sentence
from features.language.typed_values import Amount, Day, Days, Number
from features.log import Log
from serving.book.runs import record_scores
from serving.commands.models.coming_level import Level, level_of
from serving.outreach.exports.write_table import write_table
from serving.outreach.plan.in_words import STATES as STATES_IN_WORDS
from serving.scorer import Reasons, score, unknown_attributes
from serving.scores import STATES, without_money
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

    @property
    def totals(self) -> Sentence:
        """How many are at risk and for how much, in one line."""
        values: dict[str, Number | Day | Days] = {
            "customers": Number(len(self.scores)),
            "day": Day(self.as_of),
            "high": Number(int((self.scores["band"] == "high").sum())),
            "horizon": Days(self.bundle.definition.horizon_days),
        }
        money, total = self.bundle.money, self.value_at_risk
        if total is None:
            return sentence(
                "{customers} customers scored as of {day:table}: {high} are more likely to stop than to order within "
                "{horizon}; no money is known",
                **values,
            )
        return sentence(
            "{customers} customers scored as of {day:table}: {high} are more likely to stop than to order within "
            "{horizon}; value at risk {amount:table} in all",
            amount=Amount(money.minor(total), money.currency),
            **values,
        )

    @property
    def value_at_risk(self) -> Decimal | None:
        """What is at risk in all, major units; None where the orders hold no money."""
        return sum(self.scores["value_at_risk"], Decimal(0)) if self.log.has_money else None

    @property
    def told_scores(self) -> pd.DataFrame:
        """The scores as they are told: where the orders hold no money, its columns are empty."""
        return self.scores if self.log.has_money else without_money(self.scores)

    @property
    def level(self) -> Level:
        """The churn rate that the scores add up to, with the interval of the level that is forecast for the window."""
        return level_of(self.bundle, self.scores["probability"].to_numpy(dtype=np.float64), self.as_of)

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
    if not shop.log.has_money:  # the book holds 0 without an interval for what is not known
        nothing: dict[str, Any] = dict.fromkeys(("expected_spend", "value_at_risk"), bundle.money.major(0))
        scores = scores.assign(**nothing, value_at_risk_low=None, value_at_risk_high=None)
    run_id = record_scores(shop.book, scores, currency=bundle.money.currency, data_digest=shop.log.digest())
    return ScoringRun(scores, shop.as_of, bundle, version, shop.log, run_id)


@dataclass(frozen=True, eq=False)
class ScoresWritten:
    """A scoring run, the file that holds its scores, and the language of the terminal."""

    run: ScoringRun
    path: Path
    language: Language = ENGLISH

    @property
    def states(self) -> dict[str, int]:
        """How many customers are in each state."""
        return {state: int((self.run.scores["state"] == state).sum()) for state in STATES}

    def to_dict(self) -> dict[str, Any]:
        """Return what was written where."""
        run = self.run
        bands = run.scores["band"].value_counts().to_dict()
        return {
            "file": str(self.path),
            "as_of": run.as_of,
            "rows": len(run.scores),
            "horizon_days": run.bundle.definition.horizon_days,
            "follow_days": run.bundle.timing.follow_days,
            "level": run.level.to_dict(),
            "model_version": run.version,
            "bands": {str(band): int(count) for band, count in bands.items()},
            "states": self.states,
            "value_at_risk": run.value_at_risk,
            "currency": run.bundle.money.currency,
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from (said(each, self.language) for each in self._told())

    def _told(self) -> Iterator[Sentence]:
        yield self.run.totals
        named = ((count, STATES_IN_WORDS[state]) for state, count in self.states.items())
        counts = [sentence("{count} {state}", count=count, state=state) for count, state in named]
        yield sentence("of these {counts}", counts=in_a_row(counts, commas=True))
        yield from self.run.doubts()
        yield self.run.level.words
        days = Days(self.run.bundle.timing.follow_days)
        yield sentence("next_order_on is the date to expect of those who order within {days}", days=days)
        yield sentence("written to {file}", file=str(self.path))


def write_scores(shop: OpenShop, out: Path, *, all_reasons: bool = False) -> ScoresWritten:
    """Score the population, record the run in the book and write the score file."""
    access = shop.settings.files.access()
    run = score_all(shop, reasons="all" if all_reasons else "auto")
    write_table(run.told_scores, out, access)
    return ScoresWritten(run, out, shop.settings.language)

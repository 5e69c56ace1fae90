"""`regulars score --engine spark`: the scores of everyone who can churn, computed and written by Spark's workers.

A run is named by what it was made from: the same day, model and orders give the same name, and take the place of what
was there of it. The book does not hold it, so no list is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from features.engines.engine_names import SPARK
from features.errors import InputError
from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, said, sentence
from features.language.typed_values import Number
from features.sources.balance.sheet import BalanceSheet
from features.sources.spark.jdbc import JDBC
from serving.book.sql_rows import digest
from serving.commands.data.orders_on_spark import (
    HeldOrders,
    held_orders,
    in_rows,
    refuse_what_is_known_here_alone,
    rows_in_words,
)
from serving.commands.models.score import doubts_of
from serving.scorer import Reasons, unknown_attributes
from serving.shop import OpenShop
from training.bundle import Bundle

RUN, RUN_ID_LETTERS = ("as_of", "model_version", "run_id"), 16


@dataclass(frozen=True, eq=False)
class ScoresOnSpark:
    """How many customers were scored, and where the scores are."""

    rows: int
    place: str
    as_of: date
    version: str
    run_id: str
    sheet: BalanceSheet | None = None
    doubts: Sequence[Sentence] = ()
    language: Language = ENGLISH

    def to_dict(self) -> dict[str, Any]:
        """Return what was written where."""
        run = {"as_of": str(self.as_of), "model_version": self.version, "run_id": self.run_id}
        read = {} if self.sheet is None else {"orders": in_rows(self.sheet)}
        return {"folder": self.place, **run, "rows": self.rows, "engine": SPARK, **read}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from () if self.sheet is None else [said(rows_in_words(self.sheet), self.language)]
        yield said(
            sentence(
                "{count} customers scored as of {day:table} by version {version}, and written to {file} as {run}",
                count=Number(self.rows),
                day=self.as_of,
                version=self.version,
                file=self.place,
                run=self.run_id,
            ),
            self.language,
        )
        yield from (said(each, self.language) for each in self.doubts)


def where(out: Path | None, into: str | None, engine: str, url: str | None, source: str | None) -> Path | str:
    """Return where scores go: the file that this process writes, or what Spark's workers write into.

    Raises:
        InputError: the options do not fit together.

    >>> where(None, "scores/", "spark", None, None)
    'scores/'
    """
    if engine == SPARK:
        if into is None or out is not None:
            raise InputError("--engine spark writes a partition of a folder: --into FOLDER, in place of --out")
        return into
    if (into, url, source) != (None, None, None):
        raise InputError("--into, --url and --from are of Spark: add --engine spark")
    if out is None:
        raise InputError("say where the scores go: --out FILE, or --engine spark --into FOLDER")
    return out


def score_on_spark(
    shop: OpenShop, into: str, url: str | None = None, source: str | None = None, *, all_reasons: bool = False
) -> ScoresOnSpark:
    """Score the population with the champion on Spark's workers, and have them write the scores.

    Args:
        shop: whose customers.
        into: a folder of Parquet files, with a partition for each run.
        url: of Spark; None = all cores of this machine.
        source: a folder or table of orders that the workers read; None = those of the settings, read here.
        all_reasons: explain everyone, however many; else as the scorer does.

    Raises:
        InputError: the folder holds something else, the orders cannot be used, or nobody can churn.
        ModelRefused: a worker computes the features otherwise than where the model was trained.
        MachineFault: Spark does not start, or gives up.
    """
    from features.engines.spark.session import spark
    from features.engines.spark.written import folder_at, refuse_another, write_partition
    from serving.spark.score import score

    folder = folder_at(into)
    refuse_another(folder, RUN, "scores")
    if source is not None:
        refuse_what_is_known_here_alone(shop)
    bundle, version = shop.champion()
    reasons: Reasons = "all" if all_reasons else "auto"
    with spark(url, reads_postgresql=source == JDBC) as connection:
        held = held_orders(shop, connection._session, source)
        scores = score(held.histories, bundle, version, held.as_of, has_money=held.has_money, reasons=reasons)
        run = _run(held, bundle, version)
        rows = write_partition(scores.drop(*run), folder, run, "scores", shop.settings.files.access())
    unknown = bundle.features.attributes if source is not None else unknown_attributes(shop.log, bundle)
    doubts = tuple(doubts_of(bundle, version, held.as_of, unknown))
    return ScoresOnSpark(rows, into, held.as_of, version, run[RUN[-1]], held.sheet, doubts, shop.settings.language)


def _run(held: HeldOrders, bundle: Bundle, version: str) -> dict[str, str]:
    """Return what names a run: its id is of the same facts as the book's key of it: day, horizon, model and data."""
    facts = (held.as_of.isoformat(), str(bundle.definition.horizon_days), version, held.digest)
    return dict(zip(RUN, (facts[0], version, f"run-{digest(*facts)[:RUN_ID_LETTERS]}"), strict=True))

"""Scores the histories of a shop where they lie: what is asked of the workers, and in which order.

No row of a customer comes here. What does is the number of customers, and the sentences that are true of nearly all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from features.engines.spark.mapped import mapped
from features.errors import InputError
from features.log import CATEGORIES
from serving.scorer import EXPLAIN_ALL_BELOW, EXPLAIN_TOP, Reasons
from serving.spark.packed import packed
from serving.spark.worker import COMMON, LESS_ROWS, SCORES, Task
from training.bundle import Bundle
from training.explain import SAMPLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CUSTOMER = "customer_id"
OF_LESS = ("orders", CATEGORIES)  # streams that tell who buys less


def score(
    histories: DataFrame,
    bundle: Bundle,
    version: str,
    as_of: date,
    *,
    has_money: bool = True,
    reasons: Reasons = "auto",
) -> DataFrame:
    """Return the scores of everyone who can churn, in SCORE_COLUMNS, as `serving.scorer.score` gives them.

    Args:
        histories: a row for each customer, as `features.engines.spark.histories` makes them.
        bundle: the model; every worker verifies its probe before it scores.
        version: of the registered model.
        as_of: the day that is looked from.
        has_money: whether the orders hold money.
        reasons: as of the scorer.

    Raises:
        InputError: nobody ordered in the active days before `as_of`.
    """
    task = Task(_shared(histories.sparkSession, packed(bundle)), version, as_of, has_money)
    customers = histories.count()
    everyone = reasons == "all" or (reasons == "auto" and customers < EXPLAIN_ALL_BELOW)
    if reasons != "none":
        task = task.explaining(_common(histories, task, customers))
    known = _with_less(histories, task) if bundle.buys_less.is_on else histories
    scores = mapped(known, (task if everyone else task.explaining(None)).scores, SCORES).cache()
    if scores.isEmpty():
        days = bundle.definition.active_days
        raise InputError(f"nobody to score: no customer ordered in the {days} days before {as_of.isoformat()}")
    return scores if everyone or reasons == "none" else _most_valuable_explained(scores, known, task)


def _common(histories: DataFrame, task: Task, customers: int) -> frozenset[str]:
    """Return what is true of nearly everybody, of the same evenly spread customers as the scorer looks at."""
    every = -(-customers // SAMPLE)
    found = mapped(_every(histories, every).repartition(1), task.common_sentences, COMMON)
    return frozenset(row[0] for row in found.collect())


def _every(histories: DataFrame, every: int) -> DataFrame:
    from pyspark.sql import Window
    from pyspark.sql import functions as sql

    if every <= 1:
        return histories
    place = sql.row_number().over(Window.orderBy(CUSTOMER)) - 1  # of ids alone: one worker sorts them
    chosen = histories.select(CUSTOMER).withColumn("place", place).where(sql.col("place") % every == 0)
    return histories.join(chosen.select(CUSTOMER), CUSTOMER, "leftsemi")


def _with_less(histories: DataFrame, task: Task) -> DataFrame:
    streams = [name for name in OF_LESS if name in histories.columns]
    whole = histories.select(CUSTOMER, *(f"`{name}`" for name in streams)).repartition(1)
    return histories.join(mapped(whole, task.less, LESS_ROWS), CUSTOMER, "left")


def _most_valuable_explained(scores: DataFrame, histories: DataFrame, task: Task) -> DataFrame:
    from pyspark.sql import functions as sql

    worth = sql.col("value_at_risk").cast("double").desc_nulls_last()
    top = scores.orderBy(worth, CUSTOMER).limit(EXPLAIN_TOP).select(CUSTOMER).cache()
    told = mapped(histories.join(top, CUSTOMER, "leftsemi"), task.scores, SCORES)
    return scores.join(top, CUSTOMER, "leftanti").select(*SCORES.names).unionByName(told)


def _shared(session: SparkSession, content: bytes) -> Callable[[], bytes]:
    """Return what gives the content on a worker: broadcast once, or sent along through Connect, which cannot."""
    if type(session).__module__.startswith("pyspark.sql.connect"):
        return _Sent(content)
    held = session.sparkContext.broadcast(content)
    return lambda: held.value


class _Sent:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __call__(self) -> bytes:
        return self._content

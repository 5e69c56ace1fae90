"""What a worker of Spark does with the histories of some customers: the scorer's own work, and no other.

The features are computed by the single pass on the worker itself, so the scores are those of `regulars score` to the
last bit; a real number of SQL may differ from it in the last digits, and fall on the other side of a tree's threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from features.clock import day_number
from features.engines.spark.histories import joined, log_of
from features.engines.windows import population
from features.log import Log
from serving.score_table import TYPES
from serving.scorer import Reasons, less_of, score
from serving.scores import SCORE_COLUMNS, without_money
from serving.spark.packed import unpacked
from training.bundle import Bundle
from training.explain import common_reasons
from training.forecasts.buys_less import LESS_NAMES, LESS_TEXTS

Batches = Iterable[pa.RecordBatch]
SCORES = pa.schema([(column.name, TYPES[column.type]) for column in SCORE_COLUMNS])
COMMON = pa.schema([("sentence", pa.string())])
LESS = "buys_less"
_LESS_FIELDS = [(name, TYPES["texts" if name in LESS_TEXTS else "number"]) for name in LESS_NAMES]
LESS_ROWS = pa.schema([("customer_id", pa.string()), (LESS, pa.struct(_LESS_FIELDS))])


@dataclass(frozen=True)
class Task:
    """What every worker is told.

    Args:
        bundle: gives the model as `packed` made it.
        version: of the registered model.
        as_of: the day that is looked from.
        has_money: whether the orders hold money.
        common: what is true of nearly everybody in the shop, and not told of anybody; None = tell no reasons.
    """

    bundle: Callable[[], bytes]
    version: str
    as_of: date
    has_money: bool
    common: frozenset[str] | None = None

    def explaining(self, common: frozenset[str] | None) -> Task:
        """Return the same task, with reasons or without."""
        return replace(self, common=common)

    def scores(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Yield the scores of those who can churn."""
        bundle = unpacked(self.bundle())
        for batch in batches:
            log = self._log(batch, bundle)
            if log.n_customers:
                yield from self._scored(log, bundle, _less_in(batch)).to_batches()

    def common_sentences(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Yield what is true of nearly everybody; all batches are of one worker."""
        bundle, rows = unpacked(self.bundle()), joined(batches)
        if rows is not None:
            found = common_reasons(log_of(rows, has_money=self.has_money), bundle, self.as_of)
            yield pa.RecordBatch.from_pydict({"sentence": sorted(found)}, COMMON)

    def less(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Yield which accounts buy less: all batches are of one worker, since the shop's movement is set apart."""
        bundle, rows = unpacked(self.bundle()), joined(batches)
        if rows is None:
            return
        found = less_of(log_of(rows, has_money=self.has_money), bundle, self.as_of)
        columns = [pa.array(found[name], kind, from_pandas=True) for name, kind in _LESS_FIELDS]
        told = pa.StructArray.from_arrays(columns, names=list(LESS_NAMES))
        yield from pa.table([pa.array(found.index, pa.string()), told], schema=LESS_ROWS).to_batches()

    def _log(self, batch: pa.RecordBatch, bundle: Bundle) -> Log:
        """Return the log of those of a batch who can churn: the scorer refuses a log of nobody."""
        names = [name for name in batch.schema.names if name != LESS]
        log = log_of(batch.select(names), has_money=self.has_money)
        days = np.array([day_number(self.as_of)])
        return log.only(log.customer_ids[population(log, days, bundle.definition.active_days).customer])

    def _scored(self, log: Log, bundle: Bundle, less: pd.DataFrame) -> pa.Table:
        reasons: Reasons = "none" if self.common is None else "all"
        found = score(log, bundle, self.version, self.as_of, reasons=reasons, common=self.common or (), buys_less=less)
        told = found if log.has_money else without_money(found)
        return pa.Table.from_pandas(told, SCORES, preserve_index=False)


def _less_in(batch: pa.RecordBatch) -> pd.DataFrame:
    """Return who buys less, as `less_of` returns it, from what was joined to the histories, if anything was."""
    if LESS not in batch.schema.names:
        return pd.DataFrame(columns=list(LESS_NAMES), index=pd.Index([], dtype=object))
    known = pa.table(batch.select(["customer_id", LESS])).filter(batch[LESS].is_valid())
    ids = pd.Index(known["customer_id"].to_pylist(), dtype=object)
    columns = {name: known[LESS].combine_chunks().field(name) for name in LESS_NAMES}
    texts = {name: pd.Series(columns[name].to_pylist(), ids, object) for name in LESS_TEXTS}
    rest = {name: columns[name].to_pandas().set_axis(ids) for name in LESS_NAMES if name not in LESS_TEXTS}
    return pd.DataFrame({**texts, **rest})[list(LESS_NAMES)]

"""Has Spark's workers map batches of rows by a function of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Work = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def mapped(rows: DataFrame, work: Work, schema: pa.Schema) -> DataFrame:
    """Return what the workers make of rows, each of its part of them.

    Args:
        rows: on Spark.
        work: takes the batches of a part and yields those of its answer; it and what it holds are sent to the workers.
        schema: of the answer.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    return rows.mapInArrow(work, from_arrow_schema(schema))

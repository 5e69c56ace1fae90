"""The streams of histories as tables of Spark's session, as a statement reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.engines.grouped_queries import CUSTOMER, ROW
from features.engines.stream_tables import table_names

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def stream_views(connection: BaseBackend, held: DataFrame) -> dict[str, ir.Table]:
    """Return the streams of histories as tables of Spark's session, as a statement reads them.

    Args:
        connection: to Spark.
        held: the histories.
    """
    names = table_names(name for name in held.columns if name != CUSTOMER)
    for stream, name in names.items():
        rows = held.selectExpr(CUSTOMER, f"posexplode(`{stream}`) AS ({ROW}, row)")
        rows.selectExpr(CUSTOMER, f"CAST({ROW} AS BIGINT) AS {ROW}", "row.*").createOrReplaceTempView(name)
    return {stream: connection.table(name) for stream, name in names.items()}

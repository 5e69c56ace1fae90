"""`regulars features --engine spark --from`: the features of a day, of orders that Spark's workers read themselves."""

from __future__ import annotations

from features.clock import day_number
from features.definitions import default_features
from features.engines.engine_names import SPARK
from features.errors import InputError
from features.sources.spark.jdbc import JDBC
from serving.commands.data.features import FeaturesWritten
from serving.commands.data.orders_on_spark import held_orders, refuse_what_is_known_here_alone, rows_in_words
from serving.shop import OpenShop


def write_features_of_spark(
    shop: OpenShop, source: str, into: str | None, engine: str, url: str | None = None
) -> FeaturesWritten:
    """Compute the features of orders that the workers read, and have them write a partition of a folder.

    Args:
        shop: zone, columns and rules of the orders.
        source: a folder of Parquet files or a table.
        into: a folder of features, a partition for each day.
        engine: spark.
        url: of Spark; None = all cores of this machine.

    Raises:
        InputError: the options do not fit together, or the orders cannot be used.
        MachineFault: Spark does not start, or gives up.
    """
    from features.engines.relational import query
    from features.engines.spark.session import spark
    from features.engines.spark.views import stream_views
    from features.engines.spark.written import folder_at, write_day

    if engine != SPARK or into is None:
        raise InputError("--from is read by Spark's workers, which write a folder: --engine spark --into FOLDER")
    folder = folder_at(into)
    refuse_what_is_known_here_alone(shop)
    with spark(url, reads_postgresql=source == JDBC) as connection:
        held = held_orders(shop, connection._session, source)
        days = shop.settings.definition.active_days
        tables = stream_views(connection, held.histories)
        asked = query(tables, day_number(held.as_of), default_features(), days, has_money=held.has_money)
        rows = write_day(connection, asked, folder, held.as_of, shop.settings.files.access())
    assert held.sheet is not None
    return FeaturesWritten(rows, into, held.as_of, engine, is_table=True, notes=(str(rows_in_words(held.sheet)),))

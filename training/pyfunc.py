"""The bundle as a generic MLflow model (pyfunc): order rows and a date in, probabilities out.

Rows are read like a posted history, from the cells of ORDERS to `feature_table`; features cannot be passed. MLflow
calls `_load_pyfunc` by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from features.build import feature_table
from features.errors import InputError
from features.roll_up import roll_up
from features.sources.posted import posted_lines
from training.bundle import Bundle

# The columns of the signature; further fields of ORDERS are read where a column has their name.
COLUMNS = ("order_id", "customer_id", "ordered_at", "amount")
AS_OF = "as_of"


class OrdersModel:
    """Scores customers from their order rows.

    Args:
        bundle: a verified bundle.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def predict(self, orders: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the customer_id and probability of each customer of the population on the date `params["as_of"]`.

        Args:
            orders: one row per order line: order_id, customer_id, ordered_at (ISO), amount, and any field of ORDERS.
            params: `as_of`, an ISO date.

        Raises:
            InputError: no date, or rows that break the input contract, by row and column.
        """
        bundle, as_of = self._bundle, _date(params)
        rows = [{str(name): _cell(value) for name, value in row.items()} for row in orders.to_dict("records")]
        log = roll_up(posted_lines(rows, bundle.shop, until=as_of))
        table = feature_table(log, [as_of], bundle.features, bundle.definition.active_days)
        return pd.DataFrame({"customer_id": table["customer_id"], "probability": bundle.probability(table, as_of)})


def _date(params: Mapping[str, Any] | None) -> date:
    given = (params or {}).get(AS_OF)
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise InputError(f'params needs {AS_OF}, the date to look from, such as "2024-01-31", not "{given}"') from None


def _cell(value: Any) -> Any:
    """Return a cell as it would be posted: None for pandas' kinds of missing, times in ISO format."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def _load_pyfunc(path: str) -> OrdersModel:
    """Load a bundle's folder; MLflow calls this."""
    return OrdersModel(Bundle.load(Path(path)))

"""The bundle as a generic MLflow model (pyfunc): order rows and a date in, probabilities out.

Rows are read like a posted history, from the cells of ORDERS to `feature_table`; features cannot be passed. A row is an
order line, or, for Spark, a whole customer, whose cells are then lists of that customer's orders: a function of Spark
sees rows one batch at a time and gives one value a row, and a history must not be torn apart. MLflow calls
`_load_pyfunc` by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.build import feature_table
from features.errors import InputError
from features.roll_up import roll_up
from features.sources.posted import posted_lines
from features.tables import ORDERS
from training.bundle import Bundle

# The columns of the signature; further fields of ORDERS are read where a column has their name.
COLUMNS = ("order_id", "customer_id", "ordered_at", "amount")
REQUIRED = ("customer_id", "ordered_at")
AS_OF = "as_of"
_IDS = frozenset(field.name for field in ORDERS if field.kind == "id")
_FIELDS = frozenset(field.name for field in ORDERS)


class OrdersModel:
    """Scores customers from their orders.

    Args:
        bundle: a verified bundle.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def predict(self, orders: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the customer_id and probability of each customer of the population on the date `params["as_of"]`.

        Where cells are lists a row is a customer, and there is an answer for each row, in order: NaN for who is not of
        the population.

        Args:
            orders: one row per order line: order_id, customer_id, ordered_at, amount, and any field of ORDERS; ids and
                amounts may be numbers, amounts missing.
            params: `as_of`, an ISO date.

        Raises:
            InputError: no date, or rows that break the input contract, by row and column.
        """
        as_of = _date(params)
        lists = [name for name in orders if name in _FIELDS and orders[name].map(_is_list).any()]
        return self._of_rows(orders, lists, as_of) if lists else self._of_lines(orders, as_of)

    def _of_lines(self, orders: pd.DataFrame, as_of: date) -> pd.DataFrame:
        bundle = self._bundle
        rows = [
            {str(name): _cell(str(name), value) for name, value in row.items()} for row in orders.to_dict("records")
        ]
        log = roll_up(posted_lines(rows, bundle.shop, until=as_of))
        table = feature_table(log, [as_of], bundle.features, bundle.definition.active_days)
        return pd.DataFrame({"customer_id": table["customer_id"], "probability": bundle.probability(table, as_of)})

    def _of_rows(self, customers: pd.DataFrame, lists: list[str], as_of: date) -> pd.DataFrame:
        """Return an answer for each row; the same customer in two rows is two customers."""
        numbered = customers.assign(customer_id=[str(number) for number in range(len(customers))])
        try:
            lines = numbered.explode(lists)
        except ValueError:
            raise InputError(f"the lists of a row are of different lengths: {', '.join(lists)}") from None
        found = self._of_lines(lines[lines["ordered_at"].notna()], as_of).set_index("customer_id")["probability"]
        probability = found.reindex(numbered["customer_id"]).to_numpy(dtype=np.float64)
        return pd.DataFrame({"customer_id": customers["customer_id"].to_numpy(), "probability": probability})


def _date(params: Mapping[str, Any] | None) -> date:
    given = (params or {}).get(AS_OF)
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise InputError(f'params needs {AS_OF}, the date to look from, such as "2024-01-31", not "{given}"') from None


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _cell(name: str, value: Any) -> Any:
    """Return a cell as it would be posted: None for pandas' kinds of missing, times in ISO format, ids as text.

    A column of whole numbers with a missing one among them is of floats in pandas: an id is whole again.

    >>> _cell("customer_id", 7.0), _cell("amount", Decimal("1.5")), _cell("amount", pd.NA)
    ('7', '1.5', None)
    """
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if name in _IDS and isinstance(value, int | float | np.number):
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    if isinstance(value, date | pd.Timestamp):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def _load_pyfunc(path: str) -> OrdersModel:
    """Load a bundle's folder; MLflow calls this."""
    return OrdersModel(Bundle.load(Path(path)))

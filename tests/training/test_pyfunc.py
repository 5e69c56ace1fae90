"""The bundle as MLflow loads it: orders as pandas and Spark hold them give what the same orders as text give."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from training.tracking import MODEL

DAY = {"as_of": "2024-02-01"}
ORDERS = pd.DataFrame(
    {
        "order_id": ["1", "2", "3"],
        "customer_id": ["7", "7", "8"],
        "ordered_at": ["2024-01-01", "2024-01-15 10:00", "2024-01-10"],
        "amount": [10.0, 20.0, 5.0],
    }
)


@pytest.fixture(scope="module")
def model(trained: Any) -> Any:
    """What `mlflow.pyfunc.load_model` gives."""
    import mlflow

    result, tracking, _ = trained
    with tracking.store.open() as client:
        return mlflow.pyfunc.load_model(client.get_model_version(MODEL, result.model_version).source)


AS_HELD: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "whole numbers": lambda o: o.assign(order_id=[1, 2, 3], customer_id=[7, 7, 8], amount=[10, 20, 5]),
    "ids as floats, as pandas holds a column with a missing one": lambda o: o.assign(customer_id=[7.0, 7.0, 8.0]),
    "nullable whole numbers": lambda o: o.astype({"customer_id": "Int64", "amount": "Int64"}),
    "nullable floats": lambda o: o.astype({"amount": "Float64"}),
    "pandas' text": lambda o: o.astype({"customer_id": "string", "ordered_at": "string"}),
    "categories": lambda o: o.astype({"customer_id": "category"}),
    "Arrow": lambda o: o.assign(amount=pd.array([10, 20, 5], dtype="int64[pyarrow]")),
    "decimals": lambda o: o.assign(amount=[Decimal("10.00"), Decimal(20), Decimal(5)]),
    "times": lambda o: o.assign(ordered_at=pd.to_datetime(o["ordered_at"], format="mixed")),
    "no order ids": lambda o: o.drop(columns="order_id"),
}


@pytest.mark.parametrize("held", AS_HELD)
def test_orders_are_taken_as_they_are_held(model: Any, held: str) -> None:
    pd.testing.assert_frame_equal(model.predict(AS_HELD[held](ORDERS), params=DAY), model.predict(ORDERS, params=DAY))


def test_a_row_that_is_a_whole_customer_has_an_answer_of_its_own(model: Any) -> None:
    """As Spark's functions need it: as many answers as rows, in their order, also for who cannot churn any more."""
    histories = ORDERS.groupby("customer_id").agg(list).reset_index()[list(ORDERS)]
    gone = pd.DataFrame([[["9"], "9", ["2010-01-01"], [5.0]], [[], "10", [], []]], columns=list(ORDERS))
    asked = pd.concat([gone, histories[::-1]], ignore_index=True)
    asked["amount"] = asked["amount"].map(np.array)  # Spark gives arrays
    found = model.predict(asked, params=DAY)
    known = model.predict(ORDERS, params=DAY).set_index("customer_id")["probability"]
    assert found["customer_id"].tolist() == ["9", "10", "8", "7"]
    assert np.isnan(found["probability"][:2]).all()
    assert found["probability"][2:].tolist() == [known["8"], known["7"]]


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        (ORDERS.assign(amount=pd.array([10, None, 5], dtype="Int64")), r"orders\[1\].amount: empty where a number"),
        (ORDERS.assign(amount=["ten", "20", "5"]), r'orders\[0\].amount: "ten" is not a number'),
        (ORDERS.assign(order_id=[["1", "2"]] * 3, amount=[[1.0]] * 3), "lists of a row are of different lengths"),
    ],
)
def test_orders_that_cannot_be_read_are_refused_by_row_and_column(model: Any, orders: pd.DataFrame, said: str) -> None:
    with pytest.raises(InputError, match=said):
        model.predict(orders, params=DAY)


def test_a_day_to_look_from_is_needed(model: Any) -> None:
    with pytest.raises(InputError, match='params needs as_of, the date to look from, such as "2024-01-31"'):
        model.predict(ORDERS)

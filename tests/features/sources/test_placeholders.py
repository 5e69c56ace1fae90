"""Ids that look like nobody's are asked about; real ones that look alike are customers."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InputError
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import check_files, read_log


def orders(folder: Path, ids: list[str], **more: object) -> OrdersMapping:
    path = folder / "orders.csv"
    rows = [f"{who},2024-01-{day:02},10" for day, who in enumerate(ids, start=1)]
    path.write_text("\n".join(["who,day,money", *rows]))
    return OrdersMapping(path, {"customer_id": "who", "ordered_at": "day", "amount": "money"}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "nobody",
    ["Guest", "Walk-in Customer", "ΠΕΛΑΤΗΣ ΛΙΑΝΙΚΗΣ", "مشتری متفرقه", "Laufkundschaft", "Client de passage", "Гость",
     "Consumidor final", "Peşin müşteri", "Sprzedaż detaliczna", "-1", "0", "TEST"],
)  # fmt: skip
def test_an_id_that_says_nobody_is_asked_about(tmp_path: Path, nobody: str) -> None:
    ids = ["c7", "c8", "c7", nobody]
    mapping = orders(tmp_path, ids)
    with pytest.raises(InputError, match="Do these ids stand for nobody"):
        read_log(Shop("UTC", "EUR"), mapping)
    (question,) = check_files(Shop("UTC", "EUR"), mapping).questions
    assert question.likely.settings == {"orders.guests": (nobody,)}
    assert list(read_log(Shop("UTC", "EUR"), orders(tmp_path, ids, guests=(nobody,))).log.customer_ids) == ["c7", "c8"]
    assert read_log(Shop("UTC", "EUR"), orders(tmp_path, ids, guests=())).log.n_customers == 3


@pytest.mark.parametrize(
    "ids", [["0", "1", "2", "0"], ["-2", "-1", "-3", "-2"], ["Test Valley", "Gastro GmbH", "Guesthouse Ltd"]]
)
def test_real_ids_are_customers(tmp_path: Path, ids: list[str]) -> None:
    assert read_log(Shop("UTC", "EUR"), orders(tmp_path, ids)).log.n_customers == len(set(ids))


def test_a_zero_with_far_more_orders_than_others_is_asked_about(tmp_path: Path) -> None:
    ids = ["0"] * 12 + ["1", "2", "3", "1"]
    (question,) = check_files(Shop("UTC", "EUR"), orders(tmp_path, ids)).questions
    assert question.likely.settings == {"orders.guests": ("0",)}

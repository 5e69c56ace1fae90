"""What forgetting cannot reach is named wherever the orders live."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from features.sources.mapping import OrdersMapping, Shop
from serving.commands.privacy.beyond_reach import yours
from serving.commands.privacy.persons import Person
from serving.config import Settings

COLUMNS = {"customer_id": "customer_id", "ordered_at": "day", "amount": "total"}
FILE = OrdersMapping(Path("orders.csv"), COLUMNS)
DATABASE = OrdersMapping(columns=COLUMNS, url="postgresql://reader@127.0.0.1/shop", table="sales.orders")


@pytest.mark.parametrize(("orders", "wanted"), [(FILE, {"scores.csv"}), (DATABASE, {"orders.csv", "scores.csv"})])
def test_a_file_beside_regulars_toml_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: OrdersMapping, wanted: set[str]
) -> None:
    """Orders of a database lie in no file: what lies in the shop's folder was written there, and is looked through."""
    monkeypatch.chdir(tmp_path)  # as whoever runs a shop does
    for name in ("orders.csv", "scores.csv"):
        (tmp_path / name).write_text("customer_id,probability\n17,0.5\n18,0.4\n", encoding="utf-8")
    settings = Settings(Shop("UTC", "EUR"), orders.at(tmp_path), folder=tmp_path)
    assert {each.where for each in yours(settings, [Person("17")], {})} == wanted
    assert not yours(settings, [Person("19")], {})


def test_an_answer_to_somebody_who_asked_is_named(tmp_path: Path) -> None:
    """The file of export-customer, although it is packed."""
    with zipfile.ZipFile(tmp_path / "answer.zip", "w") as archive:
        archive.writestr("customer.json", json.dumps({"customer_id": "17"}, indent=1))
    settings = Settings(Shop("UTC", "EUR"), DATABASE, folder=tmp_path)
    assert [each.where for each in yours(settings, [Person("17")], {})] == ["answer.zip"]
    assert not yours(settings, [Person("1")], {})

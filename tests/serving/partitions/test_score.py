"""Law: scores in partitions are those of the scorer on the whole log, to the last bit, reasons included."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.churn.labels import complete_until
from features.clock import date_of
from features.errors import InputError
from features.log import Log
from features.machine import this_machine
from features.simulation.accounts import simulate_accounts
from features.sources.mapping import OrdersMapping, Shop
from features.sources.partitions.joined_logs import joined_logs, narrow
from features.sources.partitions.read import PartitionedLog, read_partitions
from features.sources.reader import read_log
from serving.partitions import score as in_partitions
from serving.partitions.score import OF_LESS, score_partitions
from serving.score_table import score_schema
from serving.scorer import Reasons, score
from tests.laws.test_balance_sheet import SHOP
from tests.laws.test_partitions_agree import ROW_FIELDS, Row, mapped, put, written
from tests.serving.conftest import SmallShop
from tests.training.forecasts.test_buys_less import DEFINITION
from training.backtest.own_past import judge
from training.bundle import Bundle
from training.forecasts.buys_less import fit_buys_less

MACHINE = this_machine(1, 2)
COLUMNS = {name: name for name in ("order_id", "customer_id", "ordered_at", "amount", "category")}


def read_in(folder: Path, shop: SmallShop, partitions: int) -> PartitionedLog:
    settings = shop.settings
    return read_partitions(settings.shop, settings.orders, settings.events, folder, partitions, MACHINE)


def scored(log: PartitionedLog, bundle: Bundle, as_of: date, folder: Path, reasons: Reasons = "auto") -> pd.DataFrame:
    found = score_partitions(log, bundle, "7", as_of, folder, MACHINE, reasons=reasons).scores
    frames = list(found.frames())
    assert sum(map(len, frames)) == found.rows
    return pd.concat(frames, ignore_index=True)


def same(found: pd.DataFrame, expected: pd.DataFrame, bundle: Bundle) -> None:
    """The same frame, and the same table."""
    assert dict(found.dtypes) == dict(expected.dtypes)
    schema = score_schema(bundle.money)
    left, right = (pa.Table.from_pandas(frame, schema, preserve_index=False) for frame in (found, expected))
    assert left.equals(right)
    assert found["value_at_risk"].tolist() == expected["value_at_risk"].tolist()
    assert list(map(str, found["expected_spend"])) == list(map(str, expected["expected_spend"]))


@pytest.mark.parametrize("partitions", [1, 3, 8])
@pytest.mark.parametrize("name", ["logistic", "lightgbm"])
def test_everybody_is_explained_in_a_small_shop(shop: SmallShop, tmp_path: Path, name: str, partitions: int) -> None:
    bundle = shop.bundles[name]
    expected = score(shop.log, bundle, "7", shop.as_of)
    assert any(expected["reasons"])
    same(scored(read_in(tmp_path, shop, partitions), bundle, shop.as_of, tmp_path), expected, bundle)


@given(written(), st.sampled_from((1, 3, 8)), st.sampled_from(("logistic", "lightgbm")))
def test_random_shops_are_scored_alike(shop: SmallShop, rows: list[Row], partitions: int, name: str) -> None:
    bundle = shop.bundles[name]
    with TemporaryDirectory() as folder:
        orders = mapped([put(Path(folder), "orders.csv", ROW_FIELDS, rows)], ROW_FIELDS)
        try:
            log = read_log(SHOP, orders, None).log
            expected = score(log, bundle, "7", date_of(log.last_day + 1))
        except InputError:
            return  # what is refused as a whole is refused in partitions: tests/laws/test_partitions_agree.py
        found = read_partitions(SHOP, orders, None, Path(folder), partitions, MACHINE)
        same(scored(found, bundle, date_of(log.last_day + 1), Path(folder)), expected, bundle)


@pytest.mark.parametrize("reasons", ["none", "all"])
def test_reasons_are_told_as_they_are_asked_for(shop: SmallShop, tmp_path: Path, reasons: Reasons) -> None:
    bundle = shop.bundles["lightgbm"]
    expected = score(shop.log, bundle, "7", shop.as_of, reasons=reasons)
    same(scored(read_in(tmp_path, shop, 3), bundle, shop.as_of, tmp_path, reasons), expected, bundle)


def test_of_a_large_shop_the_most_valuable_are_explained_by_what_a_sample_has_in_common(
    shop: SmallShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What "large" means is made small on both sides."""
    for name, small in (("EXPLAIN_ALL_BELOW", 20), ("EXPLAIN_TOP", 9)):
        monkeypatch.setattr(f"serving.scorer.{name}", small)
        monkeypatch.setattr(in_partitions, name, small)
    monkeypatch.setattr("training.explain.SAMPLE", 40)
    monkeypatch.setattr(in_partitions, "SAMPLE", 40)
    bundle = shop.bundles["lightgbm"]
    expected = score(shop.log, bundle, "7", shop.as_of)
    assert expected["reasons"].notna().sum() == 9
    same(scored(read_in(tmp_path, shop, 3), bundle, shop.as_of, tmp_path), expected, bundle)


def test_nobody_to_score_is_said_as_the_scorer_says_it(shop: SmallShop, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody to score: no customer ordered in the 120 days before 2030"):
        scored(read_in(tmp_path, shop, 3), shop.bundles["logistic"], shop.as_of.replace(year=2030), tmp_path)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> OrdersMapping:
    path = tmp_path_factory.mktemp("accounts") / "orders.csv"
    simulate_accounts(600, seed=3, days=540).orders.to_csv(path, index=False)
    return OrdersMapping(path, COLUMNS)


@pytest.fixture(scope="module")
def log_of_accounts(accounts: OrdersMapping) -> Log:
    return read_log(Shop("UTC", "EUR"), accounts, None).log


def test_the_movement_of_the_whole_shop_is_set_apart(
    accounts: OrdersMapping, log_of_accounts: Log, shop: SmallShop, tmp_path: Path
) -> None:
    log = log_of_accounts
    learnt = fit_buys_less(log, DEFINITION, complete_until(log), judge)
    bundle = replace(shop.bundles["logistic"], definition=DEFINITION, buys_less=learnt)
    as_of = date_of(complete_until(log))
    expected = score(log, bundle, "7", as_of, reasons="none")
    assert expected["shrinking"].map(len).any()
    assert expected["lost_categories"].map(len).any()
    found = read_partitions(Shop("UTC", "EUR"), accounts, None, tmp_path, 3, MACHINE)
    same(scored(found, bundle, as_of, tmp_path, "none"), expected, bundle)


def test_the_logs_of_partitions_are_one_log_again(
    accounts: OrdersMapping, log_of_accounts: Log, tmp_path: Path
) -> None:
    found = read_partitions(Shop("UTC", "EUR"), accounts, None, tmp_path, 3, MACHINE)
    parts = list(found.logs())
    assert joined_logs(parts).digest() == log_of_accounts.digest()
    assert joined_logs([narrow(part, OF_LESS) for part in parts]).digest() == narrow(log_of_accounts, OF_LESS).digest()

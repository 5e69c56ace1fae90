"""The room that every command and the server share: the log with what was posted, and no trainer in it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.clock import date_of
from features.errors import ConfigError, InputError
from features.sources.people.attribute_settings import FeatureSettings
from features.sources.reader import CleanLog, read_log
from serving.book import Book
from serving.book.posted import PostedEvent, PostedOrder, record_events, record_orders
from serving.commands.data.features import write_features
from serving.commands.lists.kpis import shop_kpis
from serving.config import BOOK_URL, Settings, load_settings
from serving.shop import OpenShop, chosen_day, open_shop, reader_of
from tests.serving.conftest import in_shop
from tests.serving.read_back import latest_run


@pytest.fixture
def settings(shop: Any, tmp_path: Path) -> Settings:
    """A shop's files of a test's own, without a book."""
    shop.copy_files(tmp_path)
    return load_settings(tmp_path / "regulars.toml")


def post(settings: Settings, on: date, customer_id: str = "new one") -> None:
    with OpenShop(settings) as opened:
        book = opened.book
        line = {"ordered_at": f"{on} 12:00", "amount": "20.00"}
        record_orders(book, [PostedOrder("posted", customer_id, [line])], reader_of(settings))
        record_events(book, [PostedEvent("e", customer_id, "call_sent", f"{on} 12:00")], reader_of(settings))


def test_orders_are_counted_twice_where_that_is_asked_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[bool] = []
    once = read_log

    def noted(*given: Any, **named: Any) -> CleanLog:
        counted.append(named["count_twice"])
        return once(*given, **named)

    monkeypatch.setattr("serving.shop.opened.read_log", noted)
    listed, trained = OpenShop(settings), OpenShop(settings)
    trained.count_twice()
    assert listed.log.digest() == trained.log.digest()
    assert counted == [False, True]


def test_reading_makes_no_book_and_an_empty_one_changes_nothing(shop: Any, settings: Settings) -> None:
    assert OpenShop(settings).reading.log.digest() == shop.log.digest()
    assert not (settings.folder / "book.db").exists()
    with OpenShop(settings) as opened:
        book = opened.book
        assert OpenShop(settings, book=book).reading.log.digest() == shop.log.digest()
    assert OpenShop(settings).reading.log.digest() == shop.log.digest()


def test_a_shop_opens_from_its_folder_its_toml_or_an_orders_file(shop: Any, settings: Settings) -> None:
    with (
        open_shop(settings.folder) as whole,
        open_shop(str(settings.folder / "regulars.toml"), until=shop.as_of) as known,
    ):
        assert whole.settings == known.settings == settings
        assert whole.log.digest() == known.log.digest() == shop.log.digest()
    with open_shop(settings.folder / "orders.csv") as guessed:
        assert guessed.settings.folder == settings.folder  # where its book would lie
        assert guessed.settings.churn.horizon_days == "auto"
        assert set(guessed.log.customer_ids) <= set(shop.log.customer_ids)
    with pytest.raises(ConfigError, match=r"there is no .*nothing\.toml"):
        open_shop(settings.folder / "nothing.toml")


def test_what_was_posted_is_part_of_the_log_for_everyone(shop: Any, settings: Settings, tmp_path: Path) -> None:
    post(settings, shop.as_of)
    reading = OpenShop(settings).reading
    assert reading.log.digest() != shop.log.digest()
    assert "new one" in reading.log.customer_ids
    assert "call_sent" in reading.log.kinds
    assert chosen_day(reading.log, None) == shop.as_of + timedelta(1)
    with Book(settings.folder).engine.connect(), OpenShop(settings) as opened:
        book = opened.book
        assert OpenShop(settings, book=book).reading.log.digest() == reading.log.digest()
    in_shop(settings, write_features, tmp_path / "features.csv")
    assert "new one" in set(pd.read_csv(tmp_path / "features.csv")["customer_id"])
    told = in_shop(settings, shop_kpis)
    assert told.table.end == reading.log.last_day + 1
    assert date_of(told.table.end) == shop.as_of + timedelta(1)


def test_a_post_on_or_after_until_does_not_exist(shop: Any, settings: Settings) -> None:
    day = shop.as_of - timedelta(30)
    before = OpenShop(settings, until=day).reading.log.digest()
    post(settings, day)
    assert OpenShop(settings, until=day).reading.log.digest() == before
    assert OpenShop(settings, until=day + timedelta(1)).reading.log.n_customers > 0
    assert "new one" in OpenShop(settings, until=day + timedelta(1)).reading.log.customer_ids


def test_an_order_of_the_file_wins(shop: Any, settings: Settings) -> None:
    with OpenShop(settings) as opened:
        book = opened.book
        known, line = str(shop.orders["order_id"].iloc[0]), {"ordered_at": "2023-01-05", "amount": "9999"}
        record_orders(book, [PostedOrder(known, "somebody else", [line])], reader_of(settings))
    assert OpenShop(settings).reading.log.digest() == shop.log.digest()


def test_an_order_of_tomorrow_is_refused(settings: Settings) -> None:
    with OpenShop(settings) as opened:
        book = opened.book
        tomorrow = {"ordered_at": "2199-01-01", "amount": "1"}
        with pytest.raises(InputError, match="in the past"):
            record_orders(book, [PostedOrder("1", "ann", [tomorrow])], reader_of(settings))


def test_a_posted_amount_is_its_lines_whatever_the_files_are(shop: Any, settings: Settings) -> None:
    toml = settings.folder / "regulars.toml"
    text = toml.read_text(encoding="utf-8").replace('file = "orders.csv"', 'file = "orders.csv"\nreturn_prefix = "R"')
    toml.write_text(text.replace("[orders.columns]", 'amount_is = "order"\n[orders.columns]'), encoding="utf-8")
    rules = reader_of(load_settings(toml)).rules
    assert (rules.amount_is, rules.price_times_quantity, rules.return_prefix) == ("line", False, "R")


def with_regions(settings: Settings, use: str) -> Settings:
    """Give every customer a region, and say which columns are features."""
    file, toml = settings.folder / "customers.csv", settings.folder / "regulars.toml"
    head, *rows = file.read_text(encoding="utf-8").splitlines()
    regions = [f"{row},{'north' if place % 2 else 'south'}" for place, row in enumerate(rows)]
    file.write_text("\n".join([f"{head},Region", *regions, ""]), encoding="utf-8")
    toml.write_text(toml.read_text(encoding="utf-8") + f"\n[features]\nuse = [{use}]\n", encoding="utf-8")
    return load_settings(toml)


def test_columns_of_the_customers_file_are_part_of_the_log_where_they_are_features(
    shop: Any, settings: Settings, tmp_path: Path
) -> None:
    known = with_regions(settings, '"Region"')
    log = OpenShop(known).log
    assert log.attributes == ("region",)
    assert log.digest() != shop.log.digest()
    in_shop(known, write_features, tmp_path / "features.csv")
    frame = pd.read_csv(tmp_path / "features.csv")
    assert frame["customer_region_share"].between(0.3, 0.7).all()
    assert frame["customer_region_log_odds"].nunique() == 2


def test_columns_of_the_first_order_are_part_of_it_too(shop: Any, settings: Settings) -> None:
    """A product is no channel, but a column of the orders like any."""
    channel = replace(settings, features=FeatureSettings(first_order=("returned",)))
    log = OpenShop(channel).log
    assert log.attributes == ("first_returned",)
    assert log.is_dated("first_returned")
    assert set(log.words["attribute:first_returned"]) <= {"True", "False", "true", "false"}
    assert len(log.streams["attribute:first_returned"]) == shop.log.n_customers


def test_a_feature_needs_its_file_and_its_column(settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"name that file under \[customers\]"):
        _ = OpenShop(replace(settings, customers=None, features=FeatureSettings(use=("Region",)))).log
    with pytest.raises(InputError, match="Regoin"):
        _ = OpenShop(with_regions(settings, '"Regoin"')).log


def test_an_open_book_stays_open(settings: Settings) -> None:
    with OpenShop(settings) as opened:
        book = opened.book
        with OpenShop(settings, book=book) as same:
            assert same.book is book
        assert latest_run(book) is None


def test_a_book_by_url_is_asked_too(
    shop: Any, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BOOK_URL, f"sqlite:///{tmp_path / 'elsewhere.db'}")
    post(settings, shop.as_of)
    assert "new one" in OpenShop(settings).reading.log.customer_ids
    assert not (settings.folder / "book.db").exists()


def test_the_room_is_light_and_what_the_server_imports_holds_no_trainer() -> None:
    """In fresh interpreters, as the imports of this test run say nothing."""
    heavy = "print(*{'sqlalchemy', 'mlflow', 'lightgbm', 'sklearn', 'alembic'} & set(sys.modules))"
    trainer = "print(*{'training.train', 'training.backtest.backtest'} & set(sys.modules))"
    commands = ", ".join(
        f"serving.commands.lists.{name}" for name in ("kpis", "effect", "why", "list", "report_outcomes")
    )
    rooms = f"{commands}, serving.api.fresh_scores"
    for code in (f"import sys, serving.shop; {heavy}", f"import sys, {rooms}; {trainer}"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ""

"""regulars.toml: what it says, what is wrong with it, and that it survives being written."""

import dataclasses
from pathlib import Path

import pytest

from features.errors import ConfigError
from features.labels import ChurnDefinition
from features.log import Lines
from features.mapping import CustomersMapping, EventsMapping, FileFormat, OrdersMapping, Shop
from features.roll_up import roll_up
from serving.config import Churn, ListSettings, Settings, load_settings, toml_text

PLAIN = """
[shop]
zone = "Europe/Athens"
currency = "EUR"
[orders]
file = "orders.csv"
[orders.columns]
customer_id = "Customer"
ordered_at = "Date"
amount = "Total"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "regulars.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_lie_beside_the_file(tmp_path):
    settings = load_settings(written(tmp_path, PLAIN))
    assert settings.orders.file == tmp_path / "orders.csv"
    assert settings.folder == tmp_path


def test_windows_can_be_given_on_the_way(tmp_path):
    settings = load_settings(written(tmp_path, PLAIN), horizon_days=14, orders=Path("other.csv"))
    assert (settings.definition.horizon_days, settings.definition.active_days) == (14, 90)
    assert settings.orders.file == Path("other.csv").resolve()


def test_auto_leaves_the_windows_to_the_log(tmp_path):
    log = roll_up(Lines.of(["ann"] * 40, list(range(0, 400, 10)), [700] * 40))
    settings = load_settings(written(tmp_path, PLAIN + '[churn]\nhorizon_days = "auto"\n'))
    assert settings.definition_for(log) == ChurnDefinition(14, 90)
    assert settings.said_auto(ChurnDefinition(14, 90))[0].startswith("horizon_days = auto: 14 days")
    assert settings.agrees_with(ChurnDefinition(60, 180))
    with pytest.raises(ConfigError, match="only a log can say"):
        _ = settings.definition
    assert load_settings(tmp_path / "regulars.toml", horizon_days=30).definition_for(log) == ChurnDefinition(30, 90)


def test_an_active_window_that_is_given_stays_beside_auto(tmp_path):
    log = roll_up(Lines.of(["ann"] * 40, list(range(0, 400, 10)), [700] * 40))
    settings = load_settings(written(tmp_path, PLAIN), horizon_days="auto", active_days=200)
    assert settings.definition_for(log) == ChurnDefinition(14, 200)
    assert not settings.agrees_with(ChurnDefinition(14, 90))
    assert load_settings(written(tmp_path, toml_text(settings))).churn == Churn("auto", 200)


def test_every_wrong_key_and_value_is_named_at_once(tmp_path):
    text = PLAIN.replace("currency", "curency") + '[churn]\nhorizon_days = "long"\n[lists]\ncapacity = 3\n'
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text))
    said = str(caught.value)
    assert 'regulars.toml, shop.curency: no such key. Did you mean "currency"?' in said
    assert 'regulars.toml, lists: no such key. Did you mean "list"?' in said
    assert 'regulars.toml, churn.horizon_days: horizon_days is a number of days or "auto", not "long"' in said
    assert "regulars.toml, shop.currency: missing" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[shop", "is not TOML"),
        (PLAIN.replace("Europe/Athens", "Europe/Athen"), 'zone "Europe/Athen" does not exist'),
        (PLAIN.replace('"EUR"', '"euro"'), "three capital letters"),
        (PLAIN.replace("amount =", "amonut ="), 'Did you mean "amount"?'),
        (PLAIN + "[churn]\nhorizon_days = 0\n", "from 1 to 3650, not 0"),
        (PLAIN + '[churn]\nhorizon_days = "auto"\nactive_days = 0\n', "from 1 to 3650, not 0"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_do(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text))
    assert said in str(caught.value)


def test_without_a_file_it_says_how_to_write_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"regulars init orders\.csv"):
        load_settings()


def test_what_is_written_is_read_back(tmp_path):
    settings = Settings(
        shop=Shop("Asia/Tehran", "IRR", "04:00", {"USD": "42000.5"}),
        orders=OrdersMapping(
            tmp_path / "سفارش.csv",
            {"customer_id": 'odd "name"', "ordered_at": "تاریخ", "price": "قیمت", "quantity": "تعداد"},
            price_times_quantity=True,
            return_prefix="C",
            format=FileFormat(delimiter="\t", decimal=",", encoding="cp1256", calendar="jalali"),
        ),
        events=EventsMapping(tmp_path / "e.csv", {"customer_id": "c", "happened_at": "t"}, kind="visit"),
        customers=CustomersMapping(tmp_path / "c.csv", {"customer_id": "c", "owner": "o"}),
        churn=Churn(14, 60),
        list=ListSettings(capacity=5, rank_by="probability"),
        folder=tmp_path,
    )
    read = load_settings(written(tmp_path, toml_text(settings, ["nothing"])))
    assert dataclasses.asdict(read) == {
        **dataclasses.asdict(settings),
        "shop": dataclasses.asdict(read.shop),  # rates are read as Decimal
    }
    assert {k: float(v) for k, v in read.shop.exchange_rates.items()} == {"USD": 42000.5}

"""A shop remembers the shares of its last good reading, and asks about one that jumped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from features.errors import InputError
from serving.commands.data.check import check_shop
from serving.config import FILE_NAME, load_settings
from serving.last_reading import FILE
from serving.shop import OpenShop, open_shop

TOML = """[shop]
zone = "UTC"
currency = "EUR"
[orders]
file = "orders.csv"
[orders.columns]
customer_id = "who"
ordered_at = "day"
amount = "money"
status = "state"
"""


def orders(folder: Path, cancelled: int, rows: int = 300) -> None:
    lines = [
        f"c{n % 40},2024-{1 + n % 6:02}-{1 + n % 27:02},10,{'cancelled' if n < cancelled else 'paid'}"
        for n in range(rows)
    ]
    (folder / "orders.csv").write_text("\n".join(["who,day,money,state", *lines]) + "\n")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / FILE_NAME).write_text(TOML)
    orders(tmp_path, cancelled=2)
    return tmp_path


def opened(folder: Path) -> OpenShop:
    return OpenShop(load_settings(folder / FILE_NAME))


def test_a_share_that_jumped_stops_until_it_is_answered_and_is_then_the_new_one(shop: Path) -> None:
    assert check_shop(opened(shop)).ok
    kept = shop / ".regulars" / FILE
    remembered = json.loads(kept.read_text())
    assert remembered["rows"] == 300
    assert remembered["shares"]["cancelled"]["rows"] == pytest.approx(2 / 300)
    assert kept.stat().st_mode & 0o777 == 0o600

    orders(shop, cancelled=13)  # fewer than the one in twenty that is always asked about
    checked = check_shop(opened(shop))
    assert "when this shop was last read it was 0.7%" in checked.questions[0].words
    with pytest.raises(InputError, match=r'write accept = \["cancelled"\] under \[orders\]'):
        _ = opened(shop).log
    assert json.loads(kept.read_text()) == remembered

    (shop / FILE_NAME).write_text(TOML.replace("[orders.columns]", 'accept = ["cancelled"]\n[orders.columns]'))
    assert opened(shop).log.n_customers == 40
    assert json.loads(kept.read_text())["shares"]["cancelled"]["rows"] == pytest.approx(13 / 300)


def test_other_settings_and_a_part_of_the_orders_are_not_compared(shop: Path) -> None:
    assert check_shop(opened(shop)).ok
    orders(shop, cancelled=13)
    (shop / FILE_NAME).write_text(TOML.replace("[orders.columns]", "return_prefix = 'R'\n[orders.columns]"))
    assert check_shop(opened(shop)).ok


def test_a_file_that_was_changed_by_hand_counts_as_nothing(shop: Path) -> None:
    (shop / ".regulars").mkdir()
    (shop / ".regulars" / FILE).write_text("[]")
    assert check_shop(opened(shop)).ok


def test_an_orders_file_that_is_read_from_python_leaves_nothing_behind(shop: Path) -> None:
    (shop / FILE_NAME).unlink()
    content = (shop / "orders.csv").read_text().replace("who,day", "customer,day", 1)
    (shop / "orders.csv").write_text(content)
    with open_shop(shop / "orders.csv") as found:
        assert found.log.n_customers == 40
    assert [each.name for each in shop.iterdir()] == ["orders.csv"]

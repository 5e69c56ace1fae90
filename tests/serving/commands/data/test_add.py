"""Month two: the next export beside the former ones, what it changed, and what had been known before it came."""

import json
from datetime import UTC, date, datetime

import pytest

from features.errors import InputError
from features.sources.kept.index import FOLDER, INDEX, kept_in
from serving.commands.data.add import add_exports
from serving.config import load_settings
from serving.shop import OpenShop

HEAD = "Order ID,Customer,Date,Status,Total\n"
MAPPING = """[shop]
zone = "Europe/Berlin"  # written by hand
currency = "EUR"

[orders]
file = "january.csv"
accept = ["cancelled"]

[orders.columns]
order_id = "Order ID"
customer_id = "Customer"
ordered_at = "Date"
status = "Status"
amount = "Total"
"""


def rows(first, last, month="2026-01", status="paid", total=10):
    days = (f"{number % 28 + 1:02}" for number in range(first, last))
    return "".join(
        f"{number},c{number % 9},{month}-{day},{status},{total}.00\n"
        for number, day in zip(range(first, last), days, strict=True)
    )


@pytest.fixture
def toml(tmp_path):
    (tmp_path / "january.csv").write_text(HEAD + rows(1, 41))
    # February's export begins with orders of January: two came back cancelled, two are as they were.
    again = rows(37, 39, status="cancelled") + rows(39, 41) + rows(41, 71, "2026-02", total=20)
    (tmp_path / "february.csv").write_text(HEAD + again)
    file = tmp_path / "regulars.toml"
    file.write_text(MAPPING)
    return file


def test_the_next_export_stands_beside_the_former_and_the_sheet_says_what_is_new(call, toml, tmp_path):
    code, out, err = call("add", tmp_path / "february.csv", "--config", toml, "--json")
    assert code == 0, (out, err)
    brought = json.loads(out)["brought"]
    assert brought["came in"] == {"rows": 34, "orders": 30, "money": {"EUR": "640.00"}}
    changed = brought["changed (earlier states of orders that came again, left out)"]
    assert changed == {"rows": 2, "orders": 2, "money": {"EUR": "20.00"}}
    assert brought["there already (lines that came again as they were)"]["rows"] == 2
    # 30 new orders of 20.00, less two of 10.00 that were cancelled meanwhile.
    assert brought["the log holds more"] == {"rows": 28, "orders": 28, "money": {"EUR": "580.00"}}

    folder = tmp_path / FOLDER
    assert [each.original for each in kept_in(folder)] == ["january.csv", "february.csv"]
    for each in kept_in(folder):
        assert (folder / each.name).read_bytes() == (tmp_path / each.original).read_bytes()
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert toml.read_text() == MAPPING.replace("january.csv", FOLDER)

    code, out, _ = call("check", "--config", toml, "--json")
    assert code == 0
    assert json.loads(out)["balance_sheet"]["counted"]["orders"] == 68


def test_the_same_file_twice_is_once(call, toml, tmp_path):
    call("add", tmp_path / "february.csv", "--config", toml)
    before = sorted(tmp_path.joinpath(FOLDER).iterdir())
    (tmp_path / "again.csv").write_bytes((tmp_path / "february.csv").read_bytes())

    code, out, _ = call("add", tmp_path / "again.csv", "--config", toml)
    assert code == 0
    assert "again.csv is there already, as 0002-" in out
    assert sorted(tmp_path.joinpath(FOLDER).iterdir()) == before


def test_a_file_that_cannot_be_read_beside_the_others_changes_nothing(call, toml, tmp_path):
    (tmp_path / "broken.csv").write_text(HEAD + "99,c1,someday,paid,10.00\n")
    code, _, err = call("add", tmp_path / "broken.csv", "--config", toml)
    assert code == 2
    assert "nothing was added" in err
    assert '"someday" is not a date' in err
    assert not (tmp_path / FOLDER).exists()
    assert toml.read_text() == MAPPING


def test_what_came_later_was_not_known(call, toml, tmp_path):
    add_exports(toml, load_settings(toml), [tmp_path / "february.csv"], datetime(2026, 3, 1, 9, tzinfo=UTC))
    folder = tmp_path / FOLDER
    index = (folder / INDEX).read_text()
    first = kept_in(folder)[0].imported_at.isoformat()
    (folder / INDEX).write_text(index.replace(first, "2026-02-01T09:00:00+00:00"))
    settings = load_settings(toml)

    with OpenShop(settings) as shop:
        assert shop.reading.sheet.counted.orders == 68
    with OpenShop(settings.known_on(date(2026, 2, 28))) as shop:
        assert shop.reading.sheet.counted.orders == 40
    with pytest.raises(InputError, match="nothing was known on 2026-01-31: the first export came on 2026-02-01"):
        settings.known_on(date(2026, 1, 31))

    code, out, err = call("check", "--config", toml, "--known-at", "2026-02-28", "--json")
    assert code == 0, (out, err)
    assert json.loads(out)["balance_sheet"]["read"]["rows"] == 40


def test_known_at_needs_exports_that_were_added(call, toml):
    code, _, err = call("check", "--config", toml, "--known-at", "2026-02-28")
    assert code == 2
    assert "regulars add FILE" in err


def test_a_database_needs_nothing_added(call, toml, tmp_path):
    toml.write_text(MAPPING.replace('file = "january.csv"', 'url = "duckdb://shop.duckdb"\ntable = "orders"'))
    code, _, err = call("add", tmp_path / "february.csv", "--config", toml)
    assert code == 2
    assert "there is nothing to add" in err


def test_a_toml_of_another_shape_is_named_with_the_line_to_write(call, toml, tmp_path):
    toml.write_text(MAPPING.replace('file = "january.csv"', 'file = """january.csv"""'))
    code, _, err = call("add", tmp_path / "february.csv", "--config", toml)
    assert code == 2
    assert f'write file = "{FOLDER}" under [orders]' in err
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("left", ["copies alone", "copies and their index"])
def test_a_killed_add_is_brought_to_its_end_by_the_next(call, toml, tmp_path, left):
    """Killed before the index was written, or before regulars.toml named the folder: nothing is read twice."""
    before = toml.read_text()
    _, unbroken, _ = call("add", tmp_path / "february.csv", "--config", toml, "--json")
    names = [each.name for each in kept_in(tmp_path / FOLDER)]
    toml.write_text(before)
    if left == "copies alone":
        (tmp_path / FOLDER / INDEX).unlink()
    code, again, err = call("add", tmp_path / "february.csv", "--config", toml, "--json")
    assert code == 0, err
    assert [each.name for each in kept_in(tmp_path / FOLDER)] == names
    assert sorted(file.name for file in (tmp_path / FOLDER).glob("*.csv")) == names
    assert json.loads(again)["brought"] == json.loads(unbroken)["brought"]
    with OpenShop(load_settings(toml)) as shop:
        assert shop.reading.sheet.counted.orders == 68


def test_a_copy_that_nobody_indexed_is_read_once_with_the_export_that_comes_again(call, toml, tmp_path):
    """Killed in a later month, when regulars.toml names the folder: the copy is read beside the others until then."""
    add_exports(toml, load_settings(toml), [tmp_path / "february.csv"])
    march = tmp_path / "march.csv"
    march.write_text(HEAD + rows(71, 91, "2026-03"))
    call("add", march, "--config", toml)
    index = tmp_path / FOLDER / INDEX
    parts = index.read_text().split("[[export]]")
    index.write_text("[[export]]".join(parts[:-1]))
    (march.parent / FOLDER / "0009-by-hand.csv").write_text(HEAD + rows(91, 93, "2026-03"))
    _, out, _ = call("add", march, "--config", toml, "--json")
    assert json.loads(out)["brought"]["came in"]["rows"] == 20
    assert [each.original for each in kept_in(tmp_path / FOLDER)] == ["january.csv", "february.csv", "march.csv"]
    assert len(list((tmp_path / FOLDER).glob("*.csv"))) == 4


def test_a_run_that_was_killed_after_an_add_still_says_what_it_brought(toml, tmp_path):
    began = datetime(2026, 3, 1, 9, tzinfo=UTC)
    first = add_exports(toml, load_settings(toml), [tmp_path / "february.csv"], began, since=began)
    again = add_exports(toml, load_settings(toml), [tmp_path / "february.csv"], since=began)
    assert (again.brought, again.kept, again.there_already) == (first.brought, first.kept, {})
    later = add_exports(toml, load_settings(toml), [tmp_path / "february.csv"], since=datetime(2026, 3, 2, tzinfo=UTC))
    assert (list(later.there_already), later.kept) == (["february.csv"], [])

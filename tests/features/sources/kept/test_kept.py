"""Copies of exports: when each came is known, and a customer goes out of all of them."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from features.errors import InputError
from features.file_access import OWNER_ONLY
from features.sources.kept.erase import erase_from
from features.sources.kept.index import INDEX, keep, kept_in, known_on, write_index
from features.sources.mapping import FileFormat, OrdersMapping, Shop
from features.sources.reader import check_files

COLUMNS = {"customer_id": "Kunde", "ordered_at": "Datum", "amount": "Betrag", "order_id": "Nr"}
SHOP = Shop("Europe/Berlin", "EUR", "04:00")


def as_it_is(copy):
    """Take nothing out."""


def keep_all(folder, *exports):
    kept = [
        keep(folder, file, number, datetime(2026, number, 1, 2, 30, tzinfo=UTC), OWNER_ONLY, as_it_is)
        for number, file in enumerate(exports, start=1)
    ]
    write_index(folder, kept, OWNER_ONLY)
    return kept


@pytest.fixture
def export(tmp_path):
    def make(name, content, encoding="utf-8"):
        file = tmp_path / name
        file.write_bytes(content.encode(encoding))
        return file

    return make


def test_an_index_tells_what_was_known_on_a_day(tmp_path, export):
    folder = tmp_path / "kept"
    kept = keep_all(folder, export("a.csv", "Nr\n1\n"), export('Größe "b".csv', "Nr\n2\n"))

    assert kept_in(folder) == tuple(kept)
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
    # It came at 03:30 in Berlin, half an hour before the business day of 1 February began.
    assert known_on(folder, SHOP, date(2026, 1, 31)) == (folder / kept[0].name, folder / kept[1].name)
    assert known_on(folder, SHOP, date(2026, 1, 30)) == (folder / kept[0].name,)
    with pytest.raises(InputError, match="nothing was known on 2025-12-30: the first export came on 2025-12-31"):
        known_on(folder, SHOP, date(2025, 12, 30))


def test_a_damaged_index_is_said(tmp_path):
    (tmp_path / INDEX).write_text('[[export]]\nname = "a.csv"\n')
    with pytest.raises(InputError, match=r"index.toml cannot be read: 'digest'"):
        kept_in(tmp_path)


@pytest.mark.parametrize(
    ("name", "start"), [("a.xlsx", b"PK\x03\x04"), ("a.csv.gz", b"\x1f\x8b"), ("a.jsonl", b'{"a": 1}')]
)
def test_what_no_customer_could_be_erased_from_is_not_kept(tmp_path, name, start):
    (tmp_path / name).write_bytes(start)
    with pytest.raises(InputError, match="add it as CSV or Parquet"):
        keep(tmp_path / "kept", tmp_path / name, 1, datetime(2026, 1, 1, tzinfo=UTC), OWNER_ONLY, as_it_is)


TEXT = 'Shop report\r\nNr;Kunde;Datum;Betrag;Notiz\r\n1;7;01.02.2026;5,00;"a\r\nb;7"\r\n'
TEXT += '7;8;02.02.2026;6,00;ß\r\n2;" 7 ";03.02.2026;1,00;\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_text_loses_the_rows_of_a_customer_and_nothing_else(tmp_path, export, encoding):
    folder = tmp_path / "kept"
    (kept,) = keep_all(folder, export("a.csv", TEXT, encoding))
    form = FileFormat(";", ",", "utf-8" if encoding == "utf-8-sig" else encoding, "%d.%m.%Y")
    orders = OrdersMapping(folder, COLUMNS, format=form)

    assert erase_from(folder, orders, ["7"], OWNER_ONLY) == 2
    left = "Shop report\r\nNr;Kunde;Datum;Betrag;Notiz\r\n7;8;02.02.2026;6,00;ß\r\n"
    assert (folder / kept.name).read_bytes() == left.encode(encoding)
    assert check_files(SHOP, orders).sheet.read.rows == 1
    assert erase_from(folder, orders, ["7"], OWNER_ONLY) == 0


def test_parquet_loses_the_rows_of_a_customer_in_any_way_of_writing_its_id(tmp_path):
    folder, file = tmp_path / "kept", tmp_path / "a.parquet"
    rows = "(VALUES (1, 7.0, DATE '2026-02-01', 5.0), (2, 8.0, DATE '2026-02-02', 6.0)) t(Nr, Kunde, Datum, Betrag)"
    duckdb.sql(f"COPY (SELECT Nr, Kunde::DOUBLE AS Kunde, Datum, Betrag FROM {rows}) TO '{file}'")
    (kept,) = keep_all(folder, file)

    assert erase_from(folder, OrdersMapping(folder, COLUMNS), ["7"], OWNER_ONLY) == 1
    assert duckdb.sql(f"SELECT Nr FROM '{folder / kept.name}'").fetchall() == [(2,)]


def test_the_index_names_the_customer_no_more(tmp_path, export):
    folder = tmp_path / "kept"
    rows = "Nr,Kunde,Datum,Betrag\n1,ann@x.example,2026-01-05,5\n2,b,2026-01-05,5\n"
    (kept,) = keep_all(folder, export("orders of ann@x.example.csv", rows))

    assert erase_from(folder, OrdersMapping(folder, COLUMNS), ["ann@x.example"], OWNER_ONLY) == 1
    assert "ann" not in "".join(each.read_text() for each in folder.iterdir())
    assert kept_in(folder)[0].digest == kept.digest
    assert Path(folder, kept.name).exists()


def test_lines_that_leave_the_customer_to_their_orders_first_go_along(tmp_path, export):
    """They would stay behind as lines of nobody, with the order's number and products."""
    rows = (
        "Nr,Kunde,Datum,Betrag\n1,,2026-01-05,2\n1,7,2026-01-05,5\n2,8,2026-01-05,5\n2,,2026-01-05,1\n1,,2026-01-05,3\n"
    )
    folder, file = tmp_path / "kept", tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{export('b.csv', rows)}') TO '{file}'")
    text, parquet = keep_all(folder, tmp_path / "b.csv", file)

    assert erase_from(folder, OrdersMapping(folder, COLUMNS), ["7"], OWNER_ONLY) == 6
    assert (folder / text.name).read_text() == "Nr,Kunde,Datum,Betrag\n2,8,2026-01-05,5\n2,,2026-01-05,1\n"
    assert duckdb.sql(f"SELECT Nr, Betrag FROM '{folder / parquet.name}'").fetchall() == [(2, 5), (2, 1)]

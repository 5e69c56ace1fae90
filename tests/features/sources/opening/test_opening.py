"""Where a cell lies is told in every kind of file, merged customers are one, and no copy of a file is left behind."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from features.errors import InputError
from features.sources.mapping import FileFormat, OrdersMapping, Shop
from features.sources.opening import opener, totals
from features.sources.opening.copies import LOCK, PREFIX, folder_for_copies
from features.sources.opening.opener import open_file
from features.sources.reader import check_files

COLUMNS = {name: name for name in ("order_id", "customer_id", "ordered_at", "amount")}
HEADER = "order_id,customer_id,ordered_at,amount\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def broken(orders: OrdersMapping) -> list[str]:
    """Return what is wrong with orders."""
    return [str(each) for each in check_files(Shop("UTC", "EUR"), orders).violations]


def test_a_wrong_cell_is_named_in_its_own_file(tmp_path: Path) -> None:
    a = written(tmp_path, "a.csv", f"Report\n\n{HEADER}1,c,2026-01-05,1\n")
    b = written(tmp_path, "b.csv", f"{HEADER}2,c,2026-01-05,1\n3,c,2026-01-05,x\n")
    (said,) = broken(OrdersMapping(a, COLUMNS, files=(a, b)))
    assert said.startswith('b.csv, line 3, column amount: "x" is not a number')


def test_a_wrong_cell_of_joined_files_is_named_where_it_stands(tmp_path: Path) -> None:
    heads = written(tmp_path, "heads.csv", "order_id,customer_id,ordered_at\n1,c,2026-01-05\n2,c,yesterday\n")
    lines = written(tmp_path, "lines.csv", "order_id,amount\n1,1.00\n1,x\n2,3\n")
    said = sorted(broken(OrdersMapping(heads, COLUMNS, lines=lines)))
    assert [each.split(":")[0] for each in said] == [
        "heads.csv, line 3, column ordered_at", "lines.csv, line 3, column amount"
    ]  # fmt: skip


def test_a_name_of_several_columns_is_refused_without_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "orders.csv", f"{HEADER.strip()},amount\n1,c,2026-01-05,1,2\n")
    (said,) = broken(OrdersMapping(path, COLUMNS))
    assert 'is the name of 2 columns; write which one is meant: "amount#1", "amount#2"' in said
    assert not broken(OrdersMapping(path, {**COLUMNS, "amount": "amount#2"}))


def test_merged_customers_are_one(tmp_path: Path) -> None:
    orders = written(tmp_path, "orders.csv", f"{HEADER}1,old,2026-01-05,1\n2,new,2026-01-06,1\n")
    merge = written(tmp_path, "merges.csv", "old,new\nold,mid\nmid,new\n")
    report = check_files(Shop("UTC", "EUR"), OrdersMapping(orders, COLUMNS, merge=merge))
    assert report.log is not None
    assert list(report.log.customer_ids) == ["new"]
    written(tmp_path, "merges.csv", "old,new\nold,new\nnew,old\n")
    (said,) = broken(OrdersMapping(orders, COLUMNS, merge=merge))
    assert "becomes itself in a circle" in said


def test_copies_of_a_killed_process_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / LOCK).touch()
    with folder_for_copies() as own, folder_for_copies():
        assert own.exists()
        assert not left.exists()
    assert not list(tmp_path.iterdir())


def test_a_folder_without_our_lock_is_nobodys_to_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others call their folders like that, too: nothing is made in them, and nothing taken away."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"{PREFIX}database").mkdir()
    with folder_for_copies():
        pass
    assert [path.name for path in tmp_path.rglob("*")] == [f"{PREFIX}database"]


def test_a_file_that_shares_few_columns_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "a.csv", f"{HEADER}1,c,2026-01-05,1\n")
    written(tmp_path, "b.csv", "customer_id,name,city\nc,Ann,Rio\n")
    with pytest.raises(InputError, match=r"b.csv: shares 1 of 4 columns"), open_file(tmp_path, FileFormat()):
        pass


def test_a_file_without_a_column_that_decides_is_named_by_every_reading(tmp_path: Path) -> None:
    a = written(tmp_path, "a.csv", "order_id,customer_id,ordered_at,amount,status,note\n1,c,2026-01-05,1,paid,x\n")
    b = written(tmp_path, "b.csv", "order_id,customer_id,ordered_at,amount\n2,c,2026-01-06,1\n")
    mapping = OrdersMapping(a, COLUMNS | {"status": "status", "product_id": "note"}, files=(a, b))
    (said,) = broken(mapping)
    assert said.startswith("b.csv, line 1, column status")
    assert "is not in this file, and holds status in the others" in said
    assert "take the field out of the columns" in said
    assert not broken(replace(mapping, columns={**COLUMNS, "product_id": "note"}))


def test_lines_that_name_their_order_without_the_word_id_are_joined(tmp_path: Path) -> None:
    heads = written(tmp_path, "heads.csv", "InvoiceId,customer_id,ordered_at\n1,c,2026-01-05\n2,c,2026-01-06\n")
    lines = written(tmp_path, "lines.csv", "InvoiceLineId,invoice,amount\n7,1,1.00\n8,1,2.00\n9,2,3.00\n")
    mapping = OrdersMapping(heads, COLUMNS | {"order_id": "InvoiceId"}, lines=lines)
    report = check_files(Shop("UTC", "EUR"), mapping)
    assert report.sheet is not None, report.violations
    assert (report.sheet.counted.orders, report.sheet.counted.order_lines) == (2, 3)


def test_each_word_for_a_total_holds_a_stem_by_which_a_text_without_any_is_passed_over() -> None:
    optional = re.compile(r"\([^()]*\)\?")
    words = re.split(r"\|(?![^()]*\))", optional.sub("", totals._WORDS))
    assert len(words) > 20
    assert [word for word in words if not any(stem in word for stem in totals._STEMS)] == []
    assert [stem for stem in totals._STEMS if stem != stem.casefold()] == []


def test_a_duckdb_that_has_ended_is_replaced_by_another(tmp_path: Path) -> None:
    """As after a memory or a disk that was full; connections that are open at once do not see each other."""
    a = written(tmp_path, "a.csv", f"{HEADER}1,c,2026-01-05,1\n")
    with open_file(a, FileFormat()) as before:
        opener._database(os.getpid()).close()
        with open_file(a, FileFormat()) as after, open_file(a, FileFormat()) as beside:
            assert before.connection is not after.connection is not beside.connection
            assert after.query(f"SELECT count(*) FROM {after.source}") == [(1,)]
            assert beside.query(f"SELECT count(*) FROM {beside.source}") == [(1,)]

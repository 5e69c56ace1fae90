"""A shop that was backed up and restored is the shop that it was: on either kind of book, here or elsewhere."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving.backup.contents import SECRET
from serving.book.privacy.secret import VARIABLE
from serving.config import BOOK_URL
from tests.serving.backup.conftest import asked, back_up, files_of, regulars, restored, rows_of
from tests.serving.conftest import SmallShop, new_database
from training.tracking import Record, Tracking


def test_a_shop_comes_back_as_it_was(changed: Path, tmp_path: Path) -> None:
    """Every row of its book, every file; and it scores and lists as before."""
    archive = back_up(changed, "--with-sources", "--with-secret")
    again = tmp_path / "again"
    assert "is restored" in restored(archive, again).out
    assert rows_of(again) == rows_of(changed)
    before, after = files_of(changed), files_of(again)
    moving = {"book.db", ".regulars/book.json", ".regulars/last-backup.json", "mlruns/mlflow.db"}
    assert after.keys() == {name for name in before if not name.startswith("list/")}
    assert {name for name in after if after[name] != before[name]} <= moving
    for folder in (changed, again):
        out = tmp_path / f"{folder.name}.csv"
        assert regulars("score", "--config", folder / "regulars.toml", "--out", out, "--as-of", "2023-01-09").code == 0
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / f"{changed.name}.csv").read_bytes()
    assert "it is whole" in regulars("book", "--config", again / "regulars.toml").out


def test_the_book_goes_to_a_server_and_back(
    changed: Path, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row for row; the server goes on with numbers that nobody has, and the file that comes back is the same book."""
    first, before = back_up(changed, "--with-sources", "--with-secret"), rows_of(changed)
    on_server, back = tmp_path / "on-server", tmp_path / "back"
    with new_database(postgresql) as url:
        said = restored(first, on_server, "--book", url)
        assert f"set {BOOK_URL}" in said.out
        assert not (on_server / "book.db").exists()
        assert rows_of(url) == before
        monkeypatch.setenv(BOOK_URL, url)
        config = ("--config", on_server / "regulars.toml")
        assert regulars("consent", "c1", "--no", *config).code == 0
        assert regulars("keys", "create", "another", "--role", "scores", *config).code == 0
        second, held = back_up(on_server, "--with-sources", out=tmp_path / "second.zip"), rows_of(url)
    monkeypatch.delenv(BOOK_URL)
    restored(second, back)
    assert rows_of(back) == held
    assert asked(back, "SELECT count(*) FROM consent WHERE customer_id = 'c1'") == [(1,)]
    assert "it is whole" in regulars("book", "--config", back / "regulars.toml").out


def test_a_book_on_a_server_is_replaced_only_if_asked_and_is_kept(
    changed: Path, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, before = back_up(changed), rows_of(changed)
    with new_database(postgresql) as url:
        monkeypatch.setenv(BOOK_URL, url)
        monkeypatch.setenv(VARIABLE, "of-a-test-" * 4)
        other = tmp_path / "other"
        other.mkdir()
        for name in ("regulars.toml", "orders.csv", "events.csv", "customers.csv"):
            shutil.copy(changed / name, other)
        assert regulars("keys", "create", "former", "--role", "scores", "--config", other / "regulars.toml").code == 0
        refused = regulars("restore", archive, "--into", tmp_path / "new")
        assert (refused.code, "there is a book in postgresql://" in refused.sentence) == (2, True)
        assert not (tmp_path / "new" / "regulars.toml").exists()
        restored(archive, tmp_path / "new", "--replace")
        assert rows_of(url) == before
    (kept,) = (tmp_path / "new").glob("before-restore-*")
    assert asked(kept, "SELECT name FROM keys") == [("former",)]


def test_the_archive_is_for_this_account_alone_and_holds_no_secret(changed: Path, tmp_path: Path) -> None:
    archive = back_up(changed)
    secret = (changed / SECRET).read_bytes().strip()
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with zipfile.ZipFile(archive) as opened:
        assert not [name for name in opened.namelist() if secret in opened.read(name)]
        assert not [name for name in opened.namelist() if "orders" in name or "customers" in name]
    said = restored(archive, tmp_path / "again").out
    assert f"put it back as {SECRET}" in said
    assert "put back orders.csv, events.csv, customers.csv" in said
    files = (each for each in (tmp_path / "again").rglob("*") if each.is_file() and "mlruns" not in each.parts)
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_what_is_in_it_and_what_is_not_is_said(changed: Path) -> None:
    found = regulars("backup", "--out", changed.parent / "a.zip", "--config", changed / "regulars.toml")
    for words in (
        "read again and whole",
        "book: of sqlite, version ",
        "models: 3, version 2 serves",
        ", settings in regulars.toml, added exports: 0",
        f"not in it: {SECRET}: ",
        "not in it: orders.csv: your own file",
    ):
        assert words in found.out, found.out


def test_a_model_that_is_trained_after_a_restore_lies_in_the_restored_shop(
    archive: Path, shop: SmallShop, changed: Path, tmp_path: Path
) -> None:
    """MLflow keeps absolute addresses: without a move it would write into the former folder."""
    restored(archive, tmp_path / "again")
    before = files_of(changed)
    tracking, empty = Tracking(tmp_path / "again"), dict[str, Any]()
    run_id = tracking.record(Record("test", empty, empty, empty, "digest", empty, empty, {}))
    version = tracking.register(run_id, shop.bundles["logistic"], ["champion"])
    tracking.finish(run_id)
    assert tracking.champion()[1] == version
    assert files_of(changed) == before
    with closing(sqlite3.connect(tmp_path / "again" / "mlruns" / "mlflow.db")) as registry:
        places = registry.execute("SELECT source FROM model_versions UNION SELECT artifact_uri FROM runs").fetchall()
    assert not [place for (place,) in places if changed.as_uri() in str(place)]


def test_added_exports_and_playbooks_come_along(changed: Path, tmp_path: Path) -> None:
    config = ("--config", changed / "regulars.toml")
    first, *_, last = (changed / "orders.csv").read_text().splitlines()
    (changed / "later.csv").write_text(f"{first}\n{last}\n")
    assert regulars("add", changed / "later.csv", *config).code == 0
    (changed / "own.toml").write_text('[[playbook]]\nid = "referral"\noff = true\n')
    toml = changed / "regulars.toml"
    toml.write_text(toml.read_text().replace("[list]\n", '[list]\nplaybooks = "own.toml"\n'))
    restored(back_up(changed), tmp_path / "again")
    wanted = {name: content for name, content in files_of(changed).items() if name.startswith(("kept-", "own."))}
    assert len(wanted) >= 3  # an export, the index of exports, the playbooks
    assert wanted.items() <= files_of(tmp_path / "again").items()


def test_a_shop_without_book_and_models_is_backed_up_too(shop: SmallShop, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    shop.copy_files(folder)
    restored(back_up(folder), tmp_path / "again")
    assert (tmp_path / "again" / "regulars.toml").read_bytes() == (folder / "regulars.toml").read_bytes()
    assert not (tmp_path / "again" / "book.db").exists()
    assert not (folder / "book.db").exists()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        (
            "http://127.0.0.1:1",
            "not in it: the models at http://127.0.0.1:1: MLflow's server keeps registry and bundles",
        ),
        ("postgresql://u:hidden@127.0.0.1:1/mlflow", "not in it: the registry in postgresql://127.0.0.1:1/mlflow: "),
    ],
)
def test_a_registry_elsewhere_is_named_as_not_included(
    changed: Path, monkeypatch: pytest.MonkeyPatch, uri: str, words: str
) -> None:
    """Without its password, and without asking it."""
    monkeypatch.setenv("REGULARS_MLFLOW_URI", uri)
    found = regulars("backup", "--out", changed.parent / "a.zip", "--config", changed / "regulars.toml")
    assert (found.code, words in found.out) == (0, True), found
    assert "hidden" not in found.out


def test_the_secret_may_be_put_back_before_the_shop(changed: Path, tmp_path: Path) -> None:
    """It is no shop that lies in the way, and it stays."""
    archive, again = back_up(changed), tmp_path / "again"
    (again / ".regulars").mkdir(parents=True)
    shutil.copy(changed / SECRET, again / SECRET)
    assert "secret is not here" not in restored(archive, again).out
    assert (again / SECRET).read_bytes() == (changed / SECRET).read_bytes()

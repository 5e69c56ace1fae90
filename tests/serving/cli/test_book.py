"""A shop whose book is gone, empty or another one: every command that uses it refuses, and names the ways on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from serving.api.app import create_app
from serving.api.loaded_model import Champion
from serving.api.state import ServerState
from serving.config import load_settings
from tests.serving.api.conftest import admitting, calls
from tests.serving.conftest import in_book, init_shop, regulars

DECIDED = ("--by", "Ada", "--why", "the disk was lost")


def gone(folder: Path) -> None:
    for file in folder.glob("book.db*"):
        file.unlink()


def emptied(folder: Path) -> None:
    gone(folder)
    (folder / "book.db").write_bytes(b"")


def another(folder: Path) -> None:
    gone(folder)
    other = folder / "other"
    shutil.copytree(folder, other, ignore=shutil.ignore_patterns(".regulars", "mlruns"))
    assert regulars("keys", "create", "crm", "--role", "scores", "--config", other / "regulars.toml") == 0
    shutil.copy(other / "book.db", folder)


def tables(folder: Path) -> list[tuple[str]] | None:
    """What the book holds; None where there is none."""
    return in_book(folder, "SELECT name FROM sqlite_master") if (folder / "book.db").exists() else None


LOSSES = {"is gone": gone, "is empty": emptied, "is another one than the shop's": another}
# Every command that uses the book, with what else it needs; a rollback moves what serves as a promotion does.
# OUT is a folder that does not exist yet.
COMMANDS = {
    "horizon": (),
    "features": ("--out", "OUT/f.csv"),
    "train": (),
    "backtest": (),
    "tune": (),
    "promote": ("--force", *DECIDED),
    "score": ("--out", "OUT/s.csv"),
    "watch": (),
    "list": ("--out", "OUT"),
    "why": ("c1",),
    "outcome": ("--entry", "e", "--outcome", "saved"),
    "contacts": ("contacts.csv",),
    "consent": ("c1", "--no"),
    "hold": ("veto", "c1", *DECIDED),
    "hand-over": ("c1", "--to", "Eleni", *DECIDED),
    "effect": (),
    "kpis": (),
    "keys list": (),
    "keys create": ("crm", "--role", "scores"),
    "keys replace": ("k",),
    "keys revoke": ("k",),
    "webhooks list": (),
    "webhooks add": ("https://crm.example/hook", "--unverified"),
    "webhooks remove": ("w",),
    "webhooks new-secret": ("w",),
    "webhooks deliver": (),
    "webhooks test": ("w",),
    "book": (),
    "backup": ("--out", "OUT/shop.zip"),
}


@pytest.mark.parametrize("problem", LOSSES)
def test_every_command_refuses_and_names_the_ways_on(
    office: Path, call: Any, capsys: pytest.CaptureFixture[str], problem: str
) -> None:
    """With exit code 4 and one sentence; nothing is written, neither a list nor a book in the former one's place."""
    LOSSES[problem](office)
    (office / "contacts.csv").write_text("customer_id,contacted_on,channel\nc1,2023-01-09,call\n")
    before = tables(office)
    capsys.readouterr()  # what making the loss said
    for command, more in COMMANDS.items():
        given = (each.replace("OUT", str(office / "out")).replace("contacts.csv", str(office / each)) for each in more)
        code, out, err = call(*command.split(), *given, "--config", office / "regulars.toml", "--json")
        assert (code, json.loads(out)["error"]) == (4, "WrongBook"), (command, out, err)
        assert err.count("\n") == 1, err
        assert f"book.db {problem}" in err
        assert "put the backup back; or begin anew without all that: regulars book --new-book" in err
    assert tables(office) == before
    assert not (office / "out").exists()


@pytest.mark.parametrize("problem", LOSSES)
def test_a_new_book_is_somebodys_decision(office: Path, call: Any, problem: str) -> None:
    """It needs who and why, is recorded, and then commands go on; whole, there is nothing to begin anew."""
    LOSSES[problem](office)
    shop = ("--config", office / "regulars.toml")
    assert call("book", "--new-book", *shop)[0] == 2
    code, out, _ = call("book", "--new-book", *DECIDED, *shop)
    assert code == 0
    assert "the shop's book from now on" in out
    assert in_book(office, "SELECT action, who, why FROM audit") == [("new-book", "Ada", "the disk was lost")]
    assert call("keys", "list", *shop)[0] == 0
    assert "nothing to begin anew" in call("book", "--new-book", *DECIDED, *shop)[2]


def test_a_damaged_book_is_kept_beside_the_new_one(office: Path, call: Any) -> None:
    gone(office)
    (office / "book.db").write_bytes(b"no database" * 1000)
    shop = ("--config", office / "regulars.toml")
    assert call("list", "--out", office / "list", *shop)[0] == 8
    code, out, _ = call("book", "--new-book", *DECIDED, *shop)
    assert (code, "the damaged file is kept as book-damaged-" in out) == (0, True)
    (kept,) = office.glob("book-damaged-*.db")
    assert kept.read_bytes() == b"no database" * 1000


def test_a_shop_that_never_had_a_book_is_asked_nothing(shop: Any, tmp_path: Path, call: Any) -> None:
    """Reading makes no book; recording makes one, and the shop knows it."""
    shop.copy_files(tmp_path)
    config = ("--config", tmp_path / "regulars.toml")
    assert call("check", *config)[0] == 0
    assert not (tmp_path / "book.db").exists()
    assert "there is no book yet" in call("book", *config)[2]
    assert call("consent", "c0001", "--no", *config)[0] in (0, 2)
    assert call("keys", "create", "crm", "--role", "scores", *config)[0] == 0
    assert json.loads(call("book", *config, "--json")[1])["rows"]["keys"] == 1


@pytest.mark.parametrize("problem", LOSSES)
def test_a_server_is_not_ready_without_its_book(office: Path, shop: Any, problem: str) -> None:
    """At the start and while it runs; the sentence tells no path. With the book back it is ready again."""
    shutil.copytree(office, office.parent / "backup")
    server = ServerState(load_settings(office / "regulars.toml"), champion=Champion(shop.bundles["logistic"], "1"))
    call = calls(admitting(create_app(server)))
    server._open_quietly()
    assert call("GET", "/readyz").status_code == 200
    LOSSES[problem](office)
    server._close_moved_book()
    server._open_quietly()
    answer = call("GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json()["trouble"].startswith(f"the book {problem}")
    assert str(office) not in answer.text
    assert call("GET", "/v1/lists/current").status_code == 503
    gone(office)
    for file in (office.parent / "backup").glob("book.db*"):
        shutil.copy(file, office)
    server._open_quietly()
    assert call("GET", "/readyz").json() == {"ready": True, "model": "registry", "trouble": None}
    server.close()


def test_the_walk_of_a_newcomer_meets_no_question(shop: Any, tmp_path: Path) -> None:
    """`init` writes into a folder that has nothing; the first recording makes the book."""
    shop.copy_files(tmp_path)
    (tmp_path / "regulars.toml").unlink()
    init_shop(tmp_path)
    assert regulars("keys", "create", "crm", "--role", "scores", "--config", tmp_path / "regulars.toml") == 0
    assert (tmp_path / ".regulars" / "book.json").exists()

"""`regulars keys create --page`: a link for a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from serving.book import Book
from serving.book.visits.links import link_holds


@pytest.fixture
def toml(shop: Any, tmp_path: Path) -> Path:
    """The settings of a shop without a book."""
    shop.copy_files(tmp_path)
    return tmp_path / "regulars.toml"


def test_a_link_is_printed_once_for_one_person(call: Any, toml: Path) -> None:
    code, out, _ = call("keys", "create", "--page", "--owner", "Eleni", "--config", toml)
    link = out.splitlines()[0]
    assert (code, link.startswith("http://127.0.0.1:3000/pages/enter/")) == (0, True)
    assert "Eleni sees the accounts of Eleni" in out
    book = Book(toml.parent)
    assert link_holds(book, link.rpartition("/")[2])
    book.close()
    _, listed, _ = call("keys", "list", "--config", toml)
    assert "Eleni: pages, accounts of Eleni alone" in listed


def test_behind_a_proxy_the_link_is_of_its_address(call: Any, toml: Path) -> None:
    toml.write_text(f'{toml.read_text()}\n[pages]\naddress = "https://shop.example/crm/"\n')
    _, out, _ = call("keys", "create", "--page", "Maria", "--json", "--config", toml)
    made = json.loads(out)
    assert made["link"].startswith("https://shop.example/crm/pages/enter/")
    assert (made["owner"], made["roles"]) == (None, ["admin", "pages"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--page"], "name them"),
        (["Eleni", "--page", "--role", "admin"], "--page takes no --role"),
        (["Eleni", "--page", "--expires", "2020-01-01"], "could never be used"),
        (["--role", "scores"], "a key has a name"),
        (["crm"], "at least one role"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, toml: Path, arguments: list[str], said: str) -> None:
    code, _, err = call("keys", "create", *arguments, "--config", toml)
    assert (code, said in err) == (2, True)

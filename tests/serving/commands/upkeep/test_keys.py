"""`regulars keys`: made once and shown once, listed without the secret, taken back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.errors import InputError
from serving.api.auth import Keys
from serving.api.problems import Refusal
from serving.book import Book
from serving.book.keys import all_keys
from serving.commands.upkeep.keys import list_keys, make_key, revoke
from serving.config import Settings, load_settings
from tests.serving.conftest import in_shop


@pytest.fixture
def settings(shop: Any, tmp_path: Path) -> Settings:
    """A shop's files of a test's own."""
    shop.copy_files(tmp_path)
    return load_settings(tmp_path / "regulars.toml")


@pytest.fixture
def config(settings: Settings) -> tuple[str, Path]:
    """The option that names its regulars.toml."""
    return "--config", settings.folder / "regulars.toml"


def admitted(settings: Settings, text: str) -> bool:
    """Say whether a server that reads the keys now lets a key in."""
    book, keys = Book(settings.book_place), Keys()
    try:
        keys.refresh(book)
        keys.admit(f"Bearer {text}")
    except Refusal:
        return False
    finally:
        book.close()
    return True


def test_a_key_is_made_used_listed_and_taken_back(call: Any, settings: Settings, config: Any) -> None:
    """From the command line to the door and back."""
    code, out, _ = call("keys", "create", "crm", "--role", "scores", "--role", "lists", "--owner", "Eleni", *config)
    assert code == 0
    text, keep, named, may = out.splitlines()
    assert admitted(settings, text)
    assert "hash of it alone" in keep
    assert (named, may) == (f"id: {text.split('_')[1]}", "crm may: lists, scores, accounts of Eleni alone")

    code, listed, _ = call("keys", "list", *config)
    key_id = text.split("_")[1]
    assert code == 0
    assert f"{key_id}  crm: lists, scores, accounts of Eleni alone; never used" in listed
    assert text.split("_", 2)[2] not in listed

    code, printed, _ = call("keys", "revoke", key_id, *config)
    assert (code, "revoked 20" in printed) == (0, True)
    assert not admitted(settings, text)


def test_a_key_is_replaced(call: Any, settings: Settings, config: Any) -> None:
    """Both hold for a day, or the new one alone."""
    first = call("keys", "create", "crm", "--role", "scores", *config)[1].splitlines()[0]
    code, out, _ = call("keys", "replace", first.split("_")[1], *config)
    second = out.splitlines()[0]
    assert (code, out.splitlines()[-1].startswith(f"{first.split('_')[1]} is refused from 20")) == (0, True)
    assert admitted(settings, first)
    assert admitted(settings, second)
    made = json.loads(call("keys", "replace", second.split("_")[1], "--overlap-hours", "0", "--json", *config)[1])
    assert made["former"]["id"] == second.split("_")[1]
    assert [admitted(settings, each) for each in (second, made["key"])] == [False, True]


def test_as_json_a_program_reads_it(call: Any, settings: Settings, config: Any) -> None:
    """The text stands in what `create` says and nowhere else; neither does salt or hash."""
    made = json.loads(call("keys", "create", "till", "--role", "outcomes", "--json", *config)[1])
    assert admitted(settings, made["key"])
    assert (made["name"], made["roles"], made["owner"], made["expires_at"]) == ("till", ["outcomes"], None, None)
    listed = json.loads(call("keys", "list", "--json", *config)[1])
    book = Book(settings.book_place)
    with book.reading() as connection:
        (key,) = all_keys(connection)
    book.close()
    assert [each["id"] for each in listed["keys"]] == [made["id"]]
    for hidden in (key.salt, key.hash, made["key"].split("_", 2)[2]):
        assert hidden not in json.dumps(listed)


def test_a_key_ends_on_its_day(settings: Settings, call: Any, config: Any) -> None:
    """In UTC; a key that could never be used is not made."""
    made = in_shop(settings, make_key, "crm", ["scores"], None, date(2099, 1, 1))
    assert str(made.document["expires_at"]) == "2099-01-01 00:00:00"
    assert "expires 2099-01-01 00:00 UTC" in "\n".join(in_shop(settings, list_keys).lines())
    with pytest.raises(InputError, match="could never be used"):
        in_shop(settings, make_key, "crm", ["scores"], None, date(2020, 1, 1))
    code, _, err = call("keys", "create", "crm", "--role", "scores", "--expires", "2020-01-01", *config)
    assert (code, "could never be used" in err) == (2, True)
    assert len(in_shop(settings, list_keys).document["keys"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "crm", "--role", "boss"),
        ("create", " ", "--role", "scores"),
        ("create", "crm"),
        ("create", "crm", "--role", "admin", "--owner", "Eleni"),
        ("revoke", "nowhere"),
    ],
)
def test_what_makes_no_sense_is_exit_code_2(call: Any, settings: Settings, config: Any, arguments: Any) -> None:
    """And makes no key."""
    assert call("keys", *arguments, *config)[0] == 2
    assert in_shop(settings, list_keys).document["keys"] == []


def test_an_empty_list_says_how_to_make_one(settings: Settings) -> None:
    """A server without keys answers nobody."""
    assert list(in_shop(settings, list_keys).lines()) == [
        "there is no key yet: regulars keys create NAME --role scores"
    ]


def test_taking_back_twice_changes_nothing(settings: Settings) -> None:
    """The first time counts."""
    made = in_shop(settings, make_key, "crm", ["scores"], None, None)
    first = in_shop(settings, revoke, made.document["id"])
    assert in_shop(settings, revoke, made.document["id"]) == first

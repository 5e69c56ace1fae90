"""Keys in the book: a hash and never the secret, what they may do, and until when."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from serving.book import Book
from serving.book.keys import (
    LONGEST_KEY,
    ROLES,
    Key,
    all_keys,
    create_key,
    hashed,
    matches,
    record_use,
    replace_key,
    revoke_key,
    split_key,
)
from serving.book.schema import KEYS
from serving.book.sql_rows import utc_now


def known(book: Book) -> tuple[Key, ...]:
    with book.reading() as connection:
        return all_keys(connection)


def test_a_key_fits_its_text_and_no_other(book: Book) -> None:
    """What is told once opens; one character less, or another key's secret, does not."""
    key, text = create_key(book, " crm ", ["scores", "lists", "scores"], "Eleni")
    other, other_text = create_key(book, "till", ["outcomes"])
    assert known(book) == (key, other)
    assert (key.name, key.roles, key.owner, key.expires_at, key.revoked_at) == (
        "crm", frozenset({"scores", "lists"}), "Eleni", None, None,
    )  # fmt: skip
    (key_id, secret), (other_id, other_secret) = split_key(text) or ("", ""), split_key(other_text) or ("", "")
    assert (key_id, other_id) == (key.id, other.id)
    assert matches(key, secret)
    for wrong in (secret[:-1], secret + "A", secret.swapcase(), "", other_secret):
        assert not matches(key, wrong)


def test_a_key_is_replaced_by_one_that_may_do_the_same(book: Book) -> None:
    """The former one holds for a while beside it; its own end stays where it comes sooner."""
    soon = utc_now() + timedelta(hours=1)
    key, text = create_key(book, "crm", ["scores", "lists"], "Eleni", soon)
    new, former, new_text = replace_key(book, key.id, timedelta(days=1))
    assert (new.name, new.roles, new.owner, new.expires_at) == (key.name, key.roles, key.owner, soon)
    assert former == key
    assert matches(new, (split_key(new_text) or ("", ""))[1])
    assert not matches(new, (split_key(text) or ("", ""))[1])
    now = utc_now()
    newest, ended, _ = replace_key(book, new.id, timedelta(0))
    assert (ended.holds(utc_now()), newest.holds(now)) == (False, True)
    assert set(known(book)) == {former, ended, newest}
    for gone, message in ((new.id, "holds no more: regulars keys create"), ("nowhere", "there is no key")):
        with pytest.raises(InputError, match=message):
            replace_key(book, gone, timedelta(0))


def test_the_book_holds_a_salted_hash_and_no_secret(book: Book) -> None:
    """Whoever reads the database cannot use a key: neither the secret nor its bare hash stands in it."""
    _, text = create_key(book, "crm", ["admin"])
    _, again = create_key(book, "crm", ["admin"])
    secret = (split_key(text) or ("", ""))[1]
    with book.reading() as connection:
        cells = [str(cell) for row in connection.execute(sa.select(KEYS)) for cell in row]
        salts = set(connection.execute(sa.select(KEYS.c.salt)).scalars())
    assert len(salts) == 2
    assert text != again
    assert not any(secret in cell for cell in cells)
    assert hashlib.sha256(secret.encode()).hexdigest() not in cells
    assert len(secret) >= 43  # 256 bits


def test_a_key_holds_until_it_expires_or_is_revoked(book: Book) -> None:
    """To the moment; revoking twice keeps the first time."""
    ends = datetime(2030, 1, 1)
    key, _ = create_key(book, "crm", ["scores"], expires_at=ends)
    assert key.holds(ends - timedelta(microseconds=1))
    assert not key.holds(ends)
    revoked = revoke_key(book, key.id)
    assert revoked.revoked_at is not None
    assert not revoked.holds(utc_now())
    assert revoke_key(book, key.id) == revoked == known(book)[0]
    with pytest.raises(InputError, match="regulars keys list"):
        revoke_key(book, "nowhere")


@pytest.mark.parametrize(
    ("name", "roles", "owner", "words"),
    [
        (" ", ["scores"], None, "a name"),
        ("crm", [], None, "at least one role"),
        ("crm", ["score"], None, "scores"),
        ("crm", ["admin"], "Eleni", "cannot be admin"),
        ("crm", ["scores", "admin"], "Eleni", "cannot be admin"),
        ("crm", ["scores"], " ", "owner"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    book: Book, name: str, roles: list[str], owner: str | None, words: str
) -> None:
    """Said in words, and nothing is recorded."""
    with pytest.raises(InputError, match=words):
        create_key(book, name, roles, owner)
    assert known(book) == ()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_own_and_admin_opens_all(role: str) -> None:
    """Any of the roles asked for is enough."""
    key = Key("id", "name", frozenset([role]), None, "", "", utc_now())
    for asked in ROLES:
        assert key.may([asked]) == (role in (asked, "admin"))
    assert key.may(ROLES)


def test_when_a_key_was_used_is_written_down(book: Book) -> None:
    """For those that were, and a key that is gone is no trouble."""
    used, _ = create_key(book, "used", ["scores"])
    idle, _ = create_key(book, "idle", ["scores"])
    at = datetime(2026, 3, 2, 6, 30)
    record_use(book, [(used.id, at), ("gone", at)])
    record_use(book, [])
    assert {key.id: key.last_used_at for key in known(book)} == {used.id: at, idle.id: None}


@given(st.text(max_size=LONGEST_KEY + 5))
def test_any_text_is_a_key_or_none(text: str) -> None:
    """No text breaks the reading, the hash or the comparison."""
    found = split_key(text)
    assert (found is None) or text == f"reg_{found[0]}_{found[1]}"
    key = Key("id", "name", frozenset(), None, "salt", hashed("salt", "right"), utc_now())
    assert matches(key, text) == (text == "right")


def test_a_text_that_is_too_long_is_no_key() -> None:
    """It is not hashed."""
    assert split_key("reg_a_" + "b" * (LONGEST_KEY - 6)) is not None
    assert split_key("reg_a_" + "b" * (LONGEST_KEY - 5)) is None

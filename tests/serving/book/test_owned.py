"""Owners follow people: whatever becomes of accounts, whoever was handed over stays with whom they were given to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.book import Book, history_of
from serving.book.decisions import hand_over
from serving.book.pages import EntryFilter, page_of
from serving.book.people.owned import owners_of
from serving.book.privacy.erasure import erase
from serving.book.schema import OWNED
from serving.book.snapshot import snapshot_on
from serving.commands.lists.list import PublishedList
from serving.commands.lists.why import Story
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.owners import NO_OWNER, owners_along
from tests.serving.book.test_trial import Shop


@pytest.fixture
def shop(empty_file: Path, tmp_path: Path) -> Iterator[Shop]:
    """Six customers without accounts, none held out."""
    shutil.copy(empty_file, tmp_path)
    with closing(Book(tmp_path)) as book:
        yield six(book)


def six(book: Book) -> Shop:
    return Shop(book, [f"a{n}" for n in range(6)], share=0.0)


def accounts_of(shop: Shop) -> Accounts:
    return Accounts(dict(shop.account), frozenset(shop.customers))


def give(shop: Shop, account: str, owner: str = "Zoe") -> None:
    """Hand an account of the shop's today over."""
    hand_over(shop.book, [account], owner, shop.day, "Ada", "on leave", accounts=accounts_of(shop))


def owner_by_account(made: OutreachList) -> dict[str, str]:
    return dict(zip(made.everyone["account_id"], made.everyone["owner"], strict=True))


def zoes(shop: Shop) -> set[str]:
    """Return the accounts of Zoe on the list of the next week."""
    shop.wait()
    return {account for account, owner in owner_by_account(shop.list_()).items() if owner == "Zoe"}


def test_a_hand_over_follows_through_rename_merger_and_split(shop: Shop) -> None:
    """Of a customer and of everybody in an account, and back again."""
    give(shop, "a0")
    for accounts, account in (
        ({"a0": "renamed"}, {"renamed"}),
        ({"a0": "firm", "a1": "firm"}, {"firm"}),
        ({"a1": "firm"}, {"a0"}),
        ({}, {"a0"}),
    ):
        shop.account = accounts
        assert zoes(shop) == account
    shop.account = {"a1": "firm", "a2": "firm"}
    give(shop, "firm")
    shop.account = {"a2": "other", "a3": "firm"}
    assert zoes(shop) == {"a0", "a1", "other", "firm"}  # the id stays Zoe's, for who is there now


def test_an_account_that_was_given_itself_does_not_go_with_who_joins_it(shop: Shop) -> None:
    shop.account = {"a1": "firm", "a2": "firm"}
    give(shop, "firm", "Bruno")
    shop.wait()
    give(shop, "a0")
    shop.account |= {"a0": "firm"}
    assert zoes(shop) == set()
    shop.account = {"a0": "a3"}
    assert zoes(shop) == {"a3"}


def test_the_latest_word_about_people_counts_under_whichever_name(shop: Shop) -> None:
    shop.account = {"a0": "old", "a1": "old"}
    give(shop, "old", "Bruno")
    shop.account = {"a0": "new", "a1": "new"}
    shop.wait()
    give(shop, "new")
    shop.account = {"a0": "old", "a1": "old"}
    assert zoes(shop) == {"old"}
    give(shop, "old", "Bruno")
    give(shop, "old", "Eleni")  # corrects the word of the same day
    shop.account = {}
    shop.wait()
    assert owner_by_account(shop.list_())["a0"] == "Eleni"


def test_owners_that_were_given_in_turn_follow_too(shop: Shop) -> None:
    first = owner_by_account(shop.list_(owners=("Bruno", "Eleni")))
    shop.account = {who: f"new {who}" for who in shop.customers}
    shop.wait()
    now = owner_by_account(shop.list_(owners=("Ada",)))
    assert now == {f"new {who}": owner for who, owner in first.items()}


def test_pages_and_keys_follow_between_two_lists(shop: Shop) -> None:
    """What the list said is not the last word: an account may be renamed and handed over the day after."""
    shop.account = {"a0": "old"}
    shop.list_()
    shop.account = {"a0": "new"}
    give(shop, "new")
    assert page(shop, "Zoe") == ["a0"]
    assert len(page(shop, NO_OWNER)) == 5
    with shop.book.reading() as connection:
        assert owners_of(connection, ["a0", "a1"], shop.day, accounts_of(shop)) == {"new": "Zoe"}


def page(shop: Shop, owner: str | None) -> list[str]:
    with shop.book.reading() as connection:
        found = page_of(connection, None, EntryFilter(owner), shop.day, None, None, accounts_of(shop))
    assert found is not None
    return found.entries["customer_id"].tolist()


def test_list_and_why_tell_that_an_owner_came_along(shop: Shop, tmp_path: Path) -> None:
    """Where it came to others, to people and to machines; a new name alone is no news."""
    shop.account = {"a0": "old", "a2": "x"}
    give(shop, "old")
    give(shop, "x")
    shop.account = {"a0": "firm", "a1": "firm", "a2": "y"}
    made = shop.list_()
    along = owners_along(made.everyone["account_id"], snapshot_on(shop.book, shop.day).owned, accounts_of(shop))
    assert along == ["firm"]
    run: Any = SimpleNamespace(totals="6 scored", log=SimpleNamespace(has_money=True))
    told = PublishedList(made, [tmp_path / "list.csv"], run, owners_along=along)
    words = "careful: 1 account is with the owner whom some of its customers brought from another account (firm)"
    assert words in "\n".join(map(str, told.lines()))
    assert told.to_dict()["owners_along"] == ["firm"]
    assert "Given to Zoe; handed over; of account old" in "\n".join(Story(history_of(shop.book, "a0")).lines())
    assert "Given to Zoe" not in "\n".join(Story(history_of(shop.book, "a1")).lines())


def test_a_customer_who_is_forgotten_takes_no_owner_of_others_along(shop: Shop) -> None:
    """Neither where the account had that customer's id; and no row names it."""
    shop.account = {"a1": "a0"}
    give(shop, "a0")
    assert erase(shop.book, "a0", "key")
    shop.customers.remove("a0")
    shop.account = {}
    assert zoes(shop) == {"a1"}
    assert "Given to Zoe; handed over" in "\n".join(Story(history_of(shop.book, "a1")).lines())
    with shop.book.reading() as connection:
        for table in ("owners", "owned"):
            assert "a0" not in str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())


def test_the_older_owners_of_a_book_are_of_people_too(book: Book) -> None:
    """A book from before kept accounts only; the migration finds whom its lists saw in them, on either database."""
    shop = six(book)
    migration = import_module("serving.book.migrations.versions.0010_owners_of_people")
    shop.account = {"a0": "firm", "a1": "firm"}
    shop.list_(owners=("Bruno", "Eleni"))
    shop.wait()
    for account in ("firm", "a2", "a3", "a2"):
        give(shop, account)
    query = sa.select(OWNED).order_by(OWNED.c.customer_id, OWNED.c.since)
    with shop.book.writing() as connection:
        expected = connection.execute(query).all()
        connection.execute(sa.delete(OWNED))
        connection.exec_driver_sql(migration.FILL)
        assert connection.execute(query).all() == expected
    assert len(expected) == 10
    shop.account = {"a0": "y", "a2": "x"}
    assert zoes(shop) == {"y", "a1", "x", "a3"}


IDS = st.integers(0, 5)
KEYS = st.sampled_from(["", "", "firm", "other", "a0", "a1"])
STEPS = st.lists(
    st.tuples(
        st.dictionaries(IDS, KEYS, max_size=4),
        st.lists(st.tuples(IDS, st.sampled_from(["Zoe", "Bruno", "Eleni"])), max_size=3),
        st.sampled_from([0, 1, 7]),  # days until the next step
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=4, deadline=None)
@given(steps=STEPS)
def test_law_of_owners(empty_file: Path, steps: list[Any]) -> None:
    """Any sequence of accounts, hand-overs and lists: list, page and key agree on whose each account is."""
    in_a_book(empty_file, steps)


@pytest.mark.whole
@settings(max_examples=300, deadline=None)
@given(steps=STEPS)
def test_law_of_owners_many_times(empty_file: Path, steps: list[Any]) -> None:
    """The same, until chance has tried what nobody thinks of."""
    in_a_book(empty_file, steps)


def in_a_book(empty_file: Path, steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_file, folder)
        with closing(Book(folder)) as book:
            live(six(book), steps)


def live(shop: Shop, steps: list[Any]) -> None:
    words: dict[str, tuple[date, str, str]] = {}  # customer → when, under which account, to whom
    by_id: dict[str, str] = {}
    for moves, decisions, days in steps:
        shop.account |= {f"a{who}": key for who, key in moves.items()}
        shop.account = {who: key for who, key in shop.account.items() if key and key != who}
        for number, owner in decisions:
            account = shop.account.get(f"a{number}", f"a{number}")
            give(shop, account, owner)
            by_id[account] = owner
            words.update(dict.fromkeys(shop.people(account), (shop.day, account, owner)))
        check(shop, {each: expected(shop, each, words, by_id) for each in accounts_with(shop)})
        shop.wait(timedelta(days=days))


def accounts_with(shop: Shop) -> set[str]:
    return {shop.account.get(who, who) for who in shop.customers}


def expected(shop: Shop, account: str, words: dict[str, tuple[date, str, str]], by_id: dict[str, str]) -> set[str]:
    """Return whose an account may be, by hand: several where different words of one day tie."""
    said = [words[who] for who in shop.people(account) if who in words]
    own = [word for word in said if word[1] == account] or said
    last = max((day for day, _, _ in own), default=None)
    return {owner for day, _, owner in own if day == last} or {by_id.get(account, NO_OWNER)}


def check(shop: Shop, owners: dict[str, set[str]]) -> None:
    listed = owner_by_account(shop.list_())
    assert listed.keys() == owners.keys()
    assert all(owner in owners[account] for account, owner in listed.items())
    now = accounts_of(shop)
    with shop.book.reading() as connection:
        kept = owners_of(connection, shop.customers, shop.day, now)
    assert {account: kept.get(account, NO_OWNER) for account in listed} == listed
    for owner in ("Zoe", "Bruno", "Eleni", NO_OWNER):
        assert {listed[now.of(who)] for who in page(shop, owner)} <= {owner}
    assert len(page(shop, None)) == sum(len(page(shop, owner)) for owner in ("Zoe", "Bruno", "Eleni", NO_OWNER))

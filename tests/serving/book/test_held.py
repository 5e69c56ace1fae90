"""Vetoes and snoozes follow people: whatever becomes of accounts, who must be left alone is not contacted."""

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

from serving.book import Book, Consent, Contact, Outcome, history_of, record_contacts, record_outcomes, set_consent
from serving.book.decisions import HoldKind, hold
from serving.book.privacy.erasure import erase
from serving.book.schema import HELD
from serving.book.snapshot import snapshot_on
from serving.commands.lists.list import PublishedList
from serving.commands.lists.why import Story
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.holds import held_along
from tests.serving.book.test_trial import Shop, reasons

NEVER = date.max


def decide(shop: Shop, account: str, kind: HoldKind = "veto", days: int | None = None) -> None:
    """Decide about an account of the shop's today."""
    until = None if days is None else shop.day + timedelta(days)
    known = Accounts(shop.account, frozenset(shop.customers))
    hold(shop.book, [account], kind, shop.day, until, "Ada", "asked for it", accounts=known)


@pytest.fixture
def shop(empty_file: Path, tmp_path: Path) -> Iterator[Shop]:
    """Six customers without accounts, none held out."""
    shutil.copy(empty_file, tmp_path)
    with closing(Book(tmp_path)) as book:
        yield six(book)


def six(book: Book) -> Shop:
    return Shop(book, [f"a{n}" for n in range(6)], share=0.0)


def listed(shop: Shop, **rules: Any) -> set[str]:
    shop.wait()
    return set(shop.list_(**rules).customer_ids)


@pytest.mark.parametrize(("kind", "days"), [("veto", None), ("snooze", 300)])
def test_a_hold_follows_through_rename_merger_and_split(shop: Shop, kind: HoldKind, days: int | None) -> None:
    """An account that holds a held customer is not contacted, through none of its customers."""
    decide(shop, "a0", kind, days)
    for accounts, free in (
        ({"a0": "renamed"}, {"a1", "a2", "a3", "a4", "a5"}),
        ({"a0": "firm", "a1": "firm"}, {"a2", "a3", "a4", "a5"}),
        ({"a1": "firm"}, {"a1", "a2", "a3", "a4", "a5"}),
        ({"a0": "a2"}, {"a1", "a3", "a4", "a5"}),
    ):
        shop.account = accounts
        assert listed(shop) == free
    shop.account = {"a1": "firm", "a2": "firm"}
    decide(shop, "firm", kind, days)
    shop.account = {"a2": "other", "a3": "firm"}
    assert listed(shop) == {"a4", "a5"}  # both who were of it, and who is there now


def test_a_lift_ends_what_was_set_under_todays_account_or_the_former_one(shop: Shop) -> None:
    for named in ("renamed", "a0"):
        shop.account = {}
        decide(shop, "a0")
        shop.account = {"a0": "renamed"}
        assert "a0" not in listed(shop)
        decide(shop, named, "lift")
        assert "a0" in listed(shop)
        shop.account = {}
        assert "a0" in listed(shop)  # also under the id that it was set for
        shop.wait()


def test_a_lift_is_of_nobody_elses_hold(shop: Shop) -> None:
    """Who left a held account stays held when another one who left is free again."""
    shop.account = {"a0": "firm", "a1": "firm"}
    decide(shop, "firm")
    shop.account = {}
    decide(shop, "a0", "lift")
    assert listed(shop) == {"a0", "a2", "a3", "a4", "a5"}
    decide(shop, "a1")  # a decision of its own,
    decide(shop, "firm", "lift")  # which a lift of the former account leaves alone
    assert "a1" not in listed(shop)


def test_a_later_word_about_the_account_takes_nothing_from_who_has_left(shop: Shop) -> None:
    shop.account = {"a0": "firm", "a1": "firm"}
    decide(shop, "firm")
    shop.account = {"a1": "firm"}
    decide(shop, "firm", "snooze", 3)
    assert listed(shop) == {"a1", "a2", "a3", "a4", "a5"}


def test_list_and_why_tell_that_a_hold_came_along(shop: Shop, tmp_path: Path) -> None:
    """To people and to machines; the former account's id is not told on the list, it may be another owner's."""
    shop.account = {"a0": "old"}
    decide(shop, "old")
    shop.account = {"a0": "firm", "a1": "firm"}
    shop.wait()
    made = shop.list_()
    off = made.suppressed.set_index("customer_id").loc[["a0", "a1"], ["reason", "detail"]]
    assert off.values.tolist() == [["veto", "asked for it (came along from another account with a0)"]] * 2
    along = held_along(made.suppressed, snapshot_on(shop.book, shop.day), shop.account, ("veto",))
    run: Any = SimpleNamespace(totals="6 scored", log=SimpleNamespace(has_money=True))
    told = PublishedList(made, [tmp_path / "list.csv"], run, held_along=along)
    assert "careful: 1 account is kept off by a veto or snooze that a customer brought" in "\n".join(
        map(str, told.lines())
    )
    assert told.to_dict()["held_along"] == ["firm"]
    words = "\n".join(Story(history_of(shop.book, "a0")).lines())
    assert "Veto by Ada; asked for it; of account old" in words
    assert "of account old" not in "\n".join(Story(history_of(shop.book, "a1")).lines())


def test_what_follows_from_outcomes_follows_people(shop: Shop) -> None:
    """A wrong alarm is one of everybody of the entry; refusals and contacts are of customers anyway."""
    shop.account = {"a0": "firm", "a1": "firm"}
    entries = shop.list_().everyone.set_index("account_id")["entry_id"]
    record_outcomes(shop.book, [Outcome(entries["firm"], "wrong_alarm", shop.day)])
    record_outcomes(shop.book, [Outcome(entries["a2"], "do_not_contact", shop.day)])
    record_contacts(shop.book, [Contact("a3", shop.day, "call")])
    set_consent(shop.book, [Consent("a4", "*", False, shop.day, "a letter")])
    shop.account = {who: f"new {who}" for who in shop.customers}
    shop.wait()
    found = reasons(shop.list_(cooldown_days=14))
    assert found == {
        **dict.fromkeys(("a0", "a1"), "snoozed"),
        **dict.fromkeys(("a2", "a4"), "no consent"),
        "a3": "cooldown",
    }


def test_a_customer_who_is_forgotten_takes_no_hold_of_others_along(shop: Shop) -> None:
    """Neither where the account had that customer's id; and no row names it."""
    shop.account = {"a1": "a0"}
    decide(shop, "a0")
    decide(shop, "a0", "lift")
    decide(shop, "a0")
    assert erase(shop.book, "a0", "key")
    shop.customers.remove("a0")
    shop.account = {}
    assert listed(shop) == {"a2", "a3", "a4", "a5"}
    with shop.book.reading() as connection:
        for table in ("holds", "held"):
            assert "a0" not in str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())


def test_the_older_holds_of_a_book_are_of_people_too(book: Book) -> None:
    """A book from before kept accounts only; the migration finds whom its lists saw in them, on either database."""
    shop = six(book)
    migration = import_module("serving.book.migrations.versions.0009_holds_of_people")
    shop.account = {"a0": "firm", "a1": "firm"}
    shop.list_()
    shop.wait()
    for account, kind in (("firm", "veto"), ("a2", "veto"), ("a2", "lift"), ("a3", "lift"), ("a3", "veto")):
        decide(shop, account, kind)  # type: ignore[arg-type]
    query = sa.select(HELD).order_by(HELD.c.hold_id, HELD.c.customer_id)
    with shop.book.writing() as connection:
        expected = connection.execute(query).all()
        connection.execute(sa.delete(HELD))
        connection.exec_driver_sql(migration.FILL)
        assert connection.execute(query).all() == expected
    shop.account = {"a2": "x", "a3": "y"}
    assert listed(shop) == {"a2", "a4", "a5"}


IDS = st.integers(0, 5)
KEYS = st.sampled_from(["", "", "firm", "other", "a0", "a1"])
STEPS = st.lists(
    st.tuples(
        st.dictionaries(IDS, KEYS, max_size=4),
        st.lists(st.tuples(IDS, st.sampled_from(["veto", "snooze", "lift"]), st.booleans()), max_size=3),
        st.sampled_from([1, 7, 15]),  # days until the next list
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=3, deadline=None)
@given(steps=STEPS)
def test_law_of_holds(empty_file: Path, steps: list[Any]) -> None:
    """Any sequence of accounts, holds, lifts and lists: who is held is not contacted, and nobody else for it."""
    in_a_book(empty_file, steps)


@pytest.mark.whole
@settings(max_examples=300, deadline=None)
@given(steps=STEPS)
def test_law_of_holds_many_times(empty_file: Path, steps: list[Any]) -> None:
    """The same, until chance has tried what nobody thinks of."""
    in_a_book(empty_file, steps)


def in_a_book(empty_file: Path, steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_file, folder)
        with closing(Book(folder)) as book:
            live(six(book), steps)


def live(shop: Shop, steps: list[Any]) -> None:
    held: dict[tuple[str, str], date] = {}  # account under which it was set, and customer → first day without
    ids: dict[str, date] = {}  # account → first day without
    former: dict[str, str] = {}
    for moves, decisions, days in steps:
        shop.account |= {f"a{who}": key for who, key in moves.items()}
        shop.account = {who: key for who, key in shop.account.items() if key and key != who}
        for number, kind, by_former in decisions:
            now = {who: shop.account.get(who, who) for who in shop.customers}
            account = (former if by_former else now).get(f"a{number}", f"a{number}")
            decide(shop, account, kind, 20 if kind == "snooze" else None)
            note(shop, account, kind, held, ids)
        check(shop, held, ids)
        former = {who: shop.account.get(who, who) for who in shop.customers}
        shop.wait(timedelta(days=days))


def note(shop: Shop, account: str, kind: str, held: dict[tuple[str, str], date], ids: dict[str, date]) -> None:
    """Remember by hand whom a decision is of."""
    people = shop.people(account)
    until = NEVER if kind == "veto" else shop.day + timedelta(20)
    if kind != "lift":
        ids[account] = until
        held.update(dict.fromkeys(((account, who) for who in people), until))
        return
    ids.pop(account, None)
    for key in [key for key in held if key[0] == account or key[1] in people]:
        del held[key]


def check(shop: Shop, held: dict[tuple[str, str], date], ids: dict[str, date]) -> None:
    made = shop.list_()
    called = {each for who in made.customer_ids for each in shop.people(shop.account.get(who, who))}
    now = {who for (_, who), until in held.items() if until > shop.day}
    assert called.isdisjoint(now)
    kept = made.suppressed[made.suppressed["reason"].isin(["veto", "snoozed"])]
    for account in set(kept["account_id"]):
        assert now & shop.people(account) or ids.get(account, date.min) > shop.day

"""Whose account it is: never two, never nobody, and no load that grows on one side."""

from __future__ import annotations

from datetime import date

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.owners import NO_OWNER, owners_along, owners_today, with_owners
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import OWNED_NAMES

EARLY, LATE = date(2026, 2, 2), date(2026, 2, 23)


def said(*words: tuple[str, str, str, date]) -> pd.DataFrame:
    """What was said last of each customer, numbered as a database does, in any order."""
    found = pd.DataFrame(words, columns=list(OWNED_NAMES), dtype=object)
    return found.set_axis(range(5, 5 + len(words))[::-1])


def accounts(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["account_id", "owner", "segment"]).astype(object)


def test_the_book_counts_before_the_file_and_the_file_before_the_rule() -> None:
    rows = accounts(("a", "Eleni", "firm"), ("b", "Eleni", "firm"), ("c", None, "firm"), ("d", None, "home"))
    found, given_now = with_owners(rows, {"a": "Zoe", "other": "Nobody"}, Policy(owner_by_segment={"firm": "Farid"}))
    assert found["owner"].tolist() == ["Zoe", "Eleni", "Farid", NO_OWNER]
    assert given_now.empty


def test_whoever_has_fewest_is_next_and_it_is_said_who_was_given() -> None:
    """Accounts that somebody has already count as load; of equals the one whom the shop names first."""
    rows = accounts(("a", "Ada", None), ("b", "Ada", None), ("c", None, None), ("d", None, None), ("e", None, None))
    found, given_now = with_owners(rows, {}, Policy(owners=("Ada", "Bob")))
    assert found["owner"].tolist() == ["Ada", "Ada", "Bob", "Bob", "Ada"]
    assert given_now.values.tolist() == [["c", "Bob"], ["d", "Bob"], ["e", "Ada"]]


def test_rows_keep_their_numbers_and_words_their_type() -> None:
    rows = accounts(("a", None, "firm"), ("b", None, None)).set_axis([7, 3])
    for policy in (Policy(), Policy(owners=("Ada",)), Policy(owner_by_segment={"firm": "Farid"})):
        found, given_now = with_owners(rows, {}, policy)
        assert found.index.tolist() == [7, 3]
        assert found["owner"].dtype == object
        assert found.drop(columns="owner").equals(rows.drop(columns="owner"))
        assert list(given_now.columns) == ["account_id", "owner"]


def test_what_was_said_under_the_account_counts_before_what_came_along() -> None:
    """Also where that is newer; of several words of one kind the latest counts, and of equals the first."""
    account_of = {"ann": "firm", "bob": "firm", "eve": "firm"}
    own, brought, newer = ("ann", "firm", "Ada", EARLY), ("bob", "bob", "Bob", LATE), ("eve", "firm", "Eve", LATE)
    assert owners_today({}, said(own, brought), account_of) == {"firm": "Ada"}
    assert owners_today({}, said(brought, own, newer), account_of) == {"firm": "Eve"}
    assert owners_today({}, said(brought), account_of) == {"firm": "Bob"}
    assert owners_today({}, said(("ann", "ann", "Ada", EARLY), brought), account_of) == {"firm": "Bob"}
    first, second = ("ann", "ann", "Ada", LATE), brought
    assert owners_today({}, said(first, second), account_of) == {"firm": "Ada"}
    assert owners_today({}, said(second, first), account_of) == {"firm": "Bob"}


def test_what_was_said_of_customers_counts_before_what_was_said_of_the_id() -> None:
    words = said(("ann", "ann", "Ada", EARLY), ("bob", "bob", "Bob", EARLY))
    found = owners_today({"firm": "Old", "bob": "Old", "house": "Zoe"}, words, {"ann": "firm"})
    assert found == {"firm": "Ada", "bob": "Bob", "house": "Zoe"}
    assert owners_today({"house": "Zoe"}, said(), {}) == {"house": "Zoe"}


def test_an_owner_came_along_where_some_of_the_account_never_were_theirs() -> None:
    """Not where all of them were, where the word is the account's own, or where the account is not listed."""
    parent = {
        "a1": "a",
        "a2": "a",
        "b1": "b",
        "b2": "b",
        "c1": "c",
        "c2": "c",
        "d1": "d",
        "d2": "d",
        "e1": "e",
        "e2": "e",
    }
    people = Accounts(parent, frozenset(parent))
    words = said(
        *(("a1", "a1", "Ada", LATE), ("d1", "d1", "Ada", LATE), ("e1", "e1", "Ada", LATE), ("e2", "e2", "Bob", EARLY)),
        *(("b1", "b1", "Ada", LATE), ("b2", "b2", "Ada", EARLY)),
        ("c1", "c", "Ada", EARLY),
    )
    assert owners_along(["e", "d", "c", "b", "x"], words, people) == ["d", "e"]
    assert owners_along([], words, people) == []
    assert owners_along(["a", "d"], said(), people) == []


@settings(max_examples=50, deadline=None)
@given(
    owned=st.lists(st.sampled_from(["Ada", "Bob", "Cleo", None]), max_size=30),
    owners=st.lists(st.sampled_from(["Ada", "Bob", "Cleo", "Dan"]), unique=True, min_size=1),
)
def test_turns_level_the_load(owned: list[str | None], owners: list[str]) -> None:
    """Whoever got one had, before, no more than anybody else; who has an owner keeps it."""
    rows = accounts(*((f"c{n}", owner, None) for n, owner in enumerate(owned)))
    found, given_now = with_owners(rows, {}, Policy(owners=tuple(owners)))
    assert len(given_now) == owned.count(None)
    pairs = list(zip(owned, found["owner"], strict=True))
    assert all(before == after for before, after in pairs if before is not None)
    load = {name: owned.count(name) for name in owners}
    for name in given_now["owner"]:
        assert load[name] == min(load.values())
        load[name] += 1

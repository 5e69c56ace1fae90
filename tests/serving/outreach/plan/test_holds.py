"""Which accounts are held today: by their own id first, else by the customer whose hold lasts longest."""

from __future__ import annotations

from datetime import date

import pandas as pd

from serving.outreach.plan.holds import NAMES, held_along, holds_today
from serving.outreach.plan.snapshot import Snapshot

SOON, LATER = date(2026, 3, 9), date(2026, 4, 6)
OWN_NAMES = ["account_id", "kind", "until", "why", "by"]


def knows(own: list[tuple[object, ...]], people: list[tuple[object, ...]]) -> Snapshot:
    """Holds of accounts, and whose they are; rows bear numbers as those of a database do, in any order."""
    holds = pd.DataFrame(own, columns=OWN_NAMES, dtype=object)
    held = pd.DataFrame(people, columns=["customer_id", *OWN_NAMES], dtype=object)
    return Snapshot(holds=holds.set_axis(range(len(own))[::-1]), held=held.set_axis(range(7, 7 + len(people))[::-1]))


def told(snapshot: Snapshot, account_of: dict[str, str]) -> list[list[object]]:
    found = holds_today(snapshot, account_of)
    assert tuple(found.columns) == NAMES
    assert found.dtypes.eq(object).all()
    return [[None if value is None else value for value in row] for row in found.values.tolist()]


def test_a_hold_of_the_account_counts_before_one_that_came_along() -> None:
    """Also where the other one lasts longer; of another kind both hold."""
    own = [("firm", "snooze", SOON, "away", "Ada")]
    people = [("ann", "ann", "snooze", LATER, "moved", "Bob"), ("ann", "ann", "veto", None, "no more", "Bob")]
    assert told(knows(own, people), {"ann": "firm"}) == [
        ["firm", "snooze", SOON, "away", "Ada", None],
        ["firm", "veto", None, "no more", "Bob", "ann"],
    ]


def test_of_those_who_brought_one_the_longest_counts() -> None:
    """Of equals the first one; a veto has no end, and each of them is as long."""
    people = [
        ("ann", "ann", "snooze", SOON, "a", "Ada"),
        ("bob", "bob", "snooze", LATER, "b", "Ada"),
        ("eve", "eve", "snooze", LATER, "e", "Ada"),
        ("ann", "ann", "veto", None, "first", "Ada"),
        ("bob", "bob", "veto", None, "second", "Ada"),
    ]
    found = told(knows([], people), dict.fromkeys(("ann", "bob", "eve"), "firm"))
    assert [(kind, until, why, who) for _, kind, until, why, _, who in found] == [
        ("snooze", LATER, "b", "bob"),
        ("veto", None, "first", "ann"),
    ]


def test_of_many_equals_the_first_counts_and_of_none_nobody_is_held() -> None:
    people = [(f"c{n:02}", f"c{n:02}", "veto", None, f"w{n}", "Ada") for n in range(60)]
    people[40:40] = [("late", "late", "veto", LATER, "longest", "Ada")]
    parent = {who: "firm" for who, *_ in people}
    assert [row[3] for row in told(knows([], people), parent)] == ["longest"]
    assert [row[3] for row in told(knows([], people[:40]), parent)] == ["w0"]
    assert told(knows([], []), {}) == []


def test_who_is_still_of_the_account_brought_nothing_along() -> None:
    people = [("ann", "firm", "veto", None, "w", "Ada"), ("bob", "old", "veto", None, "w", "Ada"),
              ("eve", "eve", "veto", None, "w", "Ada")]  # fmt: skip
    found = told(knows([], people), {"ann": "firm", "bob": "new"})
    assert [(account, who) for account, *_, who in found] == [("firm", None), ("new", "bob"), ("eve", None)]


def test_accounts_that_are_kept_off_by_what_came_along_are_named() -> None:
    """Not those that are kept off for another reason, nor those whose hold is their own."""
    people = [(who, who, "veto", None, "w", "Ada") for who in ("ann", "bob", "eve")]
    snapshot = knows([("house", "veto", None, "w", "Ada")], people)
    account_of = {"ann": "firm", "bob": "chain", "eve": "shop"}
    off = pd.DataFrame(
        [("firm", "veto"), ("chain", "veto"), ("shop", "ordered"), ("house", "veto")], columns=["account_id", "reason"]
    )
    assert held_along(off, snapshot, account_of, {"veto", "snoozed"}) == ["chain", "firm"]
    assert held_along(off, snapshot, account_of, {"snoozed"}) == []

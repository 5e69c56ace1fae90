"""The list's own tables: its groups and who is in them, the episodes that begin with it, and what the book is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from features.money import Money
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.arms import MERGED_NAMES, Arms
from serving.outreach.plan.candidates import LISTED_KINDS
from serving.outreach.plan.holdout import KNOWN_NAMES
from serving.outreach.plan.outreach_list import (
    ARM_NAMES,
    ENTRY_NAMES,
    EPISODE_NAMES,
    OutreachList,
    entries_of,
    episodes_of,
    new_arms,
    owned_of,
    with_less_told,
)
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.workdays import Workdays

MONDAY = date(2026, 3, 2)
PEOPLE = Accounts({"a1": "a", "a2": "a", "a3": "a"}, frozenset({"a1", "a2", "a3", "b", "c"}))


def listed(*rows: dict[str, Any]) -> pd.DataFrame:
    """What is known of each, best first; numbered from a hundred downwards."""
    known = [name for name in ENTRY_NAMES if name not in ("entry_id", "opening", "position", "expected_gain", "change")]
    usual = dict.fromkeys(known) | {"kind": "regular", "cost": 150, "gain": 2_005, "due_days": 2}
    made = [{**usual, "customer_id": f"c{n}", "account_id": f"c{n}", **row} for n, row in enumerate(rows)]
    return pd.DataFrame(made, index=range(100, 100 - len(made), -1), columns=[*usual])


class TestEntries:
    def of(self, *rows: dict[str, Any], before: tuple[str, ...] = (), currency: str = "EUR") -> list[pd.DataFrame]:
        return entries_of(listed(*rows), MONDAY, before, Money(currency), Workdays(closed_weekdays=("wednesday",)))

    def test_each_kind_is_a_group_of_its_own_that_counts_from_one(self) -> None:
        kinds = ["new", *LISTED_KINDS, "regular", "new"]
        groups = self.of(*({"kind": kind} for kind in kinds))
        assert [group["kind"].unique().tolist() for group in groups] == [[kind] for kind in LISTED_KINDS]
        assert [group["customer_id"].tolist() for group in groups[:2]] == [["c1", "c6"], ["c0", "c2", "c7"]]
        for group in groups:
            assert group["position"].tolist() == list(range(1, len(group) + 1))
            assert group.index.tolist() == list(range(len(group)))
            assert tuple(group.columns) == ENTRY_NAMES

    def test_money_is_in_major_units_and_a_due_day_is_one_of_work(self) -> None:
        entries = self.of({}, {"gain": -50, "cost": 0, "due_days": 3})[0]
        assert entries["cost"].tolist() == [Decimal("1.50"), Decimal("0.00")]
        assert entries["expected_gain"].tolist() == [Decimal("20.05"), Decimal("-0.50")]
        assert entries["due_on"].tolist() == [date(2026, 3, 5), date(2026, 3, 5)]
        assert entries["due_on"].dtype == entries["cost"].dtype == object
        assert self.of({}, currency="IRR")[0]["cost"].tolist() == [Decimal(150)]

    def test_who_was_on_the_former_list_is_still_on_it(self) -> None:
        entries = self.of({"account_id": "a"}, {"customer_id": "a"}, before=("a",))[0]
        assert entries["change"].tolist() == ["still", "new"]
        assert entries[["entry_id", "opening"]].isna().all(axis=None)
        assert entries[["entry_id", "opening"]].dtypes.eq(object).all()

    def test_nobody_is_five_empty_groups(self) -> None:
        assert [len(group) for group in self.of()] == [0] * 5


def test_of_who_buys_less_what_is_bought_less_of_is_told_first() -> None:
    """Three reasons at most; of everybody else the reasons stay, and what is missing is none."""
    rows = pd.DataFrame(
        [
            ("shrunk", ["less a", "less b"], ["r1", "r2"]),
            ("shrunk", ("less",), ("r1",)),
            ("shrunk", None, ["r1"]),
            ("shrunk", ["less"], float("nan")),
            ("regular", ["less"], ["r1"]),
            ("regular", ["less"], None),
        ],
        columns=["kind", "shrinking", "reasons"],
        index=[9, 8, 7, 6, 5, 4],
        dtype=object,
    )
    found = with_less_told(rows)
    assert found.index.tolist() == [9, 8, 7, 6, 5, 4]
    assert found["reasons"].tolist() == [["less a", "less b", "r1"], ["less", "r1"], ["r1"], ["less"], ["r1"], None]
    assert found["reasons"].dtype == object


def arms(busy: dict[str, date] | None = None) -> Arms:
    none = pd.DataFrame(columns=list(KNOWN_NAMES)), pd.DataFrame(columns=list(MERGED_NAMES))
    return Arms(PEOPLE, none[0], {}, none[1], busy or {})


def enrolled(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = dict.fromkeys(EPISODE_NAMES) | {
        "kind": "regular", "probability": 0.6, "left_probability": 0.4, "less_probability": 0.9, "spend": 2_000,
        "usual": 7_000, "is_watched": True, "is_new_draw": True, "drawn_for": "", "playbook": "call", "arm": "treated",
    }  # fmt: skip
    made = [usual | row for row in rows]
    found = pd.DataFrame(made, index=range(100, 100 - len(made), -1), columns=[*usual])
    return found.astype({"is_watched": bool, "is_new_draw": bool})


class TestEpisodes:
    def test_one_begins_of_everybody_of_the_account_and_who_stands_for_it(self) -> None:
        rows = enrolled({"account_id": "a", "customer_id": "a2"}, {"account_id": "x", "customer_id": "y"})
        found = episodes_of(rows, Snapshot(), arms(), MONDAY, 30)
        assert tuple(found.columns) == EPISODE_NAMES
        assert found["customers"].tolist() == [("a1", "a2", "a3"), ("y",)]
        assert found[["began_on", "horizon_days"]].values.tolist() == [[MONDAY, 30]] * 2
        assert found.index.tolist() == [0, 1]
        assert found["customers"].dtype == object

    def test_a_shrinking_account_is_watched_by_its_own_usual(self) -> None:
        rows = enrolled(
            {"account_id": "b", "customer_id": "b"}, {"account_id": "c", "customer_id": "c", "kind": "shrunk"}
        )
        found = episodes_of(rows, Snapshot(), arms(), MONDAY, 30)
        names = ["probability", "left_probability", "expected_spend"]
        assert found[names].values.tolist() == [[0.6, 0.4, 2_000], [0.9, 0.9, 7_000]]

    def test_none_begins_while_one_is_under_way_or_where_nothing_can_be_compared(self) -> None:
        running = pd.DataFrame(
            [("b", "treated", MONDAY, MONDAY, ("b",))],
            columns=["account_id", "arm", "began_on", "ends_on", "customers"],
        )
        names = [("a", "a1", True), ("b", "b", True), ("c", "c", False), ("d", "d", True)]
        rows = enrolled(*({"account_id": a, "customer_id": c, "is_watched": watched} for a, c, watched in names))
        found = episodes_of(rows, Snapshot(open_episodes=running), arms({"a3": MONDAY + timedelta(9)}), MONDAY, 30)
        assert found["account_id"].tolist() == ["d"]
        assert episodes_of(rows.iloc[:0], Snapshot(), arms(), MONDAY, 30).empty


def test_owners_given_in_turn_are_told_of_everybody_of_the_account() -> None:
    given = pd.DataFrame([("a", "Ada"), ("x", "Bob")], columns=["account_id", "owner"], index=[5, 4])
    stands = pd.DataFrame([("x", "y"), ("a", "a2"), ("b", "b")], columns=["account_id", "customer_id"])
    found = owned_of(given, PEOPLE, stands)
    assert list(found.columns) == ["customer_id", "account_id", "owner"]
    assert found.values.tolist() == [["a1", "a", "Ada"], ["a2", "a", "Ada"], ["a3", "a", "Ada"], ["y", "x", "Bob"]]
    assert found.dtypes.eq(object).all()
    assert owned_of(given.iloc[:0], PEOPLE, stands).dtypes.eq(object).all()


def test_draws_that_are_new_are_told_with_what_they_are_for() -> None:
    rows = enrolled(
        {"account_id": "a", "drawn_for": "mail", "stratum": "s"}, {"account_id": "b", "is_new_draw": False},
        {"account_id": "c", "arm": "holdout"},
    )  # fmt: skip
    found = new_arms(rows, MONDAY)
    assert tuple(found.columns) == ARM_NAMES
    assert found.drop(columns="stratum").values.tolist() == [
        ["a", "mail", "treated", MONDAY],
        ["c", "", "holdout", MONDAY],
    ]
    assert found["stratum"].tolist()[0] == "s"
    assert found.index.tolist() == [0, 1]


def groups(*sizes: int) -> list[pd.DataFrame]:
    names = [[f"{kind}{n}" for n in range(size)] for kind, size in zip(LISTED_KINDS, sizes, strict=True)]
    return [pd.DataFrame({"customer_id": ids, "owner": [f"of {who}" for who in ids]}) for ids in names]


def a_list(*sizes: int, **other: Any) -> OutreachList:
    entries, newcomers, winback, reminders, shrinking = groups(*sizes)
    whole = {"entries": entries, "newcomers": newcomers, "winback": winback, "reminders": reminders}
    return OutreachList(MONDAY, 30, "1", "EUR", "gain", None, **whole, shrinking=shrinking, **other)


class TestList:
    def test_everyone_stands_in_the_order_of_the_groups(self) -> None:
        found = a_list(2, 1, 1, 1, 1)
        ids = ["regular0", "regular1", "new0", "winback0", "reminder0", "shrunk0"]
        assert found.customer_ids == ids
        assert found.everyone.index.tolist() == list(range(6))
        assert found.owners == sorted(f"of {who}" for who in ids)
        assert [len(group) for group in found.groups] == [2, 1, 1, 1, 1]
        assert a_list(0, 1, 0, 0, 1).customer_ids == ["new0", "shrunk0"]
        nobody = a_list(0, 0, 0, 0, 0)
        assert (nobody.customer_ids, nobody.owners, len(nobody.everyone)) == ([], [], 0)

    def test_every_group_is_changed_and_stays_in_its_place(self) -> None:
        found = a_list(2, 1, 1, 1, 1).with_groups(lambda group: group.iloc[:1].assign(seen=len(group)))
        assert found.customer_ids == ["regular0", "new0", "winback0", "reminder0", "shrunk0"]
        assert found.everyone["seen"].tolist() == [2, 1, 1, 1, 1]
        assert (found.as_of, found.currency) == (MONDAY, "EUR")

    def test_whoever_is_in_any_table_that_is_recorded_is_named(self) -> None:
        names = ("suppressed", "gone", "episodes", "drawn", "programme_drawn", "owned")
        tables = {name: pd.DataFrame({"customer_id": [f"in {name}", "regular0"]}) for name in names}
        found = a_list(1, 0, 0, 0, 1, **tables, programme=pd.DataFrame({"customer_id": ["of before"]}))
        assert found.recorded_ids == {"regular0", "shrunk0", *(f"in {name}" for name in names)}
        assert a_list(0, 0, 0, 0, 0).recorded_ids == frozenset()
        assert np.size(found.merged) == 0

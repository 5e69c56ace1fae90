"""How far an owner's list reaches: the listed fill it, the held-out step aside, and whoever comes after is too many."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.arms import MERGED_NAMES, Arms
from serving.outreach.plan.capacity import within_capacity
from serving.outreach.plan.holdout import HOLDOUT, KNOWN_NAMES, TREATED
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot

WEDNESDAY, MONDAY = date(2026, 3, 4), date(2026, 3, 2)
UNTIL = date(2026, 4, 1)
TOO_MANY = ("over capacity", "its owner can take no more")
HELD = ("holdout", "held out, to measure what contacting does")


def ranked(*accounts: str, **of_each: dict[str, Any]) -> pd.DataFrame:
    """Accounts, best first, all of Ada; numbered from a hundred downwards."""
    usual = {"playbook": "call", "owner": "Ada", "kind": "regular", "band": "high", "spend": 5, "reason": None}
    made = [{"account_id": name, **usual, "detail": None} | of_each.get(name, {}) for name in accounts]
    return pd.DataFrame(made, index=range(100, 100 - len(made), -1), dtype=object).astype({"spend": float})


def arms(drawn: dict[str, str], until: dict[tuple[str, str], date] | None = None, merged: tuple[str, ...] = ()) -> Arms:
    """What was drawn before, for all playbooks, in the stratum "old"."""
    by_lot = pd.DataFrame([(who, "", arm, "old") for who, arm in drawn.items()], columns=list(KNOWN_NAMES))
    both = pd.DataFrame([(who, 1, 1) for who in merged], columns=list(MERGED_NAMES))
    return Arms(Accounts({}), by_lot, until or {}, both, {})


def contacts(*rows: tuple[str, str, date]) -> Snapshot:
    made = [(who, day, "call", entry, "", "Ada") for who, entry, day in rows]
    names = ["customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner"]
    return Snapshot(contacts=pd.DataFrame(made, columns=names))


def told(rows: pd.DataFrame, known: Arms, snapshot: Snapshot | None = None, **rules: Any) -> pd.DataFrame:
    found = within_capacity(rows, snapshot or Snapshot(), known, Policy(**{"holdout_share": 0.0, **rules}), WEDNESDAY)
    assert found.index.tolist() == rows.index.tolist()
    assert found["account_id"].tolist() == rows["account_id"].tolist()
    return found


def why(found: pd.DataFrame) -> list[tuple[str | None, str | None]]:
    pairs = found[["reason", "detail"]].astype(object)
    return [tuple(row) for row in pairs.where(pairs.notna(), None).itertuples(index=False, name=None)]


def test_listed_ones_fill_a_list_and_the_held_out_take_no_place() -> None:
    """The trial ends where the list does: nobody after the last entry is held out."""
    drawn = {"t1": TREATED, "h1": HOLDOUT, "t2": TREATED, "h2": HOLDOUT, "t3": TREATED, "b1": TREATED}
    rows = ranked("t1", "h1", "t2", "b1", "h2", "t3", b1={"owner": "Bob"})
    found = told(rows, arms(drawn), capacity=2)
    assert why(found) == [(None, None), HELD, (None, None), (None, None), TOO_MANY, TOO_MANY]
    assert found["arm"].tolist() == [drawn[who] for who in rows["account_id"]]
    assert set(found["stratum"]) == {"old"}
    assert why(told(rows, arms(drawn), capacities={"Ada": 1}))[:3] == [(None, None), TOO_MANY, TOO_MANY]
    assert why(told(rows, arms(drawn))).count((None, None)) == 4


def test_who_is_off_for_another_reason_keeps_it_and_is_not_drawn() -> None:
    rows = ranked("off", "on", off={"reason": "veto", "detail": "by Ada"})
    found = told(rows, arms({}), capacity=1)
    assert why(found) == [("veto", "by Ada"), (None, None)]
    assert found[["is_new_draw", "is_watched"]].to_numpy().tolist() == [[False, False], [True, True]]
    assert found[["is_new_draw", "is_watched"]].dtypes.eq(bool).all()
    assert found["arm"].isna().tolist() == [True, False]
    assert found["drawn_for"].tolist()[1] == ""


def test_those_drawn_now_are_drawn_in_their_stratum_with_the_shops_share() -> None:
    names = [f"c{n}" for n in range(40)]
    large = {name: {"spend": 9} for name in names[30:]}
    rows = ranked(*names, **large)
    found = told(rows, arms({}), holdout_share=0.2)
    assert found["stratum"].tolist() == ["regular high small"] * 30 + ["regular high large"] * 10
    assert (found["arm"] == HOLDOUT).sum() == 8
    assert found["is_new_draw"].all()
    assert told(rows, arms({}), holdout_share=0.2, holdout_by_playbook=True)["drawn_for"].tolist() == ["call"] * 40


@pytest.mark.parametrize(
    ("snapshot", "listed"),
    [
        (contacts(), 3),
        (contacts(("x", "e1", MONDAY)), 2),  # the first day of the week counts
        (contacts(("x", "e1", date(2026, 3, 1))), 3),  # the day before does not
        (contacts(("x", "e1", MONDAY), ("x", "e1", date(2026, 3, 3))), 2),  # two calls are one entry
        (contacts(("x", "e1", MONDAY), ("y", "e2", MONDAY)), 1),
        (contacts(*(("x", f"e{n}", MONDAY) for n in range(5))), 0),
    ],
)
def test_contacts_made_since_the_week_began_count(snapshot: Snapshot, listed: int) -> None:
    """Of the owner's own; nobody else has less room for them, and whoever has no bound has none."""
    rows = ranked(*"abcd", "bobs", bobs={"owner": "Bob"})
    known = arms(dict.fromkeys((*"abcd", "bobs"), TREATED))
    found = why(told(rows, known, snapshot, capacity=3))
    assert found == [(None, None)] * listed + [TOO_MANY] * (4 - listed) + [(None, None)]
    assert why(told(rows, known, snapshot)) == [(None, None)] * 5


def test_a_week_begins_where_the_shops_does() -> None:
    rows, known = ranked("a"), arms({"a": TREATED})
    snapshot = contacts(("x", "e1", date(2026, 2, 28)))
    assert why(told(rows, known, snapshot, capacity=1)) == [(None, None)]
    assert why(told(rows, known, snapshot, capacity=1, week_begins="saturday")) == [TOO_MANY]


def test_who_is_kept_apart_is_held_out_without_a_draw_and_not_watched() -> None:
    known = arms({"a": TREATED, "c": HOLDOUT}, {("b", ""): UNTIL, ("c", ""): UNTIL})
    found = told(ranked("a", "b", "c", "d"), known)
    apart = ("holdout", f"was in one account with a customer who is held out (until {UNTIL})")
    assert why(found) == [(None, None), apart, HELD, (None, None)]
    assert found["arm"].tolist() == [TREATED, HOLDOUT, HOLDOUT, TREATED]
    assert found["is_new_draw"].tolist() == [False, False, False, True]
    assert found["is_watched"].tolist() == [True, False, True, True]
    assert found["drawn_for"].tolist() == ["", "call", "", ""]
    assert found["stratum"].tolist() == ["old", "regular high small", "old", "regular high small"]


def test_an_account_of_both_arms_is_not_watched_and_its_detail_says_why() -> None:
    known = arms({"a": HOLDOUT, "b": TREATED, "c": HOLDOUT}, merged=("a", "b"))
    found = told(ranked("a", "b", "c"), known)
    both = "its account came to hold customers who are held out, which are not contacted, and others"
    assert why(found) == [("holdout", both), (None, None), HELD]
    assert found["is_watched"].tolist() == [False, False, True]


def test_a_list_of_nobody_is_one() -> None:
    found = told(ranked("a", a={"reason": "veto"}), arms({}), capacity=1)
    assert why(found) == [("veto", None)]

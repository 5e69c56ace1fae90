"""One reason per customer: what somebody decided before what the law asks, before what would be a waste."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from features.sources.people.consent import CHANNELS
from serving.outreach.plan.consent import channels_allowed
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.suppression import suppressed

AS_OF = date(2026, 3, 2)
LATER = AS_OF + timedelta(days=9)


def candidate(**other: Any) -> dict[str, Any]:
    """One whom nothing keeps off the list."""
    usual: dict[str, Any] = {
        "customer_id": "a",
        "account_id": "a",
        "consent": None,
        "channel": "call",
        "state": "at_risk",
        "kind": "regular",
        "cell": "ranked",
        "days_since_order": 40,
        "usual_gap_days": 31.0,
        "listed_for": "late",
        "gain": 500,
        "cooldown_days": 0,
        "open_ticket": False,
        "in_transit": False,
        "lost_cause": False,
    }
    assert set(other) <= set(usual)
    found = usual | other
    return found | {"late_after_days": found["usual_gap_days"]}


def knows(**of_a: Any) -> Snapshot:
    """What the book knows of the account "a"."""
    frames: dict[str, pd.DataFrame] = {}
    if "hold" in of_a:
        kind, until = of_a["hold"]
        frames["holds"] = pd.DataFrame([{"account_id": "a", "kind": kind, "until": until, "why": "w", "by": "Ada"}])
    if "said" in of_a:
        frames["consent"] = pd.DataFrame([("a", *one) for one in of_a["said"]],
                                         columns=["customer_id", "channel", "allowed"])  # fmt: skip
    if "contacted" in of_a:
        row = {"customer_id": of_a.get("who", "a"), "contacted_on": of_a["contacted"], "channel": "call"}
        frames["contacts"] = pd.DataFrame([row | {"entry_id": "e", "playbook": "", "owner": "Ada"}])
    return Snapshot(**frames)


def why(row: dict[str, Any], snapshot: Snapshot | None = None, **rules: Any) -> tuple[str | None, str | None]:
    accounts, least = rules.pop("account_of", {}), rules.pop("least", 50)
    rows, known = pd.DataFrame([row]), snapshot or Snapshot()
    found = suppressed(rows, known, Policy(**rules), AS_OF, accounts, least_gain=least).iloc[0]
    return tuple(None if pd.isna(found[name]) else found[name] for name in ("reason", "detail"))  # type: ignore[return-value]


# Each holds alone, and all of them hold in the one before it.
IN_ORDER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("veto", {}, {"hold": ("veto", None)}),
    ("snoozed", {}, {"hold": ("snooze", LATER)}),
    ("no consent", {"consent": "no"}, {}),
    ("ordered", {"days_since_order": 1}, {}),
    ("open ticket", {"open_ticket": True}, {}),
    ("in transit", {"in_transit": True}, {}),
    ("lost cause", {"lost_cause": True}, {}),
    ("cooldown", {}, {"contacted": AS_OF - timedelta(days=3)}),
    ("not yet due", {"listed_for": None, "usual_gap_days": 60.0}, {}),
    ("no gain", {"gain": 0}, {}),
    ("little gain", {"gain": 49}, {}),
]


@pytest.mark.parametrize("place", range(len(IN_ORDER)), ids=[name for name, _, _ in IN_ORDER])
def test_the_first_reason_that_holds_is_said(place: int) -> None:
    """Alone, and together with all that come after it."""
    reason, row, book = IN_ORDER[place]
    assert why(candidate(**row), knows(**book))[0] == reason
    every, all_known = dict[str, Any](), dict[str, Any]()
    for _, also, known in reversed(IN_ORDER[place:]):
        every |= also
        all_known |= known
    assert why(candidate(**every), knows(**all_known))[0] == reason


def test_without_a_reason_there_is_none() -> None:
    assert why(candidate()) == (None, None)


def test_a_hold_says_why_and_until_when() -> None:
    assert why(candidate(), knows(hold=("snooze", LATER))) == ("snoozed", f"w (until {LATER})")
    assert why(candidate(), knows(hold=("veto", None))) == ("veto", "w")


def test_a_ticket_sends_to_service_which_may_go_on() -> None:
    """Also to whoever allowed mails alone: the desk answers what was asked."""
    assert why(candidate(open_ticket=True, channel="service")) == (None, None)
    assert why(candidate(open_ticket=True, channel="service", consent="mail")) == (None, None)
    assert why(candidate(open_ticket=True, channel="service", consent="no"))[0] == "no consent"


@pytest.mark.parametrize(
    ("consent", "said", "channels"),
    [
        (None, [], set(CHANNELS)),
        ("no", [], set()),
        ("mail", [], {"mail", "service"}),
        ("no", [("call", True)], {"call"}),
        ("yes", [("*", False)], set()),
        ("yes", [("call", False)], {*CHANNELS} - {"call"}),
        ("no", [("*", True)], set(CHANNELS)),
        ("yes", [("*", False), ("call", True)], set()),
        ("mail", [("*", True), ("mail", False)], {*CHANNELS} - {"mail"}),
    ],
)
def test_the_books_word_counts_before_the_files_and_a_general_no_before_all(
    consent: str | None, said: list[tuple[str, bool]], channels: set[str]
) -> None:
    rows = pd.DataFrame([candidate(consent=consent), candidate(customer_id="b", account_id="b")])
    may = channels_allowed(rows, knows(said=said) if said else Snapshot())
    assert {channel for channel in may if may.loc[0, channel]} == channels
    assert may.loc[1].all()


@pytest.mark.parametrize(
    ("age", "own", "shop", "reason"),
    [(14, 0, 14, "cooldown"), (15, 0, 14, None), (15, 30, 14, "cooldown"), (1, 0, 0, None), (31, 30, 14, None)],
)
def test_the_longer_cooldown_counts_to_its_last_day(age: int, own: int, shop: int, reason: str | None) -> None:
    """The shop's or the playbook's."""
    on = AS_OF - timedelta(days=age)
    found, detail = why(candidate(cooldown_days=own), knows(contacted=on), cooldown_days=shop)
    assert found == reason
    assert detail == (f"contacted on {on}" if reason else None)


def test_a_branch_that_was_contacted_leaves_the_account_in_peace() -> None:
    """Whichever of its customers it was."""
    snapshot = knows(contacted=AS_OF - timedelta(days=3), who="branch")
    assert why(candidate(), snapshot)[0] is None
    assert why(candidate(), snapshot, account_of={"branch": "a"})[0] == "cooldown"


def test_who_is_not_late_is_told_from_which_day_on() -> None:
    assert why(candidate(listed_for=None, usual_gap_days=60.0)) == (
        "not yet due",
        "usually orders every 60 days, and is late from 2026-03-23 on",
    )


def test_no_gain_is_a_reason_only_where_gain_decides() -> None:
    """And never in the random cell, which must not be cut."""
    assert why(candidate(gain=-5))[0] == "no gain"
    assert why(candidate(gain=-5), rank_by="value_at_risk")[0] is None
    assert why(candidate(gain=-5, cell="random"))[0] is None


@pytest.mark.parametrize("orders", [{"days_since_order": 1}, {"in_transit": True}])
def test_an_account_that_buys_less_still_orders(orders: dict[str, Any]) -> None:
    """Its orders keep it off no list: that it buys less is the news."""
    assert why(candidate(kind="regular", **orders))[0] in ("ordered", "in transit")
    assert why(candidate(kind="shrunk", **orders)) == (None, None)


def people(*rows: dict[str, Any]) -> pd.DataFrame:
    """Candidates one by one, numbered from a hundred downwards."""
    made = [candidate(**({"customer_id": f"c{n}", "account_id": f"c{n}"} | row)) for n, row in enumerate(rows)]
    return pd.DataFrame(made, index=range(100, 100 - len(made), -1))


def each_told(rows: pd.DataFrame, snapshot: Snapshot | None = None, **more: Any) -> list[tuple[object, object]]:
    found = suppressed(rows, snapshot or Snapshot(), Policy(), AS_OF, more.pop("account_of", {}), **more)
    assert found.index.tolist() == rows.index.tolist()
    assert found[["reason", "detail"]].dtypes.eq(object).all()
    assert found.drop(columns=["reason", "detail"]).equals(rows)
    texts = found[["reason", "detail"]]
    return [tuple(row) for row in texts.where(texts.notna(), None).itertuples(index=False, name=None)]


def test_every_reason_has_its_words_whoever_stands_beside() -> None:
    rows: list[tuple[dict[str, Any], str | None, str | None]] = [
        ({}, None, None),
        ({"consent": "mail"}, "no consent", "no consent to call"),
        ({"days_since_order": 1}, "ordered", "ordered on 2026-03-01"),
        ({"days_since_order": 2}, None, None),
        ({"open_ticket": True}, "open ticket", "goes to service first"),
        ({"in_transit": True}, "in transit", "an order is on its way"),
        ({"lost_cause": True}, "lost cause", "every win-back offer was tried"),
        ({"gain": 0}, "no gain", "contacting costs more than it is expected to save"),
        ({"gain": 1}, "little gain", "what it is expected to gain is less than what reading a row costs"),
        ({"gain": 49}, "little gain", "what it is expected to gain is less than what reading a row costs"),
        ({"gain": 50}, None, None),
        ({"channel": "service"}, None, None),
        ({"listed_for": None}, "not yet due", "usually orders every 31 days, and is late from 2026-03-02 on"),
    ]
    told = [(reason, detail) for _, reason, detail in rows]
    assert each_told(people(*(row for row, _, _ in rows)), least_gain=50) == told
    assert each_told(people({"gain": 1}, {"gain": 0}))[0] == (None, None)
    assert each_told(people().reindex(columns=list(candidate()))) == []


def test_the_programme_holdout_is_told_before_all_else() -> None:
    off = ("programme holdout", "left alone by every playbook, to measure the whole programme")
    rows = people({"account_id": "firm", "consent": "no"}, {}, {"account_id": "firm"})
    assert each_told(rows, programme=frozenset({"firm"})) == [off, (None, None), off]


def test_a_hold_that_came_along_says_with_whom_and_names_no_account() -> None:
    names = ["customer_id", "account_id", "kind", "until", "why", "by"]
    held = pd.DataFrame([("ann", "old", "snooze", LATER, "away", "Ada")], columns=names, dtype=object)
    rows = people({"account_id": "firm"}, {"account_id": "old"})
    told = each_told(rows, Snapshot(held=held), account_of={"ann": "firm"})
    assert told == [("snoozed", f"away (until {LATER}) (came along from another account with ann)"), (None, None)]


def listed(*accounts: tuple[str, int]) -> Snapshot:
    """Accounts of the former list, so many days ago."""
    rows = [(who, who, "regular", "Ada", "", AS_OF - timedelta(days=age)) for who, age in accounts]
    return Snapshot(
        former=pd.DataFrame(rows, columns=["account_id", "customer_id", "kind", "owner", "playbook", "as_of"])
    )


def test_who_has_ordered_since_the_former_list_is_off_and_newcomers_of_yesterday_are_not() -> None:
    ages = [("c0", 7), ("c1", 7), ("ann", 7), ("c4", 7)]
    rows = people(
        {"days_since_order": 7}, {"days_since_order": 8}, {"account_id": "firm", "days_since_order": 7},
        {"days_since_order": 1, "state": "new"}, {"days_since_order": 7, "state": "new"}, {"days_since_order": 2},
    )  # fmt: skip
    on = ("ordered", "ordered on 2026-02-23")
    nothing = (None, None)
    told = each_told(rows, listed(*ages), account_of={"ann": "firm"})
    assert told == [on, nothing, on, nothing, on, nothing]
    today = people({"days_since_order": 2}, {"days_since_order": 1, "state": "new"})
    yesterday = each_told(today, listed(("c0", 1), ("c1", 1)))
    assert yesterday == [nothing, ("ordered", "ordered on 2026-03-01")]


def test_a_cooldown_is_of_the_account_and_of_nobody_beside() -> None:
    rows = people({}, {"account_id": "a", "cooldown_days": 20}, {"account_id": "a"})
    on = AS_OF - timedelta(days=17)
    told = each_told(rows, knows(contacted=on, who="ann"), account_of={"ann": "a"})
    assert told == [(None, None), ("cooldown", f"contacted on {on}"), (None, None)]

"""An arm is of people: which accounts are held out today, with whom, until when, and what the book is to remember."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.arms import DRAWN_NAMES, MERGED_NAMES, Arms, arms_today, begins_now, drawn_of
from serving.outreach.plan.holdout import HOLDOUT, KNOWN_NAMES, TREATED
from serving.outreach.plan.snapshot import Snapshot

TODAY = date(2026, 3, 2)
SOON, LATER, PAST_LATER = date(2026, 3, 9), date(2026, 3, 30), date(2026, 5, 4)
HORIZON = 30
END = TODAY + timedelta(days=HORIZON)
Drawn = tuple[str, str, str, str, date | None]


def knows(
    *drawn: Drawn,
    arms: tuple[tuple[str, str, str, str], ...] = (),
    running: tuple[tuple[date, tuple[str, ...]], ...] = (),
) -> Snapshot:
    """Draws of customers and of ids, and episodes under way; rows are numbered as a database does, in any order."""
    people = pd.DataFrame(drawn, columns=["customer_id", "playbook", "arm", "stratum", "until"], dtype=object)
    ids = pd.DataFrame(arms, columns=list(KNOWN_NAMES), dtype=object)
    rows = [(f"e{n}", TREATED, TODAY, end, customers) for n, (end, customers) in enumerate(running)]
    names = ["account_id", "arm", "began_on", "ends_on", "customers"]
    return Snapshot(
        drawn=people.set_axis(range(7, 7 + len(people))[::-1]),
        arms=ids,
        open_episodes=pd.DataFrame(rows, columns=names, dtype=object),
    )


def firm(*customers: str, **others: str) -> Accounts:
    """An account "firm" of some customers, and others of theirs."""
    parent = dict.fromkeys(customers, "firm") | others
    return Accounts(parent, frozenset({*parent, "alone"}))


def lots(found: Arms) -> list[tuple[str, ...]]:
    assert tuple(found.by_lot.columns) == KNOWN_NAMES
    return [tuple(row) for row in found.by_lot.itertuples(index=False, name=None)]


class TestToday:
    def test_an_account_with_a_held_out_customer_is_held_out(self) -> None:
        """In whichever order they were drawn, with the stratum of that one; per playbook."""
        draws: tuple[Drawn, ...] = (
            ("ann", "", TREATED, "of ann", None), ("bob", "", HOLDOUT, "of bob", None),
            ("ann", "call", TREATED, "by call", None), ("alone", "", TREATED, "of alone", None),
        )  # fmt: skip
        for order in (draws, draws[::-1]):
            found = arms_today(knows(*order), firm("ann", "bob"))
            assert sorted(lots(found)) == [
                ("alone", "", TREATED, "of alone"),
                ("firm", "", HOLDOUT, "of bob"),
                ("firm", "call", TREATED, "by call"),
            ]
            assert lots(found)[0][2] == HOLDOUT
            assert found.held_out == {("firm", "")}

    def test_of_draws_of_one_arm_the_first_counts(self) -> None:
        for names in (("ann", "bob"), ("bob", "ann")):
            draws = [(who, "", HOLDOUT, f"of {who}", None) for who in names]
            assert lots(arms_today(knows(*draws), firm("ann", "bob"))) == [("firm", "", HOLDOUT, f"of {names[0]}")]

    def test_the_first_of_many_held_out_counts(self) -> None:
        many = [(f"c{n:02}", "", HOLDOUT if n % 3 else TREATED, f"s{n:02}", None) for n in range(60)]
        found = arms_today(knows(*many), firm(*(draw[0] for draw in many)))
        assert lots(found) == [("firm", "", HOLDOUT, "s01")]

    def test_what_was_drawn_for_an_id_counts_where_none_of_its_customers_was(self) -> None:
        of_ids = (("firm", "", HOLDOUT, "old"), ("alone", "", HOLDOUT, "old"), ("gone", "", TREATED, "old"))
        found = arms_today(knows(("ann", "", TREATED, "new", None), arms=of_ids), firm("ann"))
        assert sorted(lots(found)) == [
            ("alone", "", HOLDOUT, "old"),
            ("firm", "", TREATED, "new"),
            ("gone", "", TREATED, "old"),
        ]

    def test_who_is_held_out_with_an_account_is_no_draw_and_keeps_it_apart_until_the_last_day(self) -> None:
        draws: tuple[Drawn, ...] = (
            ("ann", "", HOLDOUT, "s", LATER), ("bob", "", HOLDOUT, "s", SOON),
            ("eve", "call", HOLDOUT, "s", PAST_LATER),
        )  # fmt: skip
        for order in (draws, draws[::-1]):
            found = arms_today(knows(*order), firm("ann", "bob", "eve"))
            assert lots(found) == []
            assert found.until == {("firm", ""): LATER, ("firm", "call"): PAST_LATER}
            assert found.merged.empty
            assert tuple(found.merged.columns) == MERGED_NAMES

    @pytest.mark.parametrize(
        ("held", "treated", "counts"),
        [
            ("", "", [["firm", 2, 1]]),
            ("call", "call", [["firm", 2, 1]]),
            ("", "call", [["firm", 2, 1]]),
            ("call", "", [["firm", 2, 1]]),
            ("call", "mail", []),
        ],
    )
    def test_customers_of_both_arms_in_one_account_are_counted(
        self, held: str, treated: str, counts: list[list[object]]
    ) -> None:
        """Of one playbook, or where either draw was for all."""
        draws = [
            ("ann", held, HOLDOUT, "s", None),
            ("bob", held, HOLDOUT, "s", None),
            ("eve", treated, TREATED, "s", None),
        ]
        found = arms_today(knows(*draws, ("alone", "", HOLDOUT, "s", None)), firm("ann", "bob", "eve"))
        assert found.merged.values.tolist() == counts
        assert tuple(found.merged.columns) == MERGED_NAMES
        assert found.of_both == {str(row[0]) for row in counts}

    def test_accounts_are_told_apart_that_came_together_for_all_playbooks_and_for_two(self) -> None:
        draws: list[Drawn] = [("ann", "", HOLDOUT, "s", None), ("bob", "call", TREATED, "s", None)]
        draws += [("eve", "call", HOLDOUT, "s", None), ("ivy", "mail", TREATED, "s", None)]
        found = arms_today(knows(*draws), firm("ann", "bob", eve="house", ivy="house"))
        assert found.merged.values.tolist() == [["firm", 1, 1]]

    def test_an_account_is_busy_until_the_last_episode_of_its_customers_ends(self) -> None:
        running = ((LATER, ("ann", "alone")), (SOON, ("ann",)), (PAST_LATER, ("bob",)), (SOON, ("eve",)))
        found = arms_today(knows(running=running), firm("ann", "bob", eve="house", ivy="garden"))
        assert found.busy_until == {"ann": LATER, "alone": LATER, "bob": PAST_LATER, "eve": SOON}
        days = [found.busy(account) for account in ("firm", "alone", "house", "garden", "nobody")]
        assert days == [PAST_LATER, LATER, SOON, None, None]


def made(
    accounts: Accounts,
    by_lot: tuple[tuple[str, str, str, str], ...] = (),
    until: dict[tuple[str, str], date] | None = None,
    both: tuple[str, ...] = (),
    busy: dict[str, date] | None = None,
) -> Arms:
    lot = pd.DataFrame(by_lot, columns=list(KNOWN_NAMES), dtype=object)
    merged = pd.DataFrame([(who, 1, 1) for who in both], columns=list(MERGED_NAMES))
    return Arms(accounts, lot, until or {}, merged, busy or {})


def test_an_account_is_kept_apart_to_the_later_day_unless_the_lot_holds_it_out() -> None:
    until = {("firm", ""): SOON, ("firm", "call"): LATER, ("alone", "call"): SOON}
    free = made(firm("ann"), until=until)
    assert free.kept_apart_until("firm", "call") == LATER
    assert free.kept_apart_until("firm", "mail") == SOON
    assert free.kept_apart_until("alone", "call") == SOON
    assert free.kept_apart_until("alone", "mail") is None
    for playbook, days in (("", [None, None]), ("call", [None, SOON])):
        held = made(firm("ann"), (("firm", playbook, HOLDOUT, "s"), ("alone", "", TREATED, "s")), until)
        assert [held.kept_apart_until("firm", of) for of in ("call", "mail")] == days
        assert held.kept_apart_until("alone", "call") == SOON


def enrolled(*rows: dict[str, Any]) -> pd.DataFrame:
    """Whoever is listed or held out; by default a former draw for all playbooks that is watched."""
    usual = {
        "customer_id": "ann",
        "account_id": "firm",
        "playbook": "call",
        "drawn_for": "",
        "arm": HOLDOUT,
        "stratum": "s",
        "is_new_draw": False,
        "is_watched": True,
    }
    found = pd.DataFrame([usual | row for row in rows], columns=list(usual))
    return found.astype({"is_new_draw": bool, "is_watched": bool}).set_axis(range(50, 50 + len(rows))[::-1])


def remembered(rows: pd.DataFrame, arms: Arms, snapshot: Snapshot | None = None) -> list[list[object]]:
    found = drawn_of(rows, arms, snapshot or Snapshot(), TODAY, HORIZON)
    assert tuple(found.columns) == DRAWN_NAMES
    assert found.dtypes.eq(object).all()
    assert set(found["since"]) <= {TODAY}
    return found.drop(columns="since").values.tolist()


class TestRemembered:
    @pytest.mark.parametrize("arm", [HOLDOUT, TREATED])
    def test_a_new_draw_is_of_everybody_of_the_account_for_ever(self, arm: str) -> None:
        """The one who stands for it first, and once."""
        row = {"customer_id": "bob", "is_new_draw": True, "arm": arm, "drawn_for": "mail", "stratum": "new"}
        outside = {"customer_id": "x", "account_id": "nobody's", "is_new_draw": True, "arm": arm}
        found = remembered(enrolled(row, outside), made(firm("ann", "bob", "eve")))
        names = [("bob", "mail", "firm", "new"), ("ann", "mail", "firm", "new"), ("eve", "mail", "firm", "new")]
        names.append(("x", "", "nobody's", "s"))
        assert found == [[who, playbook, arm, account, stratum, None] for who, playbook, account, stratum in names]

    def test_treated_of_a_former_draw_are_not_remembered_again(self) -> None:
        assert remembered(enrolled({"arm": TREATED}), made(firm("ann", "bob"), busy={"ann": LATER})) == []

    def test_who_is_with_a_held_out_account_is_held_out_while_its_episode_lasts(self) -> None:
        """One that begins on this list, or the one under way, whichever ends later."""
        arms = (("firm", "", HOLDOUT, "s"),)
        begins = remembered(enrolled({}), made(firm("ann", "bob"), arms))
        assert begins == [[who, "", HOLDOUT, "firm", "s", END] for who in ("ann", "bob")]
        under_way = made(firm("ann", "bob"), arms, busy={"bob": SOON})
        assert [row[-1] for row in remembered(enrolled({}), under_way)] == [SOON, SOON]
        assert remembered(enrolled({"is_watched": False}), made(firm("ann", "bob"), arms)) == []
        unwatched = remembered(enrolled({"is_watched": False}), made(firm("ann", "bob"), arms, busy={"ann": LATER}))
        assert [row[-1] for row in unwatched] == [LATER, LATER]

    def test_whom_the_book_holds_out_as_long_already_is_not_remembered_again(self) -> None:
        """For ever by lot, or until that day; one that is shorter, of another playbook or treated does not count."""
        known: tuple[Drawn, ...] = (
            ("ann", "", HOLDOUT, "s", None), ("ann", "", HOLDOUT, "s", SOON),
            ("bob", "", HOLDOUT, "s", SOON), ("bob", "", HOLDOUT, "s", END), ("bob", "", HOLDOUT, "s", SOON),
            ("eve", "", HOLDOUT, "s", END - timedelta(days=1)),
            ("ivy", "call", HOLDOUT, "s", None), ("max", "", TREATED, "s", None),
        )  # fmt: skip
        arms = made(firm("ann", "bob", "eve", "ivy", "max"), (("firm", "", HOLDOUT, "s"),))
        for order in (known, known[::-1]):
            assert [row[0] for row in remembered(enrolled({}), arms, knows(*order))] == ["eve", "ivy", "max"]

    def test_an_account_that_is_kept_apart_passes_on_its_own_day(self) -> None:
        """Not the one of an episode that is under way; but where the lot holds it out too, that decides."""
        until = {("firm", ""): PAST_LATER}
        apart = remembered(enrolled({"drawn_for": "call"}), made(firm("ann"), until=until, busy={"ann": SOON}))
        assert apart == [["ann", "", HOLDOUT, "firm", "s", PAST_LATER]]
        by_lot = made(firm("ann"), (("firm", "", HOLDOUT, "s"),), until)
        assert remembered(enrolled({}), by_lot) == [["ann", "", HOLDOUT, "firm", "s", END]]

    @pytest.mark.parametrize(
        ("by_lot", "until", "playbook"),
        [
            ((("firm", "call", HOLDOUT, "s"),), {}, "call"),
            ((("firm", "call", HOLDOUT, "s"), ("firm", "", HOLDOUT, "s")), {}, ""),
            ((("firm", "call", HOLDOUT, "s"),), {("firm", ""): LATER}, "call"),
            ((), {("firm", "call"): LATER}, "call"),
            ((), {("firm", "call"): LATER, ("firm", ""): SOON}, ""),
            ((("firm", "mail", HOLDOUT, "s"),), {}, "as drawn"),
        ],
    )
    def test_the_playbook_is_that_of_what_holds_it_out(
        self, by_lot: tuple[tuple[str, str, str, str], ...], until: dict[tuple[str, str], date], playbook: str
    ) -> None:
        found = remembered(enrolled({"drawn_for": "as drawn"}), made(firm("ann"), by_lot, until))
        assert [row[1] for row in found] == [playbook]

    def test_accounts_of_both_arms_that_are_not_on_the_list_pass_it_on_while_one_is_in_an_episode(self) -> None:
        lot = (("firm", "", HOLDOUT, "of firm"), ("house", "", HOLDOUT, "s"), ("firm", "call", TREATED, "s"),
               ("alone", "", HOLDOUT, "s"))  # fmt: skip
        people = firm("ann", "bob", eve="house")
        arms = made(people, lot, both=("firm", "house"), busy={"bob": LATER, "alone": LATER})
        found = remembered(enrolled(), arms)
        assert found == [[who, "", HOLDOUT, "firm", "of firm", LATER] for who in ("ann", "bob")]
        on_it = remembered(enrolled({"stratum": "now", "is_watched": False}), arms)
        assert on_it == [[who, "", HOLDOUT, "firm", "now", LATER] for who in ("ann", "bob")]


def test_an_episode_begins_where_nobody_of_the_account_is_in_one() -> None:
    people = firm("ann", "bob", eve="house")
    rows = enrolled(
        {},
        {"account_id": "house"},
        {"account_id": "alone"},
        {"account_id": "x", "is_watched": False},
        {"account_id": "y"},
    )
    found = begins_now(rows, made(people, busy={"bob": SOON}), {"house"})
    assert found.to_dict() == dict(zip(rows.index, [False, False, True, False, True], strict=True))
    assert found.dtype == bool
    assert begins_now(rows.iloc[:0], made(people), set()).dtype == bool

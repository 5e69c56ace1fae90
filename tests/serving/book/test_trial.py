"""The trial follows people: whatever becomes of accounts, who is held out is not contacted, and arms stay as drawn."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.clock import day_number
from features.errors import InputError
from features.log import Lines
from features.roll_up import roll_up
from serving.book import Book, Contact, Outcome, episodes, history_of, leaks, record_contacts, record_outcomes
from serving.book.runs import record_scores
from serving.book.schema import DRAWN
from serving.book.snapshot import snapshot_on
from serving.commands.lists.effect import MeasuredEffect
from serving.commands.lists.list import PublishedList
from serving.outreach.effect.effect import effect
from serving.outreach.effect.settled import settled
from serving.outreach.plan.holdout import HOLDOUT, TREATED
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.conftest import build_scores
from training.forecasts.uplift import UpliftVerdict

FIRST = date(2026, 3, 2)
WEEK, HORIZON = timedelta(days=7), timedelta(days=30)


@dataclass
class Shop:
    """Customers at risk, the accounts they belong to, and a book; each list is a week later."""

    book: Book
    customers: list[str]
    account: dict[str, str] = field(default_factory=dict)
    safe: set[str] = field(default_factory=set)
    day: date = FIRST
    share: float = 0.3

    def planned(self, **rules: Any) -> tuple[OutreachList, int]:
        rows = [(who, 0.05 if who in self.safe else 0.6, "9", {"as_of": self.day}) for who in self.customers]
        scores = build_scores(*rows)
        frame = pd.DataFrame({"customer_id": self.customers}, dtype=object)
        frame["account"] = [self.account.get(who) for who in self.customers]
        policy = Policy(**{"holdout_share": self.share, "cooldown_days": 0} | rules)
        snapshot = snapshot_on(self.book, self.day)
        made = plan(scores, frame, currency="EUR", policy=policy, snapshot=snapshot)
        return made, record_scores(self.book, scores, currency="EUR", data_digest=str(self.day))

    def list_(self, **rules: Any) -> OutreachList:
        """Publish the list of the day."""
        made, run_id = self.planned(**rules)
        return publish_and_enqueue(self.book, made, run_id).outreach

    def wait(self, span: timedelta = WEEK) -> None:
        self.day += span

    def people(self, account: str) -> set[str]:
        return {who for who in self.customers if self.account.get(who, who) == account}


def reasons(made: OutreachList) -> dict[str, str]:
    return dict(zip(made.suppressed["customer_id"], made.suppressed["reason"], strict=True))


def arms_of(made: OutreachList) -> dict[str, str]:
    return dict(zip(made.drawn["customer_id"], made.drawn["arm"], strict=True))


@pytest.fixture
def shop(book: Book) -> Shop:
    """Sixty customers without accounts, and their first list."""
    return Shop(book, [f"c{n:02}" for n in range(60)])


def held_and_treated(made: OutreachList) -> tuple[list[str], list[str]]:
    arms = arms_of(made)
    return tuple(sorted(who for who, arm in arms.items() if arm == wanted) for wanted in (HOLDOUT, TREATED))  # type: ignore[return-value]


def test_who_is_held_out_gets_no_second_draw_with_an_account(shop: Shop) -> None:
    """Neither with an account of their own under another key, nor with a parent, nor with another parent."""
    held, _ = held_and_treated(shop.list_())
    assert len(held) >= 15
    for keys in ({who: f"acc-{who}" for who in held}, dict.fromkeys(held, "firm"), {held[0]: "x", held[1]: held[2]}):
        shop.wait()
        shop.account = keys
        found = shop.list_()
        assert {reasons(found).get(who) for who in held} <= {"holdout", "account"}
        assert set(found.customer_ids).isdisjoint(held)
        assert found.arms.empty
        assert found.drawn.empty
    shop.wait(10 * HORIZON)
    shop.account = {}
    assert {reasons(shop.list_())[who] for who in held} == {"holdout"}
    assert leaks(shop.book).empty


def test_who_was_drawn_for_contact_stays_so_too(shop: Shop) -> None:
    """Else the contacted would come into the holdout."""
    _, treated = held_and_treated(shop.list_())
    shop.account = {who: f"acc-{who}" for who in treated}
    shop.wait()
    found = shop.list_(holdout_share=0.9)
    assert set(found.customer_ids) == set(treated)
    assert found.arms.empty


def test_an_account_of_both_arms_is_not_contacted_and_that_is_a_leak(shop: Shop) -> None:
    """Recorded once with its account, told on every list, and no new episode begins for it."""
    held, treated = held_and_treated(shop.list_())
    firm = {held[0]: "firm", treated[0]: "firm", treated[1]: "firm"}
    shop.account = firm
    shop.wait()
    found = shop.list_()
    assert found.merged.values.tolist() == [["firm", 1, 2]]
    assert set(found.customer_ids) == set(treated[2:])
    assert "firm" not in set(found.episodes["account_id"])
    shop.wait()
    assert shop.list_().merged["account_id"].tolist() == ["firm"]
    assert leaks(shop.book).values.tolist() == [["merger", "firm", None, FIRST + WEEK, None, None]]
    assert leaks(shop.book, FIRST + 2 * WEEK).empty


def test_list_and_effect_tell_an_account_of_both_arms(shop: Shop, tmp_path: Path) -> None:
    """To people and to machines: a number that nobody sees warns nobody."""
    held, treated = held_and_treated(shop.list_())
    shop.account = {held[0]: "firm", treated[0]: "firm"}
    shop.wait()
    run: Any = SimpleNamespace(totals="60 scored", log=SimpleNamespace(has_money=True))
    made = PublishedList(shop.list_(), [tmp_path / "list.csv"], run)
    assert "careful: 1 account holds held-out customers and others" in "\n".join(map(str, made.lines()))
    assert made.to_dict()["merged"] == [{"account_id": "firm", "held_out": 1, "treated": 1}]
    nothing = effect(settled(episodes(shop.book, FIRST), roll_up(Lines.of(["z"], [1], [1]))), currency="EUR")
    found = MeasuredEffect(nothing, UpliftVerdict(False, "too few", 0, 0, {}, {}), shop.day, 0, merged=1)
    assert "careful: in 1 account held-out customers and others came together" in "\n".join(map(str, found.lines()))
    assert (found.answer.merged_accounts, len(found.answer.warnings)) == (1, 2)


def test_a_listed_newcomer_of_a_treated_account_is_no_leak(shop: Shop) -> None:
    """Though nobody drew the newcomer, and the account's key was drawn for others, who have left and are held out."""
    shop.account, shop.safe = {who: f"acc-{who}" for who in shop.customers}, {"c00"}
    held, treated = held_and_treated(shop.list_())
    firm = f"acc-{held[0]}"
    shop.account |= {held[0]: "alone", treated[0]: firm, "c00": firm}
    shop.safe = set()
    shop.wait()
    found = shop.list_().everyone.set_index("account_id")
    assert found["customer_id"][firm] == "c00"
    record_outcomes(shop.book, [Outcome(found["entry_id"][firm], "reached", shop.day)])
    record_contacts(shop.book, [Contact("c00", shop.day, "mail")])
    assert leaks(shop.book).empty
    record_contacts(shop.book, [Contact(held[0], shop.day, "call")])
    assert leaks(shop.book)["customer_id"].tolist() == [held[0]]


def test_who_leaves_such_an_account_is_held_out_until_the_episode_ends(shop: Shop) -> None:
    """Then contacted again, as drawn; the held-out never."""
    held, treated = held_and_treated(shop.list_())
    shop.account = {held[0]: "firm", treated[0]: "firm"}
    shop.wait()
    shop.list_()
    shop.account = {}
    while shop.day < FIRST + HORIZON - WEEK:
        shop.wait()
        found = shop.list_()
        assert {reasons(found)[who] for who in (held[0], treated[0])} == {"holdout"}
    told = [row for row in history_of(shop.book, treated[0]).drawn["until"] if row]
    assert told == [FIRST + HORIZON]
    shop.wait()
    found = shop.list_()
    assert treated[0] in found.customer_ids
    assert held[0] not in found.customer_ids


def test_a_branch_that_is_safe_today_is_held_out_when_it_stands_alone(book: Book) -> None:
    """It was of the account when that was drawn, though no list ever named it."""
    firms = {f"{part}{n}": f"firm{n}" for n in range(40) for part in ("head", "branch")}
    shop = Shop(book, sorted(firms), dict(firms), {who for who in firms if who.startswith("branch")})
    first = shop.list_()
    held = set(first.arms.loc[first.arms["arm"] == HOLDOUT, "account_id"])
    assert held
    shop.account, shop.safe = {}, set()
    shop.wait()
    found = shop.list_()
    assert found.arms.empty
    assert set(found.customer_ids) == {who for who, firm in firms.items() if firm not in held}


def test_a_contact_with_the_held_out_leaks_whatever_the_account(shop: Shop) -> None:
    held, treated = held_and_treated(shop.list_())
    shop.account = {held[0]: "firm", held[1]: "other", treated[0]: "third"}
    shop.wait()
    shop.list_()
    made = [Contact(who, shop.day, "call", by="ann") for who in (held[0], treated[0])]
    record_contacts(shop.book, [*made, Contact(held[1], FIRST - WEEK, "call")])
    assert leaks(shop.book)[["how", "customer_id", "by"]].values.tolist() == [["contact", held[0], "ann"]]


def test_each_episode_has_the_orders_of_its_own_customers(shop: Shop) -> None:
    """A rename loses no orders, a merger mixes none, and what comes after is no first episode."""
    held, treated = held_and_treated(shop.list_())
    shop.account = {held[0]: "firm", treated[0]: "firm", treated[1]: "renamed"}
    shop.wait(HORIZON + WEEK)
    shop.list_()
    log = roll_up(
        Lines.of(
            [treated[0], treated[1], "last"],
            [day_number(FIRST + timedelta(3)), day_number(FIRST + timedelta(4)), day_number(shop.day + 2 * HORIZON)],
            [500, 700, 1],
        )
    )
    record_contacts(shop.book, [Contact(treated[1], FIRST + timedelta(2), "call")])
    found = settled(episodes(shop.book, shop.day + HORIZON), log, shop.account).set_index(["account_id", "number"])
    names = [(held[0], 1), (treated[0], 1), (treated[1], 1), ("renamed", 2)]
    rows = found.loc[names, ["arm", "kept", "spent", "contacted"]].values.tolist()
    assert rows == [
        [HOLDOUT, False, 0, False],
        [TREATED, True, 500, False],
        [TREATED, True, 700, True],
        [TREATED, False, 0, False],
    ]
    assert "firm" not in found.index.get_level_values(0)
    assert set(found.loc[found.index.get_level_values(1) == 1].index.get_level_values(0)) == set(shop.customers)


def test_a_draw_for_all_playbooks_holds_when_each_gets_its_own(shop: Shop) -> None:
    """Who is never contacted stays so, whatever the settings become."""
    held, treated = held_and_treated(shop.list_())
    shop.wait()
    found = shop.list_(holdout_by_playbook=True, holdout_share=0.9)
    assert (set(found.customer_ids), len(found.arms)) == (set(treated), 0)
    assert {reasons(found)[who] for who in held} == {"holdout"}


def test_a_list_that_another_one_has_overtaken_is_not_published(shop: Shop) -> None:
    """Two plans of one moment: the second would contact whom the first holds out."""
    late, run_id = shop.planned(holdout_share=0.0)
    shop.account = dict.fromkeys(shop.customers[:3], "firm")
    shop.list_(holdout_share=0.5)
    with pytest.raises(InputError, match="plan the list again"):
        publish_and_enqueue(shop.book, late, run_id)


def test_the_older_draws_of_a_book_are_of_people_too(book: Book) -> None:
    """A book from before kept the draws of accounts only; the migration finds whom they were of."""
    migration = import_module("serving.book.migrations.versions.0006_arms_of_people")
    shop = Shop(book, [f"c{n:02}" for n in range(40)], {"c00": "firm", "c01": "firm"})
    before = shop.list_()
    with book.writing() as connection:
        query = sa.select(*(DRAWN.c[name] for name in ("customer_id", "playbook", "since", "arm", "stratum", "until")))
        expected = sorted(map(tuple, connection.execute(query)))
        connection.execute(sa.delete(DRAWN))
        connection.exec_driver_sql(migration.FILL)
        found = sorted(map(tuple, connection.execute(query)))
    assert found == expected
    assert len(found) == len(before.arms) + 1


KEYS = ("", "", "firm", "other", "a0", "a1")
MOVES = st.dictionaries(st.integers(0, 11), st.sampled_from(KEYS), max_size=5)
STEPS = st.lists(
    st.tuples(
        MOVES,
        st.sets(st.integers(0, 11), max_size=4),  # who is safe on this list
        st.sets(st.integers(0, 11), max_size=3),  # of whose entries an outcome is reported
        st.sampled_from([1, 7, 15, 40]),  # days until the next list
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=4, deadline=None)
@given(steps=STEPS, share=st.sampled_from([0.2, 0.5]))
def test_law_of_the_holdout(empty_file: Path, steps: list[Any], share: float) -> None:
    """Any sequence of customers, accounts, lists and outcomes: nobody is contacted whom an episode holds out."""
    in_a_book(empty_file, steps, share)


@pytest.mark.whole
@settings(max_examples=300, deadline=None)
@given(steps=STEPS, share=st.sampled_from([0.2, 0.5]))
def test_law_of_the_holdout_many_times(empty_file: Path, steps: list[Any], share: float) -> None:
    """The same, until chance has tried what nobody thinks of."""
    in_a_book(empty_file, steps, share)


def in_a_book(empty_file: Path, steps: list[Any], share: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_file, folder)
        with closing(Book(folder)) as book:
            live(Shop(book, [f"a{n}" for n in range(12)], share=share), steps)


def live(shop: Shop, steps: list[Any]) -> None:
    for_ever: dict[str, str] = {}  # customer → arm of the first draw
    aside: dict[str, date] = {}  # customer → until when whoever it was with was watched
    for moves, safe, reported, days in steps:
        shop.account |= {f"a{who}": key for who, key in moves.items()}
        shop.account = {who: key for who, key in shop.account.items() if key and key != who}
        shop.safe = {f"a{who}" for who in safe}
        made = shop.list_()
        called = {each for who in made.customer_ids for each in shop.people(shop.account.get(who, who))}
        assert not {who for who in called if for_ever.get(who) == HOLDOUT}
        assert not {who for who in called if aside.get(who, date.min) > shop.day}
        note(shop, made, for_ever, aside)
        entries = made.everyone[made.everyone["customer_id"].isin({f"a{who}" for who in reported})]
        record_outcomes(shop.book, [Outcome(each, "reached", shop.day) for each in entries["entry_id"]])
        shop.wait(timedelta(days=days))
    same_arms(shop, for_ever)


def note(shop: Shop, made: OutreachList, for_ever: dict[str, str], aside: dict[str, date]) -> None:
    """Remember by hand whom the lot fell on, and who was held out with whom."""
    for account, arm in zip(made.arms["account_id"], made.arms["arm"], strict=True):
        fresh = shop.people(account)
        assert fresh.isdisjoint(for_ever), "drawn twice"
        for_ever.update(dict.fromkeys(fresh, arm))
    held = {account for account, reason in zip(made.suppressed["account_id"], made.suppressed["reason"], strict=True)
            if reason == "holdout"}  # fmt: skip
    begun = dict(zip(made.episodes["account_id"], made.episodes["arm"], strict=True))
    assert {account for account, arm in begun.items() if arm == HOLDOUT} <= held
    for account in held & begun.keys():
        aside.update({who: max(aside.get(who, date.min), shop.day + HORIZON) for who in shop.people(account)})


def same_arms(shop: Shop, for_ever: Mapping[str, str]) -> None:
    """First episodes are of people who were drawn then, each in its own arm, and no customer is in two of them."""
    found = episodes(shop.book, date(2030, 1, 1))
    number, seen = settled(found, roll_up(Lines.of(["z"], [day_number(date(2030, 1, 1))], [1])))["number"], set()
    for customers, arm in found.loc[(number == 1).to_numpy(), ["customers", "arm"]].itertuples(index=False):
        assert {for_ever[who] for who in customers if who in for_ever} == {arm}
        assert seen.isdisjoint(customers)
        seen |= set(customers)
    assert not (leaks(shop.book)["how"] == "contact").any()

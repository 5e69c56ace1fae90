"""A list that is taken back: closed where nobody acted, void where nobody was treated, and then as if it never was."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import InputError
from serving.book import Book, Contact, Outcome, episodes, history_of, record_contacts, record_outcomes
from serving.book.pages import EntryFilter, page_of
from serving.book.schema import ENTRIES, OUTBOX
from serving.book.snapshot import snapshot_on
from serving.book.withdrawals import taken_back_since
from serving.webhooks.receivers import add_webhook
from serving.webhooks.taken_back import withdraw_and_enqueue
from tests.serving.book.test_trial import FIRST, WEEK, Shop, reasons

SECOND = FIRST + WEEK
WHY = ("Eleni", "last week's prices")


@pytest.fixture
def shop(book: Book) -> Shop:
    """Forty customers without accounts, whom two owners look after."""
    return Shop(book, [f"c{n:02}" for n in range(40)])


def listed(shop: Shop, **rules: Any) -> Any:
    return shop.list_(**{"owners": ("Ada", "Bob")} | rules)


def standing(book: Book, day: date) -> set[str]:
    return set(snapshot_on(book, day).former["customer_id"])


def test_a_list_that_nobody_acted_on_is_as_if_it_had_not_been(shop: Shop) -> None:
    """But for its draws: both arms are watched anew with the next list, in the arm they were drawn for."""
    first = listed(shop)
    done = withdraw_and_enqueue(shop.book, FIRST, *WHY)
    assert (done.closed, done.kept, done.voided) == (len(first.everyone), 0, len(first.episodes))
    assert (done.holds, done.is_new, done.by, done.why) == (None, True, *WHY)
    assert standing(shop.book, SECOND) == set()
    assert episodes(shop.book, FIRST + 10 * WEEK).empty
    shop.wait()
    again = listed(shop)
    assert again.arms.empty
    assert set(again.everyone["change"]) == {"new"}
    assert dict(again.episodes[["account_id", "arm"]].values) == dict(first.episodes[["account_id", "arm"]].values)
    assert set(again.episodes["began_on"]) == {SECOND}
    with shop.book.reading() as connection:
        back = taken_back_since(connection, SECOND)
    assert [(each["as_of"], each["by"], each["why"]) for each in back] == [(FIRST, *WHY)]


def test_the_same_day_may_have_another_list(shop: Shop) -> None:
    """Also the same one: then it is in force, and its episodes begin on that day."""
    first = listed(shop)
    withdraw_and_enqueue(shop.book, FIRST, *WHY)
    again = listed(shop)
    assert again.everyone["entry_id"].tolist() == first.everyone["entry_id"].tolist()
    assert standing(shop.book, SECOND) == set(first.customer_ids)
    assert len(episodes(shop.book, FIRST + 10 * WEEK)) == len(first.episodes)
    assert withdraw_and_enqueue(shop.book, FIRST, *WHY).is_new
    assert standing(shop.book, SECOND) == set()


def test_what_was_acted_on_stays_and_with_it_the_part_of_its_owner(shop: Shop) -> None:
    """By intention to treat: whom an owner called first is not chance. Who had not begun treated nobody."""
    first = listed(shop)
    of_ada = first.everyone[first.everyone["owner"] == "Ada"]
    record_outcomes(shop.book, [Outcome(of_ada["entry_id"].iloc[0], "wrong_alarm", FIRST)])
    record_contacts(shop.book, [Contact(of_ada["customer_id"].iloc[1], FIRST, "call")])
    done = withdraw_and_enqueue(shop.book, FIRST, *WHY)
    assert (done.closed, done.kept) == (len(first.everyone) - 2, 2)
    assert standing(shop.book, SECOND) == set(of_ada["customer_id"].iloc[:2])
    left = episodes(shop.book, FIRST + 10 * WEEK)
    assert len(left) == (first.episodes["owner"] == "Ada").sum() < len(first.episodes)
    assert Counter(left["arm"]) == Counter(first.episodes.loc[first.episodes["owner"] == "Ada", "arm"])
    assert set(left["arm"]) == {"treated", "holdout"}
    shop.wait()
    found = listed(shop, cooldown_days=14)
    assert reasons(found)[of_ada["customer_id"].iloc[1]] == "cooldown"


def test_twice_is_once_and_a_day_without_a_list_is_refused(shop: Shop) -> None:
    listed(shop)
    done = withdraw_and_enqueue(shop.book, FIRST, *WHY)
    again = withdraw_and_enqueue(shop.book, FIRST, "Bob", "me too")
    assert (again.is_new, again.by, again.at, again.closed) == (False, "Eleni", done.at, done.closed)
    with pytest.raises(InputError, match=r"there is no list of 2026-03-09; the last ones are of 2026-03-02"):
        withdraw_and_enqueue(shop.book, SECOND, *WHY)
    with pytest.raises(InputError, match="Both are needed"):
        withdraw_and_enqueue(shop.book, FIRST, " ", "x")


def test_an_outcome_of_a_closed_entry_is_recorded_and_said(shop: Shop) -> None:
    """A call that was made is a fact, whatever became of the list."""
    entry = listed(shop).everyone["entry_id"].iloc[0]
    withdraw_and_enqueue(shop.book, FIRST, *WHY)
    done = record_outcomes(shop.book, [Outcome(entry, "reached", FIRST)])
    assert (done.new, done.closed) == (1, 1)


def test_the_list_before_is_in_force_again(shop: Shop) -> None:
    """For pages and for the next list; the customer's story tells what happened."""
    first = listed(shop)
    shop.wait()
    shop.safe = set(first.customer_ids[:5])
    second = listed(shop, cooldown_days=0)
    withdraw_and_enqueue(shop.book, SECOND, *WHY)
    with shop.book.reading() as connection:
        current = page_of(connection, None, EntryFilter(), SECOND, None, None)
        of_day = page_of(connection, SECOND, EntryFilter(), SECOND, None, None)
    assert current is not None
    assert current.facts["as_of"] == FIRST
    assert of_day is not None
    assert of_day.facts["withdrawn_at"] is not None
    assert standing(shop.book, SECOND + WEEK) == set(first.customer_ids)
    told = history_of(shop.book, second.customer_ids[0]).entries
    assert told["withdrawn_by"].tolist() == [None, "Eleni"]


def test_webhooks_are_told_and_have_afterwards_whom_they_had_before(shop: Shop) -> None:
    """Who came with the list leaves, and who left with it is back."""
    shop.safe = {"c38", "c39"}
    first = listed(shop)
    add_webhook(shop.book, "https://93.184.215.14/hook", ())
    shop.wait()
    shop.safe = set(first.customer_ids[:5])
    second = listed(shop)
    came = set(second.customer_ids) - set(first.customer_ids)
    assert came
    before = len(messages(shop.book))
    withdraw_and_enqueue(shop.book, SECOND, *WHY)
    told = messages(shop.book)[before:]
    by_type = {
        kind: [each["data"] for each in told if each["type"] == kind] for kind in {each["type"] for each in told}
    }
    (withdrawn,) = by_type["list.withdrawn"]
    assert (withdrawn["as_of"], withdrawn["in_force"]) == (str(SECOND), str(FIRST))
    assert (withdrawn["closed"], withdrawn["kept"]) == (len(second.everyone), 0)
    assert {each["customer_id"] for each in by_type["customer.left"]} == came
    assert {each["reason"] for each in by_type["customer.left"]} == {"withdrawn"}
    back = {each["customer_id"]: each for each in by_type["customer.entered"]}
    assert set(back) == set(first.customer_ids) - set(second.customer_ids)
    assert {(each["as_of"], each["value_at_risk"]) for each in back.values()} == {(str(FIRST), "9.00")}
    withdraw_and_enqueue(shop.book, SECOND, *WHY)
    assert len(messages(shop.book)) == before + len(told)


def messages(book: Book) -> list[dict[str, Any]]:
    with book.reading() as connection:
        return [json.loads(body) for body in connection.scalars(sa.select(OUTBOX.c.body).order_by(OUTBOX.c.id))]


def test_a_list_that_another_replaced_changes_nothing_for_anybody_now(shop: Shop) -> None:
    listed(shop)
    add_webhook(shop.book, "https://93.184.215.14/hook", ())
    shop.wait(timedelta(days=1))
    listed(shop)
    before = len(messages(shop.book))
    done = withdraw_and_enqueue(shop.book, FIRST, *WHY)
    assert [each["type"] for each in messages(shop.book)[before:]] == ["list.withdrawn"]
    assert done.holds == FIRST + timedelta(days=1)
    with shop.book.reading() as connection:
        closed = connection.scalar(sa.select(sa.func.count()).where(ENTRIES.c.closed_at.is_not(None)))
    assert closed == done.closed > 0

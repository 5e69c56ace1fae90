"""Pages of a list: put together they are the list, whatever is asked for and whatever happens between them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.book import Book
from serving.book.decisions import hand_over
from serving.book.pages import EntryFilter, Page, PageEnd, page_of
from serving.book.runs import record_scores
from serving.outreach.plan.candidates import KINDS, LISTED_KINDS
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.conftest import AS_OF
from tests.serving.read_back import list_on

OWNERS = ("Bruno", "Eleni", None)
STATES = ("at_risk", "new", "lapsed", "active")
ANY = EntryFilter()
PLAIN = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def publish(book: Book, make_scores: Any, make_customers: Any, *, as_of: date = AS_OF, customers: int = 40) -> Any:
    """Publish a list of every kind, for several owners, and return it as the book holds it."""
    rows, people = [], []
    for n, (state, owner) in zip(range(customers), 4 * list(product(STATES, OWNERS)), strict=False):
        probability = 0.95 - 0.015 * (n % 37)
        rows.append((f"c{n}", probability, "30.00", {"state": state, "as_of": as_of}))
        people.append((f"c{n}", owner))
    scores = make_scores(*rows)
    made = plan(scores, make_customers(*people), currency="EUR", policy=Policy(holdout_share=0.0))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
    return list_on(book, as_of)


def whole(book: Book, wanted: EntryFilter = ANY, today: date = AS_OF) -> list[str]:
    return pages(book, wanted, None, today)


def page(book: Book, wanted: EntryFilter, after: PageEnd | None, limit: int | None, today: date = AS_OF) -> Page:
    with book.reading() as connection:
        found = page_of(connection, None, wanted, today, after, limit)
    assert found is not None
    return found


def pages(book: Book, wanted: EntryFilter, limit: int | None, today: date = AS_OF) -> list[str]:
    """Return the customers of all pages, one after the other."""
    found: list[str] = []
    after: PageEnd | None = None
    while True:
        this = page(book, wanted, after, limit, today)
        assert limit is None or len(this.entries) == limit or this.after is None
        found += this.entries["customer_id"].tolist()
        after = this.after
        if after is None:
            return found


def entries(outreach: Any) -> pd.DataFrame:
    """Return all entries of a list, with their kind."""
    frames = zip(LISTED_KINDS, outreach.groups, strict=True)
    return pd.concat([frame.assign(kind=kind) for kind, frame in frames], ignore_index=True)


@pytest.fixture
def outreach(book: Book, make_scores: Any, make_customers: Any) -> Any:
    """A published list."""
    return publish(book, make_scores, make_customers)


def test_the_list_has_every_kind_and_owner(outreach: Any) -> None:
    """Else the tests below would show little."""
    frame = entries(outreach)
    assert set(frame["kind"]) == {*KINDS} - {"shrunk"}  # of whom the scores here say nothing
    assert set(frame["owner"]) == {"Bruno", "Eleni", "unassigned"}
    assert len(frame) >= 25


WANTED = st.builds(
    EntryFilter,
    owner=st.sampled_from(["Bruno", "Eleni", "unassigned", "nobody", None]),
    state=st.sampled_from([*STATES, None]),
    band=st.sampled_from(["low", "medium", "high", None]),
    playbook=st.sampled_from(["win-back", "nothing", None, None, None]),
    kind=st.sampled_from([*KINDS, None]),
)


@PLAIN
@given(WANTED, st.integers(1, 45))
def test_law_pages_put_together_are_the_list(book: Book, outreach: Any, wanted: EntryFilter, limit: int) -> None:
    """In its order, for any filter and any length of a page."""
    frame = entries(outreach)
    for name, value in vars(wanted).items():
        if value is not None:
            frame = frame[frame[name] == value]
    assert pages(book, wanted, limit) == whole(book, wanted) == frame["customer_id"].tolist()


def test_a_list_that_is_published_meanwhile_does_not_mix_in(
    book: Book, outreach: Any, make_scores: Any, make_customers: Any
) -> None:
    """Whoever began with a list ends with it; who begins anew gets the new one."""
    before = entries(outreach)["customer_id"].tolist()
    first = page(book, EntryFilter(), None, 7)
    later = publish(book, make_scores, make_customers, as_of=AS_OF + timedelta(7), customers=12)
    rest = page(book, EntryFilter(), first.after, None)
    assert [*first.entries["customer_id"], *rest.entries["customer_id"]] == before
    assert rest.facts["as_of"] == AS_OF
    assert whole(book, EntryFilter()) == entries(later)["customer_id"].tolist() != before


def test_an_entry_is_the_owners_of_today(book: Book, outreach: Any) -> None:
    """A hand-over moves it from its day on, and the last word of a day counts."""
    moved = page(book, EntryFilter(owner="Bruno"), None, 1).entries.iloc[0]
    account, tomorrow = moved["account_id"], AS_OF + timedelta(1)
    hand_over(book, [account], "Zoe", tomorrow, "boss", "on leave")
    assert moved["customer_id"] in whole(book, EntryFilter(owner="Bruno"))
    assert whole(book, EntryFilter(owner="Zoe")) == []
    assert moved["customer_id"] not in whole(book, EntryFilter(owner="Bruno"), tomorrow)
    shown = page(book, EntryFilter(owner="Zoe"), None, None, tomorrow).entries
    assert (shown["customer_id"].tolist(), shown["owner"].tolist()) == ([moved["customer_id"]], ["Zoe"])
    hand_over(book, [account], "Eleni", tomorrow, "boss", "no, she does")
    assert whole(book, EntryFilter(owner="Zoe"), tomorrow) == []
    assert moved["customer_id"] in whole(book, EntryFilter(owner="Eleni"), tomorrow)


def test_a_day_has_its_own_list(book: Book, outreach: Any, make_scores: Any, make_customers: Any) -> None:
    """And a day without one has none, not the one before."""
    publish(book, make_scores, make_customers, as_of=AS_OF + timedelta(7), customers=12)
    with book.reading() as connection:
        former = page_of(connection, AS_OF, EntryFilter(), AS_OF, None, None)
        between = page_of(connection, AS_OF + timedelta(1), EntryFilter(), AS_OF, None, None)
    assert former is not None
    assert former.entries["customer_id"].tolist() == entries(outreach)["customer_id"].tolist()
    assert between is None


def test_a_place_in_no_list_is_no_page(book: Book, outreach: Any) -> None:
    """A list that is not there is said, not guessed."""
    with book.reading() as connection:
        assert page_of(connection, None, EntryFilter(), AS_OF, PageEnd(99, 0, 1), 10) is None
        behind = page_of(connection, None, EntryFilter(), AS_OF, PageEnd(1, 2, 2**31 - 1), 10)
    assert behind is not None
    assert behind.entries.empty
    assert behind.after is None

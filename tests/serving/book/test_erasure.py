"""A customer who is forgotten: nowhere in the book any more, and nobody else is touched."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.sources.mapping import LineRules, Shop
from serving.book import Book, record_contacts, record_outcomes, set_consent
from serving.book import Consent as ConsentRow
from serving.book import Contact as ContactRow
from serving.book import Outcome as OutcomeRow
from serving.book.decisions import hand_over, hold
from serving.book.inbox.backgrounds import Background, keep_backgrounds
from serving.book.posted import PostedEvent, PostedOrder, record_events, record_orders
from serving.book.posted_log import Reader
from serving.book.privacy.erasure import erase, would_erase
from serving.book.privacy.holdings import BY_ACCOUNT, BY_CUSTOMER
from serving.book.privacy.retention import rows_over, tidy
from serving.book.runs import record_scores
from serving.book.schema import ENTRIES, EPISODES, ERASURES, LISTS, MERGERS, OUTBOX, PROGRAMME, SUPPRESSED, WEBHOOKS
from serving.book.sql_rows import digest
from serving.book.visits.views import View, record_view
from serving.config.retention_settings import RetentionSettings
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.conftest import AS_OF
from tests.serving.read_back import current_list, list_on

WHO = "zq-7 \"é%_🙂'"  # nothing else in the book looks like it, and it has to be escaped everywhere
TWIN = WHO.upper()  # another customer, whom a careless comparison would take for the same
READER = Reader(Shop("Europe/Athens", "EUR"), LineRules(), AS_OF)
LINE = {"ordered_at": "2026-02-20", "amount": "12.50"}


def tell(book: Book, customer: str, entry_id: str) -> None:
    """Record of a customer whatever can be recorded."""
    record_contacts(book, [ContactRow(customer, AS_OF, "call", 200, "Ann", f"spoke to {customer}", entry_id)])
    record_outcomes(book, [OutcomeRow(entry_id, "saved", AS_OF, None, None, "Ann", "yes")])
    set_consent(book, [ConsentRow(customer, "mail", False, AS_OF, "a letter")])
    hold(book, [customer], "snooze", AS_OF, AS_OF + timedelta(9), "Ann", "on leave")
    hand_over(book, [customer], "Zoe", AS_OF, "Ann", "moved")
    record_orders(book, [PostedOrder(f"o-{entry_id}", customer, [LINE])], READER)
    record_orders(book, [PostedOrder(f"o-{entry_id}", customer, [{**LINE, "product_id": f"for {customer}"}])], READER)
    record_events(book, [PostedEvent(f"e-{entry_id}", customer, "visit", "2026-02-20")], READER)
    record_view(book, View("Ann", "Zoe", "customer", None, customer))
    with book.writing() as connection:
        list_id = connection.scalar(sa.select(sa.func.max(LISTS.c.id)))
        keep_backgrounds(connection, list_id, {customer: Background(basket=((f"tea for {customer}", 3),))})


def list_(book: Book, make_scores: Any, make_customers: Any, day: date, *shown: str) -> Any:
    """Publish a list on which customers stand for themselves, for others, and others for them."""
    ids = ("other", WHO, TWIN, "parent", "branch", "held", "gone")
    rows = [(each, 0.9 - 0.01 * n, "30.00", {"as_of": day}) for n, each in enumerate(ids) if not shown or each in shown]
    rows += [("best", 0.95, "40.00", {"as_of": day}), ("worse", 0.7, "20.00", {"as_of": day})]
    # "best" stands for an account that WHO belongs to on the first day; "worse" belongs to WHO's account.
    scores = make_scores(*rows)
    accounts = {"worse": WHO, "branch": "parent"} if shown else {WHO: "best", "branch": "parent", "worse": WHO}
    people = [(each, "Eleni", {"name": f"name of {each}"}) for each in (*ids, "best", "worse")]
    customers = make_customers(*people)
    customers["account"] = [accounts.get(each) for each in customers["customer_id"]]
    standing_free = Policy(holdout_share=0.0)
    made = plan(scores, customers, currency="EUR", policy=standing_free)
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
    return list_on(book, day)


@pytest.fixture
def full(book: Book, make_scores: Any, make_customers: Any) -> Book:
    """A book that names WHO wherever a customer can be named."""
    with book.writing() as connection:
        facts = {"id": "w1", "url": "https://example.com", "secret": "s", "allow_private": False}
        events = json.dumps(["customer.entered", "customer.left", "list.published"])
        connection.execute(sa.insert(WEBHOOKS).values({**facts, "events": events, "created_at": sa.func.now()}))
    list_(book, make_scores, make_customers, AS_OF - timedelta(7))
    found = list_(book, make_scores, make_customers, AS_OF, "other", WHO, TWIN, "parent", "branch")
    with book.writing() as connection:
        both_arms = {"list_id": sa.select(sa.func.max(LISTS.c.id)).scalar_subquery(), "account_id": WHO}
        connection.execute(sa.insert(MERGERS).values({**both_arms, "held_out": 1, "treated": 1}))
        connection.execute(sa.insert(PROGRAMME).values(customer_id=WHO, account_id=WHO, since=AS_OF))
    entry_of = dict(zip(found.entries["customer_id"], found.entries["entry_id"], strict=True))
    for customer in (WHO, TWIN, "other"):
        tell(book, customer, entry_of[customer])
    return book


def readable(cell: Any) -> Any:
    """Return a cell as text where it is bytes: else an id in it would not be found."""
    return bytes(cell).decode() if isinstance(cell, bytes | memoryview) else cell


def cells(book: Book) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Give every row of every table that the database has, ours or not."""
    with book.reading() as connection:
        for name in sa.inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):
                yield (
                    name,
                    tuple(bytes(cell).decode() if isinstance(cell, bytes | memoryview) else cell for cell in row),
                )


def naming(book: Book, customer: str) -> set[str]:
    """Return the tables in which an id stands, as itself or inside JSON."""
    forms = {customer, json.dumps(customer)[1:-1], json.dumps(customer, ensure_ascii=False)[1:-1]}
    return {name for name, row in cells(book) if any(form in str(cell) for cell in row for form in forms)}


def others(book: Book) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the rows of the customers who have nothing to do with WHO."""
    mine = ("other", TWIN, "parent", "branch", "gone", "held")
    return sorted((name, tuple(map(str, row))) for name, row in cells(book) if any(str(cell) in mine for cell in row))


def test_the_book_names_the_customer_everywhere_before(full: Book) -> None:
    """Else the test below would show little."""
    assert naming(full, WHO) >= {table.name for table in (*BY_CUSTOMER, *BY_ACCOUNT)} - {"gone", "arms"}
    with full.reading() as connection:
        members = list(connection.execute(sa.select(ENTRIES.c.members, ENTRIES.c.customer_id)))
        details = list(connection.execute(sa.select(SUPPRESSED.c.detail)).scalars())
        accounts = list(connection.execute(sa.select(SUPPRESSED.c.account_id, SUPPRESSED.c.customer_id)))
        bodies = list(connection.execute(sa.select(OUTBOX.c.body)).scalars())
    assert any(WHO in json.loads(row.members or "[]") for row in members)
    assert any(WHO in detail for detail in details)
    assert (WHO, "worse") in [tuple(row) for row in accounts]
    assert bodies


def test_law_nothing_of_a_forgotten_customer_is_left(full: Book) -> None:
    """In no column of any table, whoever's row it is; the rows of the others are as they were."""
    before = others(full)
    counts = erase(full, WHO, "key 0f3a")
    assert naming(full, WHO) == set()
    assert others(full) == before
    assert counts["scores"] == 2
    assert all(count > 0 for count in counts.values())


def test_what_would_be_erased_or_tidied_is_what_is(full: Book) -> None:
    """On both databases; to be told it changes nothing."""
    before = sorted(map(str, cells(full)))
    would, periods = would_erase(full, WHO), RetentionSettings(contacts_days=730, posted_days=1_095).periods()
    with full.reading() as connection:
        old = rows_over(connection, periods, AS_OF + timedelta(2_000))
    assert sorted(map(str, cells(full))) == before
    assert {"entries", "scores", "contacts", "outcomes"} <= old.keys()
    assert erase(full, WHO, "key") == would
    assert tidy(full, periods, AS_OF + timedelta(2_000)).keys() <= old.keys()
    assert tidy(full, periods, AS_OF + timedelta(2_000)) == {}


def test_what_stays_is_when_by_whom_and_how_much(full: Book) -> None:
    """Proof that it was done, which names nobody."""
    counts = erase(full, WHO, "key 0f3a")
    with full.reading() as connection:
        row = connection.execute(sa.select(ERASURES)).mappings().one()
    assert (row["who"], json.loads(row["rows"])) == ("key 0f3a", dict(counts))
    (secret,) = full.keeper.read()
    assert row["customer_digest"] == secret.digest(digest(WHO))


def test_whom_the_book_does_not_know_is_not_erased(full: Book) -> None:
    """Nothing changes and nothing is recorded; neither is an id that only looks alike."""
    before = sorted(map(str, cells(full)))
    for customer in ("nobody", WHO[:-1], "zq-7%", "OTHER", ""):
        assert erase(full, customer, "key") == {}
    assert sorted(map(str, cells(full))) == before
    assert erase(full, WHO, "key")
    assert erase(full, WHO, "key") == {}


def test_others_stand_for_themselves_in_the_account_that_is_gone(full: Book) -> None:
    """Their episodes of the trial and places stay: what acting saved is still told of them."""
    with full.writing() as connection:
        moved = {"account_id": WHO, "began_on": date(2020, 1, 6)}
        one = connection.scalar(sa.select(sa.func.max(EPISODES.c.began_on)).where(EPISODES.c.customer_id == "other"))
        its = sa.and_(EPISODES.c.customer_id == "other", EPISODES.c.began_on == one)
        connection.execute(sa.update(EPISODES).where(its).values(moved))
        count = connection.scalar(sa.select(sa.func.count()).where(EPISODES.c.customer_id == "other"))
    erase(full, WHO, "key")
    with full.reading() as connection:
        found = list(connection.execute(sa.select(EPISODES.c.account_id).where(EPISODES.c.customer_id == "other")))
    assert {row.account_id for row in found} == {"other"}
    assert len(found) == count


def test_an_interrupted_erasure_erases_nothing(full: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or nothing: what is half gone would be found by nobody."""
    from serving.book.privacy import erasure

    before = sorted(map(str, cells(full)))

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(erasure, "secret_of", fails)
    with pytest.raises(KeyboardInterrupt):
        erase(full, WHO, "key")
    assert sorted(map(str, cells(full))) == before


def test_sqlite_keeps_no_bytes_of_it(tmp_path: Path, make_scores: Any, make_customers: Any, request: Any) -> None:
    """Neither in the file nor in the log of changes beside it: what was there is overwritten, not only let go."""
    who = "zq-bytes-7"
    book = Book(tmp_path)
    filling = [(f"c{n}", 0.5, "1") for n in range(300)]
    for day in range(3):
        scores = make_scores(*filling, (who, 0.9, "5"))
        scores["as_of"] = AS_OF + timedelta(day)
        made = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0))
        publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest=str(day)))
    entry_id = current_list(book).entries.set_index("customer_id").loc[who, "entry_id"]  # type: ignore[union-attr]
    set_consent(book, [ConsentRow(who, "mail", False, AS_OF, "a letter")])
    record_contacts(book, [ContactRow(who, AS_OF + timedelta(2), "call", entry_id=entry_id)])
    record_orders(book, [PostedOrder("o1", who, [LINE])], READER)
    record_orders(book, [PostedOrder("o1", who, [{**LINE, "product_id": "x" * 100}])], READER)
    record_orders(book, [PostedOrder("o1", who, [{**LINE, "product_id": "x"}])], READER)
    inside = b"".join(path.read_bytes() for path in tmp_path.glob("book.db*"))
    assert who.encode() in inside
    assert erase(book, who, "key")
    with closing(sqlite3.connect(tmp_path / "book.db")) as beside:
        beside.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    left = b"".join(path.read_bytes() for path in tmp_path.glob("book.db*"))
    assert b"c299" in left
    assert who.encode() not in left
    book.close()

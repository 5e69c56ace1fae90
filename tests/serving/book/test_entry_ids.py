"""An entry's id says nothing of its customer, stays the same for its day, and is found by what it was called before."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import InputError
from serving.book import Book, Contact, Outcome, Recorded, record_contacts, record_outcomes
from serving.book.decisions import entries_of
from serving.book.privacy.entry_ids import derived_id
from serving.book.privacy.erasure import erase
from serving.book.runs import record_scores
from serving.book.schema import CONTACTS, ENTRIES, ENTRY_ALIASES, OUTBOX, OUTCOMES
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from serving.webhooks.receivers import add_webhook
from tests.serving.book.test_migrations import BASELINE_BOOK, execute
from tests.serving.conftest import AS_OF

ANN_BEFORE = "20260302-49915e0d7d4b"  # of the baseline's book: a digest of "ann"


def published(book: Book, scores: Any, **how: Any) -> Any:
    made = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0, **how))
    return publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))


def ids(found: Any) -> dict[str, str]:
    return dict(zip(found.outreach.everyone["customer_id"], found.outreach.everyone["entry_id"], strict=True))


def test_ids_are_drawn(book: Book, make_scores: Any) -> None:
    """Two shops with the same customers have nothing in common but the day; and nothing of the customer is in an id."""
    scores = make_scores(*((f"c{n}", 0.9, "30.00") for n in range(200)))
    found = ids(published(book, scores))
    assert len(set(found.values())) == 200
    for who, entry_id in found.items():
        assert entry_id != derived_id(AS_OF, who)
        assert entry_id.startswith(f"{AS_OF:%Y%m%d}-")
        assert set(entry_id[9:]) <= set("0123456789abcdefghjkmnpqrstvwxyz")
    letters = "".join(each[9:] for each in found.values())
    assert all(30 <= letters.count(each) <= 130 for each in set(letters))  # 75 of each are expected


def test_another_list_of_the_day_gives_an_account_the_same_id(book: Book, make_scores: Any) -> None:
    """Whatever else changed; and the files, the book and the messages of a list agree on it."""
    add_webhook(book, "https://example.com/hook", ["customer.entered"])
    first = published(book, make_scores(("a", 0.9, "30.00"), ("b", 0.8, "30.00")))
    second = published(book, make_scores(("a", 0.7, "30.00"), ("c", 0.8, "30.00")))
    assert second.is_new
    assert ids(second)["a"] == ids(first)["a"]
    assert ids(second)["c"] not in ids(first).values()
    with book.reading() as connection:
        kept = connection.execute(sa.select(ENTRIES.c.list_id, ENTRIES.c.customer_id, ENTRIES.c.entry_id))
        in_book = {(row.list_id, row.customer_id): row.entry_id for row in kept}
        told = [json.loads(body)["data"] for body in connection.scalars(sa.select(OUTBOX.c.body))]
    assert in_book == {(each.list_id, who): one for each in (first, second) for who, one in ids(each).items()}
    assert {(each["list_id"], each["customer_id"]): each["entry_id"] for each in told} == in_book


def test_another_day_gives_another_id(book: Book, make_scores: Any) -> None:
    """Who knows one entry of a customer does not recognise the next."""
    scores = make_scores(("a", 0.9, "30.00"))
    first = ids(published(book, scores))["a"]
    later = ids(published(book, scores.assign(as_of=AS_OF + timedelta(7))))["a"]
    assert first[9:] != later[9:]


@pytest.fixture
def former(place: Path | str) -> Any:
    """A book of the time when ids were derived, opened today."""
    kind = "sqlite" if isinstance(place, Path) else "postgresql"
    execute(place, (BASELINE_BOOK / f"baseline_{kind}.sql").read_text())
    with closing(Book(place)) as book:
        yield book


def test_a_former_id_finds_its_entry(former: Book) -> None:
    with former.reading() as connection:
        kept = {row.customer_id: row.entry_id for row in connection.execute(sa.select(ENTRIES))}
        found = entries_of(connection, [ANN_BEFORE])
        told = {each for table in (CONTACTS, OUTCOMES) for each in connection.scalars(sa.select(table.c.entry_id))}
    assert ANN_BEFORE not in kept.values()
    assert (found[ANN_BEFORE]["customer_id"], found[ANN_BEFORE]["entry_id"]) == ("ann", kept["ann"])
    assert told == {kept["ann"]}


def test_what_was_reported_by_a_former_id_is_known_by_either(former: Book) -> None:
    """A sheet that was handed in before the change, and is handed in again, counts nothing twice."""
    with former.reading() as connection:
        now = entries_of(connection, [ANN_BEFORE])[ANN_BEFORE]["entry_id"]
        (before,) = connection.execute(sa.select(OUTCOMES)).mappings()
        (contact,) = connection.execute(sa.select(CONTACTS)).mappings()
    for entry_id in (ANN_BEFORE, now):
        again = Outcome(entry_id, before["outcome"], before["happened_on"])
        assert record_outcomes(former, [again]) == Recorded(0, 1)
        talk = Contact("ann", contact["contacted_on"], contact["channel"], entry_id=entry_id)
        assert record_contacts(former, [talk]) == Recorded(0, 1)
    fresh = [Outcome(each, "not_saved", date(2026, 3, 9)) for each in (ANN_BEFORE, now)]
    assert record_outcomes(former, fresh) == Recorded(1, 1)
    with former.reading() as connection:
        assert set(connection.scalars(sa.select(OUTCOMES.c.entry_id))) == {now}


def test_the_aliases_of_whoever_is_erased_are_gone(former: Book) -> None:
    """They are digests of the id: a guess would find it. Those of others stay."""
    assert erase(former, "ann", "key")["entry_aliases"] == 1
    with former.reading() as connection:
        assert ANN_BEFORE not in set(connection.scalars(sa.select(ENTRY_ALIASES.c.alias)))
        assert connection.scalar(sa.select(sa.func.count()).select_from(ENTRY_ALIASES)) == 2
    with pytest.raises(InputError, match=f'"{ANN_BEFORE}" is not the id of an entry'):
        record_outcomes(former, [Outcome(ANN_BEFORE, "saved", date(2026, 3, 3))])


def test_a_list_of_before_is_known_when_it_is_published_again(place: Path | str, make_scores: Any) -> None:
    """On the day of the change: no second list, and no second message."""
    scores = make_scores(("a", 0.9, "30.00"), ("b", 0.8, "30.00"))
    with closing(Book(place)) as book:
        first = published(book, scores)
        with book.writing() as connection:  # as a book of that time had it
            for who, entry_id in ids(first).items():
                own = sa.update(ENTRIES).where(ENTRIES.c.entry_id == entry_id)
                connection.execute(own.values(entry_id=derived_id(AS_OF, who)))
        again = published(book, scores)
    assert not again.is_new
    assert ids(again) == {who: derived_id(AS_OF, who) for who in "ab"}

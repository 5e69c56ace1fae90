"""What a list has to heed, and what the trial and the story of a customer are read from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from serving.book import (
    Book,
    Contact,
    Outcome,
    episodes,
    hand_over,
    history_of,
    hold,
    leaks,
    record_contacts,
    record_outcomes,
)
from serving.book.runs import record_scores
from serving.book.snapshot import snapshot_on
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue

FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 9)
MakeScores = Callable[..., pd.DataFrame]


def test_a_new_book_has_nothing_to_heed(book: Book) -> None:
    """And its empty frames have the columns that a list reads."""
    found = snapshot_on(book, FIRST)
    for name in ("former", "contacts", "consent", "holds", "arms", "drawn", "open_episodes"):
        usual = getattr(type(found)(), name)
        assert list(getattr(found, name).columns) == list(usual.columns), name
        assert getattr(found, name).empty


def test_what_happens_on_the_day_or_later_does_not_count(book: Book, publish: Any) -> None:
    """Lists, contacts and episodes of the day itself are of the next list's concern."""
    entry = publish(2).entries["entry_id"][0]
    record_outcomes(book, [Outcome(entry, "saved", FIRST, "call")])
    record_contacts(book, [Contact("c0", FIRST - timedelta(401), "call")])
    today = snapshot_on(book, FIRST)
    assert [len(each) for each in (today.former, today.contacts, today.open_episodes)] == [0, 0, 0]
    later = snapshot_on(book, FIRST + timedelta(1))
    assert later.former[["account_id", "kind", "as_of"]].values.tolist() == [
        ["c0", "regular", FIRST],
        ["c1", "regular", FIRST],
    ]
    assert later.contacts[["customer_id", "contacted_on"]].values.tolist() == [["c0", FIRST]]
    ends = FIRST + timedelta(30)
    assert later.open_episodes.values.tolist() == [[each, "treated", FIRST, ends, (each,)] for each in ("c0", "c1")]
    assert len(snapshot_on(book, ends - timedelta(1)).open_episodes) == 2
    assert snapshot_on(book, ends).open_episodes.empty


def test_the_same_day_gives_the_same_list(book: Book, make_scores: MakeScores) -> None:
    """However often it is planned, and whatever was recorded for later days meanwhile."""
    scores = make_scores(*((f"c{n}", 0.9 - n / 1000, "30.00") for n in range(60)))
    run_id = record_scores(book, scores, currency="EUR", data_digest="d")
    policy = Policy(capacity=20, holdout_share=0.2, owners=("Ann", "Bob"))
    planned = [plan(scores, currency="EUR", policy=policy, snapshot=snapshot_on(book, FIRST))]
    first = publish_and_enqueue(book, planned[0], run_id).list_id
    record_contacts(book, [Contact("c0", FIRST, "call"), Contact("c1", SECOND, "call")])
    hold(book, ["c2"], "veto", SECOND, None, "ann", "a friend")
    hand_over(book, ["c3"], "Eve", SECOND, "boss", "new")
    planned.append(plan(scores, currency="EUR", policy=policy, snapshot=snapshot_on(book, FIRST)))
    assert publish_and_enqueue(book, planned[1], run_id).list_id == first
    pd.testing.assert_frame_equal(planned[0].entries, planned[1].entries)
    pd.testing.assert_frame_equal(planned[0].episodes, planned[1].episodes)


def test_ended_episodes_tell_who_was_contacted(book: Book, publish: Any) -> None:
    """From the first day to the last of the horizon, in either arm, by whatever way."""
    listed = publish(4)
    record_outcomes(book, [Outcome(listed.entries["entry_id"][0], "reached", FIRST, "call")])
    record_contacts(book, [Contact("c1", FIRST + timedelta(29), "mail"), Contact("c2", FIRST + timedelta(30), "mail")])
    record_contacts(book, [Contact("c3", FIRST - timedelta(1), "mail")])
    assert episodes(book, FIRST + timedelta(29)).empty
    found = episodes(book, FIRST + timedelta(30))
    assert found[["account_id", "contacted"]].values.tolist() == [
        ["c0", True],
        ["c1", True],
        ["c2", False],
        ["c3", False],
    ]
    assert (
        found[["arm", "cell", "horizon_days", "expected_spend"]].values.tolist()
        == [["treated", "ranked", 30, 2000]] * 4
    )
    assert found["contacted"].dtype == bool
    assert list(episodes(book, FIRST).columns) == list(found.columns)


def test_contacts_into_the_holdout_are_found(book: Book, publish: Any) -> None:
    """Of whomever was drawn, from the day of the draw on; a treated customer's contact is none."""
    arms = publish(40, holdout_share=0.5).arms.set_index("account_id")["arm"]
    held = sorted(arms.index[arms == "holdout"])
    treated = sorted(arms.index[arms == "treated"])
    record_contacts(
        book,
        [
            Contact(held[0], SECOND, "call", by="ann"),
            Contact(held[1], FIRST - timedelta(1), "call"),
            Contact(held[1], FIRST, "mail"),
            Contact(treated[0], SECOND, "call"),
        ],
    )
    assert leaks(book).values.tolist() == [
        ["contact", held[1], held[1], FIRST, "mail", None],
        ["contact", held[0], held[0], SECOND, "call", "ann"],
    ]


def test_a_contact_with_a_branch_leaks_into_its_account(
    book: Book, make_scores: MakeScores, make_customers: Any
) -> None:
    """The account is held out, whichever of its customers is called."""
    scores = make_scores(*((f"{account}-{n}", 0.8 - n / 10, "30") for account in range(20) for n in range(2)))
    customers = make_customers(*((who, None) for who in scores["customer_id"]))
    customers["account"] = [who.split("-")[0] for who in customers["customer_id"]]
    planned = plan(scores, customers, currency="EUR", policy=Policy(holdout_share=0.5))
    publish_and_enqueue(book, planned, record_scores(book, scores, currency="EUR", data_digest="d"))
    arms = planned.arms.set_index("account_id")["arm"]
    held, treated = arms.index[arms == "holdout"][0], arms.index[arms == "treated"][0]
    record_contacts(book, [Contact(f"{held}-1", SECOND, "call"), Contact(f"{treated}-1", SECOND, "call")])
    assert leaks(book)[["account_id", "customer_id"]].values.tolist() == [[held, f"{held}-1"]]
    reached = episodes(book, FIRST + timedelta(30)).set_index("account_id")["contacted"]
    assert sorted(reached.index[reached]) == sorted([held, treated])


def test_with_a_draw_for_each_playbook_another_playbook_does_not_leak(book: Book, publish: Any) -> None:
    """Held out from calls, an account may still get the mail of another playbook."""
    listed = publish(1)
    with book.writing() as connection:
        for table in ("arms", "drawn"):
            connection.exec_driver_sql(f"UPDATE {table} SET arm = 'holdout', playbook = 'call'")
        connection.exec_driver_sql("UPDATE entries SET playbook = 'mail'")
    record_outcomes(book, [Outcome(listed.entries["entry_id"][0], "contacted", FIRST, "mail")])
    assert leaks(book).empty
    record_contacts(book, [Contact("c0", SECOND, "call")])
    assert leaks(book)["leaked_on"].tolist() == [SECOND]


def test_the_story_of_a_customer_is_whole_and_in_order(book: Book, publish: Any) -> None:
    """Everything, of that customer alone."""
    assert not history_of(book, "c0").known
    entry = publish(3).entries["entry_id"][0]
    record_outcomes(book, [Outcome(entry, "saved", date(2026, 3, 4)), Outcome(entry, "reached", date(2026, 3, 3))])
    record_outcomes(book, [Outcome(entry, "do_not_contact", date(2026, 3, 5))])
    record_outcomes(book, [Outcome(entry, "wrong_alarm", date(2026, 3, 6))])
    hand_over(book, ["c0"], "Ann", SECOND, "boss", "new here")
    publish(3, SECOND)
    found = history_of(book, "c0")
    assert found.known
    assert found.account_ids == ("c0",)
    assert found.scores["as_of"].tolist() == found.entries["as_of"].tolist() == [FIRST, SECOND]
    assert found.outcomes["outcome"].tolist() == ["reached", "saved", "do_not_contact", "wrong_alarm"]
    assert found.contacts["contacted_on"].tolist() == [date(2026, 3, 3), date(2026, 3, 4)]
    lengths = [len(frame) for frame in (found.consent, found.holds, found.owners, found.arms, found.episodes)]
    assert lengths == [1, 1, 1, 1, 2]
    assert history_of(book, "c1").outcomes.empty

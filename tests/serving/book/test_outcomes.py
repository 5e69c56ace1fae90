"""What came of entries, and what follows: contacts, consent, snoozes; all of it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from features.errors import InputError
from serving.book import (
    Book,
    Consent,
    Contact,
    Outcome,
    Source,
    hand_over,
    history_of,
    hold,
    record_contacts,
    record_outcomes,
    set_consent,
)
from serving.book.decisions import Recorded
from serving.book.snapshot import snapshot_on

Count = Callable[[str], int]
TUESDAY, NEXT_WEEK = date(2026, 3, 3), date(2026, 3, 9)


@pytest.fixture
def ids(publish: Any) -> list[str]:
    """The entry ids of c0, c1 and c2."""
    return list(publish(3).entries["entry_id"])


def test_the_same_outcomes_twice_change_nothing(book: Book, count: Count, ids: list[str]) -> None:
    """Also within one import, and whatever else is said of them the second time."""
    rows = [Outcome(ids[0], "contacted", TUESDAY, "call", 250, "ann"), Outcome(ids[1], "do_not_contact", TUESDAY)]
    assert record_outcomes(book, [*rows, rows[0]]) == Recorded(2, 1)
    tables = ("outcomes", "contacts", "consent", "holds")
    before = [count(name) for name in tables]
    assert before == [2, 1, 1, 0]
    assert record_outcomes(book, [replace(rows[0], note="again"), rows[1]]) == Recorded(0, 2)
    assert [count(name) for name in tables] == before


def test_two_outcomes_of_a_day_are_one_contact(book: Book, ids: list[str]) -> None:
    """First reached, then saved; the next day is another contact, and what the contact file says is the same one."""
    record_outcomes(book, [Outcome(ids[0], "reached", TUESDAY, "mail"), Outcome(ids[0], "saved", TUESDAY, "mail")])
    record_outcomes(book, [Outcome(ids[0], "saved", date(2026, 3, 4))])
    assert record_contacts(book, [Contact("c0", TUESDAY, "mail", entry_id=ids[0])]) == Recorded(0, 1)
    found = snapshot_on(book, NEXT_WEEK).contacts
    assert found[["customer_id", "contacted_on", "channel", "entry_id", "owner"]].values.tolist() == [
        ["c0", TUESDAY, "mail", ids[0], "unassigned"],
        ["c0", date(2026, 3, 4), "call", ids[0], "unassigned"],
    ]


def test_do_not_contact_takes_back_consent_to_everything(book: Book, ids: list[str]) -> None:
    record_outcomes(book, [Outcome(ids[0], "do_not_contact", TUESDAY, "call")])
    assert snapshot_on(book, TUESDAY).consent.values.tolist() == [["c0", "*", False]]
    assert snapshot_on(book, date(2026, 3, 2)).consent.empty


@pytest.mark.parametrize(
    ("outcome", "why"), [("wrong_alarm", "a wrong alarm: on leave"), ("already_known", "already known: on leave")]
)
def test_a_wrong_alarm_is_left_alone_over_the_horizon(book: Book, ids: list[str], outcome: Any, why: str) -> None:
    record_outcomes(book, [Outcome(ids[0], outcome, TUESDAY, by="ann", note="on leave")])
    assert snapshot_on(book, TUESDAY).holds.values.tolist() == [["c0", "snooze", date(2026, 4, 2), why, "ann"]]
    assert len(snapshot_on(book, date(2026, 4, 1)).holds) == 1
    assert snapshot_on(book, date(2026, 4, 2)).holds.empty


def test_a_wrong_alarm_does_not_shorten_what_an_owner_decided(book: Book, ids: list[str]) -> None:
    """A veto stays one, and a longer snooze as long; a shorter one becomes longer."""
    hold(book, ["c0"], "veto", date(2026, 3, 2), None, "ann", "a friend")
    hold(book, ["c1"], "snooze", date(2026, 3, 2), date(2026, 12, 1), "ann", "moves house")
    hold(book, ["c2"], "snooze", date(2026, 3, 2), date(2026, 3, 4), "ann", "away")
    record_outcomes(book, [Outcome(each, "wrong_alarm", TUESDAY) for each in ids])
    found = snapshot_on(book, NEXT_WEEK).holds.sort_values("account_id")
    assert found[["account_id", "kind", "until"]].values.tolist() == [
        ["c0", "veto", None],
        ["c1", "snooze", date(2026, 12, 1)],
        ["c2", "snooze", date(2026, 4, 2)],
    ]


def test_every_wrong_row_is_told_and_nothing_recorded(book: Book, count: Count, ids: list[str]) -> None:
    rows = [
        Outcome(ids[0], "saved", TUESDAY, "call"),
        Outcome("nobody", "saved", TUESDAY, "fax"),
        Outcome("20260302-x", "savd", TUESDAY, cost_minor=-1),  # type: ignore[arg-type]
    ]
    with pytest.raises(InputError) as raised:
        record_outcomes(book, rows, Source("outcomes.csv", (2, 3, 5)))
    assert str(raised.value).splitlines() == [
        "outcomes.csv cannot be used; nothing of it was recorded",
        '  outcomes.csv, line 3, column entry_id: "nobody" is not the id of an entry; '
        "copy the entry_id from a published list",
        '  outcomes.csv, line 3, column channel: "fax" is not a known channel; '
        "write call, mail, letter, visit, message, service.",
        '  outcomes.csv, line 5, column entry_id: "20260302-x" is not the id of an entry; '
        "copy the entry_id from a published list",
        '  outcomes.csv, line 5, column outcome: "savd" is not a known outcome; write contacted, reached, saved, '
        'not_saved, wrong_alarm, already_known, do_not_contact. Did you mean "saved"?',
        "  outcomes.csv, line 5, column cost: is below 0; write what it cost",
    ]
    assert (count("outcomes"), count("contacts")) == (0, 0)


def test_a_note_of_any_kind_comes_out_as_it_went_in(book: Book, ids: list[str]) -> None:
    """Formulas, markup, right-to-left text, newlines, emoji, ten kilobytes."""
    note = "=1+1 <b>&amp; سلام\r\n\t'quoted\" \\N 🎈" + "ä" * 10_000
    record_outcomes(book, [Outcome(ids[0], "saved", TUESDAY, "call", 0, note, note)])
    found = history_of(book, "c0")
    assert found.outcomes.loc[0, "note"] == found.contacts.loc[0, "note"] == found.outcomes.loc[0, "by"] == note


def test_contacts_without_a_list_are_known_by_customer_day_and_channel(book: Book, count: Count) -> None:
    rows = [Contact("x", TUESDAY, "call"), Contact("x", TUESDAY, "mail"), Contact("x", TUESDAY, "call", note="again")]
    assert record_contacts(book, rows) == Recorded(2, 1)
    assert record_contacts(book, [Contact("x", TUESDAY, "call", key="own")] * 2) == Recorded(1, 1)
    with pytest.raises(InputError, match="is not the id of an entry"):
        record_contacts(book, [Contact("x", NEXT_WEEK, "call", entry_id="nobody")])
    assert count("contacts") == 3


def test_the_latest_word_on_consent_counts(book: Book, count: Count) -> None:
    """By the day it was said, not by when it was written down; a file read twice adds nothing."""
    rows = [
        Consent("x", "mail", True, NEXT_WEEK, "file"),
        Consent("x", "mail", False, TUESDAY, "file"),
        Consent("x", "*", True, TUESDAY, "file"),
    ]
    assert set_consent(book, rows) == Recorded(3, 0)
    assert set_consent(book, rows) == Recorded(0, 3)
    early = snapshot_on(book, TUESDAY).consent.sort_values("channel").values.tolist()
    assert early == [["x", "*", True], ["x", "mail", False]]
    late = snapshot_on(book, NEXT_WEEK).consent.sort_values("channel").values.tolist()
    assert late == [["x", "*", True], ["x", "mail", True]]
    assert set_consent(book, [Consent("x", "mail", False, NEXT_WEEK, "said so")]).new == 1
    assert snapshot_on(book, NEXT_WEEK).consent["allowed"].tolist().count(False) == 1
    with pytest.raises(InputError, match='"fax" is not a known channel'):
        set_consent(book, [Consent("x", "fax", True, TUESDAY, "file")])


def test_the_latest_hold_decides(book: Book, count: Count) -> None:
    """A lift ends a veto; the same twice is one."""
    for _ in range(2):
        hold(book, ["x", "y"], "veto", TUESDAY, None, "ann", "a friend")
    assert count("holds") == 2
    hold(book, ["x"], "lift", NEXT_WEEK, None, "ann", "no longer")
    assert snapshot_on(book, TUESDAY).holds["account_id"].tolist() == ["x", "y"]
    assert snapshot_on(book, NEXT_WEEK).holds["account_id"].tolist() == ["y"]
    cases = (
        ("snooze", None, "a snooze has an end: name the first day on which it holds no longer"),
        (
            "snooze",
            TUESDAY,
            f"a snooze until {TUESDAY} would end before it has held for a day, for it begins on {TUESDAY}",
        ),
        ("veto", NEXT_WEEK, "a veto has no end: leave --until out, or record a snooze"),
        ("lift", NEXT_WEEK, "a lift has no end"),
    )
    for kind, until, said in cases:
        with pytest.raises(InputError, match=said):
            hold(book, ["x"], kind, TUESDAY, until, "ann", "")  # type: ignore[arg-type]


def test_an_account_is_handed_over_from_a_day_on(book: Book) -> None:
    """Whose it was before stays known; a second word on the same day corrects the first."""
    hand_over(book, ["x", "y"], "Ann", TUESDAY, "boss", "new here")
    hand_over(book, ["x"], "Bib", NEXT_WEEK, "boss", "holiday")
    hand_over(book, ["x"], "Bob", NEXT_WEEK, "boss", "holiday")
    assert snapshot_on(book, date(2026, 3, 2)).owners == {}
    assert snapshot_on(book, TUESDAY).owners == {"x": "Ann", "y": "Ann"}
    assert snapshot_on(book, NEXT_WEEK).owners == {"x": "Bob", "y": "Ann"}
    assert history_of(book, "x").owners["owner"].tolist() == ["Ann", "Bob"]


def test_a_day_on_which_nothing_can_have_come_of_it_is_refused(book: Book, count: Count, ids: list[str]) -> None:
    """Before the list there was no entry, and after today nothing has happened yet: both rows at once."""
    days = (date(2026, 3, 1), TUESDAY, date(2026, 3, 5))
    outcomes = [Outcome(ids[0], "saved", day, "call") for day in days]
    contacts = [Contact("c0", day, "call", entry_id=ids[0]) for day in days]
    for record, rows, column in (
        (record_outcomes, outcomes, "happened_on"),
        (record_contacts, contacts, "contacted_on"),
    ):
        with pytest.raises(InputError) as raised:
            record(book, rows, Source("it.csv", (2, 3, 4)), latest=TUESDAY)  # type: ignore[operator]
        where = f"  it.csv, line {{}}, column {column}: "
        assert str(raised.value).splitlines()[1:] == [
            where.format(2) + '"2026-03-01" is not on or after the day of its list; that is 2026-03-02',
            where.format(4) + '"2026-03-05" is not on or before today; today is 2026-03-03',
        ]
    with pytest.raises(InputError, match="on or before today"):
        set_consent(book, [Consent("c0", "mail", True, date(2026, 3, 5), "said")], latest=TUESDAY)
    assert (count("outcomes"), count("contacts"), count("consent")) == (0, 0, 0)
    assert record_contacts(book, [Contact("c0", days[0], "call")], latest=TUESDAY).new == 1


def test_an_empty_word_is_said_to_be_empty(book: Book, ids: list[str]) -> None:
    """Not as a pair of quotes within quotes."""
    with pytest.raises(InputError) as raised:
        record_outcomes(book, [Outcome("", "", TUESDAY)], Source("it.csv", (2,)))  # type: ignore[arg-type]
    assert [each.split(";")[0] for each in str(raised.value).splitlines()[1:]] == [
        "  it.csv, line 2, column entry_id: is empty",
        "  it.csv, line 2, column outcome: is empty",
    ]


def test_a_contact_with_another_customers_entry_is_refused(book: Book, count: Count, ids: list[str]) -> None:
    """The effect would count it for the wrong one."""
    mixed = Contact("somebody else", date(2026, 3, 3), "call", entry_id=ids[0])
    with pytest.raises(InputError, match="is not an entry of this customer"):
        record_contacts(book, [mixed])
    assert count("contacts") == 0

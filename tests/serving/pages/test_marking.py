"""One tap, its undo, and two people at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from features.language.languages import PERSIAN
from features.language.written import day_text
from serving.book.decisions import hold
from serving.book.outcomes import OUTCOME_NAMES, Outcome, record_outcomes
from serving.book.schema import CONSENT, CONTACTS, HELD, HOLDS, OUTCOMES
from serving.pages.entry import SNOOZE_DAYS
from tests.serving.pages.conftest import TOKEN, VERSION, Browser, Site, later, rows_of

WRITTEN = (OUTCOMES, CONTACTS, CONSENT, HOLDS, HELD)


def rows(site: Site) -> dict[str, list[Any]]:
    """Return all that marks can write."""
    with site.book.reading() as connection:
        return {table.name: [tuple(row) for row in connection.execute(sa.select(table))] for table in WRITTEN}


@pytest.fixture
def path(site: Site) -> str:
    """The path of an entry."""
    return f"entries/{site.entry_of['e00']}"


@pytest.mark.parametrize("outcome", OUTCOME_NAMES)
def test_an_outcome_is_recorded_and_taken_back_without_a_trace(site: Site, path: str, outcome: str) -> None:
    browser, before = site.let_in(), rows(site)
    answer = browser.post(f"{path}/mark", path, outcome=outcome, note="they said so")
    assert answer.headers["location"] == f"/pages/?marked={site.entry_of['e00']}"
    marked = rows(site)
    (recorded,) = marked["outcomes"]
    assert {outcome, "Eleni", "they said so", site.entry_of["e00"]} <= set(recorded)
    assert site.entry_of["e00"] not in rows_of(browser.get().text)
    said = browser.get(f"?marked={site.entry_of['e00']}").text
    assert "Undo" in said
    assert browser.post(f"{path}/undo", f"?marked={site.entry_of['e00']}").status_code == 303
    assert rows(site) == before


def test_the_same_as_the_command_and_the_api_record(site: Site, path: str) -> None:
    site.let_in().post(f"{path}/mark", path, outcome="wrong_alarm", note="on leave")
    by_page = rows(site)
    site.let_in().post(f"{path}/undo", path)
    record_outcomes(site.book, [Outcome(site.entry_of["e00"], "wrong_alarm", site.day, by="Eleni", note="on leave")])
    moments = ("recorded_at",)
    assert _without(rows(site), *moments) == _without(by_page, *moments)


def _without(found: dict[str, list[Any]], *names: str) -> dict[str, list[Any]]:
    left_out = (*names, "id", "hold_id")
    keep = {table.name: [n for n, c in enumerate(table.c) if c.name not in left_out] for table in WRITTEN}
    return {name: [tuple(row[n] for n in keep[name]) for row in its] for name, its in found.items()}


def test_only_what_followed_from_the_mark_is_taken_back(site: Site, path: str) -> None:
    browser = site.let_in()
    browser.post(f"{path}/mark", path, outcome="reached")
    contact = rows(site)["contacts"]
    browser.post(f"{path}/mark", path, outcome="saved")
    assert rows(site)["contacts"] == contact  # one a day
    browser.post(f"{path}/undo", path)
    assert (rows(site)["contacts"], len(rows(site)["outcomes"])) == (contact, 1)
    browser.post(f"{path}/undo", path)
    assert (rows(site)["contacts"], rows(site)["outcomes"]) == ([], [])
    assert browser.post(f"{path}/undo", path).status_code == 409


def test_a_snooze_holds_until_its_day_and_is_taken_back(site: Site, path: str) -> None:
    browser, before = site.let_in(), rows(site)
    until = site.day + timedelta(days=5)
    assert browser.post(f"{path}/snooze", path, until=until.isoformat(), note="on leave").status_code == 303
    (held,) = rows(site)["holds"]
    assert {"snooze", until, "Eleni", "on leave", "e00"} <= set(held)
    assert site.entry_of["e00"] in rows_of(browser.get("?tab=snoozed").text)
    browser.post(f"{path}/undo", path)
    assert rows(site) == before


def test_in_persian_a_day_is_typed_as_people_write_it(site: Site, path: str) -> None:
    browser, until = site.let_in(), site.day + timedelta(days=9)
    typed = day_text(until, PERSIAN, "table")
    page = browser.get(path, headers={"Accept-Language": "fa"}).text
    assert f'placeholder="{day_text(site.day + timedelta(days=SNOOZE_DAYS), PERSIAN, "table")}"' in page
    assert 'type="date"' not in page
    assert browser.post(f"{path}/snooze", path, until=typed).status_code == 303
    (held,) = rows(site)["holds"]
    assert until in held


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01", "9999-01-01"])
def test_a_snooze_ends_within_a_year(site: Site, path: str, until: str) -> None:
    assert site.let_in().post(f"{path}/snooze", path, until=until).status_code == 422
    assert rows(site)["holds"] == []


def test_a_mark_of_yesterday_is_not_taken_back(site: Site, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.let_in()
    browser.post(f"{path}/mark", path, outcome="saved")
    later(monkeypatch, "serving.book.inbox.take_back", timedelta(hours=25))
    assert "Undo" not in browser.get(path).text
    assert browser.post(f"{path}/undo", path).status_code == 409
    assert len(rows(site)["outcomes"]) == 1


Act = Callable[[Browser, str, dict[str, str]], Any]


@pytest.mark.parametrize("sent", [{"outcome": "not_saved"}, {"until": "soon"}])
def test_of_two_at_once_the_second_is_told_and_loses_nothing(site: Site, path: str, sent: dict[str, str]) -> None:
    first, second = site.let_in("Eleni", "Eleni"), site.let_in("Eleni", "Niki")
    page = second.get(path).text
    tokens = {"form_token": TOKEN.search(page)[1], "version": VERSION.search(page)[1]}  # type: ignore[index]
    first.post(f"{path}/mark", path, outcome="saved", note="she will be back")
    what = "mark" if "outcome" in sent else "snooze"
    sent = sent if what == "mark" else {"until": (site.day + timedelta(4)).isoformat()}
    told = second.ask("POST", f"{path}/{what}", data={**tokens, **sent, "note": "my <b>long</b> note"})
    assert told.status_code == 409
    for part in ("Somebody was faster", "saved</span>", "Eleni", "my &lt;b&gt;long&lt;/b&gt; note"):
        assert part in told.text
    assert len(rows(site)["outcomes"]) == 1
    again = {"form_token": tokens["form_token"], "version": VERSION.search(told.text)[1]}  # type: ignore[index]
    assert second.ask("POST", f"{path}/{what}", data={**again, **sent, "note": "my note"}).status_code == 303
    kept = rows(site)
    assert (len(kept["outcomes"]) + len(kept["holds"]), "my note" in str(kept)) == (2, True)


def test_a_form_that_comes_twice_is_recorded_once(site: Site, path: str) -> None:
    browser = site.let_in()
    page = browser.get(path).text
    tokens = {"form_token": TOKEN.search(page)[1], "version": VERSION.search(page)[1]}  # type: ignore[index]
    sent = [browser.ask("POST", f"{path}/mark", data={**tokens, "outcome": "saved", "note": "x"}) for _ in range(2)]
    assert [each.status_code for each in sent] == [303, 303]
    assert len(rows(site)["outcomes"]) == 1


def test_another_owners_entry_is_none(site: Site, path: str) -> None:
    bruno = site.let_in("Bruno")
    assert bruno.get(path).status_code == 404
    token = TOKEN.search(bruno.get().text)
    assert token is not None
    version = VERSION.search(site.let_in().get(path).text)
    assert version is not None
    for what in ("mark", "snooze", "undo"):
        sent = {"form_token": token[1], "version": version[1], "outcome": "saved", "until": "2030-01-01"}
        assert bruno.ask("POST", f"{path}/{what}", data=sent).status_code in (404, 422)
    assert bruno.get("customers/e00").status_code == 404
    assert not any(rows(site).values())
    unknown = site.let_in("Eleni").get("entries/20260101-000000000000")
    assert (unknown.status_code, unknown.text.count("Nothing here")) == (404, 2)  # its title, and its heading


@pytest.mark.parametrize("outcome", ["", "lost", "saved\nreached"])
def test_what_is_no_outcome_is_refused(site: Site, path: str, outcome: str) -> None:
    assert site.let_in().post(f"{path}/mark", path, outcome=outcome).status_code == 422


def test_a_note_has_a_length(site: Site, path: str) -> None:
    assert site.let_in().post(f"{path}/mark", path, outcome="saved", note="x" * 2_001).status_code == 422


def test_an_opened_row_says_what_it_takes_to_call(site: Site, path: str) -> None:
    record_outcomes(site.book, [Outcome(site.entry_of["e03"], "reached", site.day, by="Bruno")])
    text = site.let_in().get(path).text
    for part in (
        "Hello, how are you?", 'href="tel:+306941234567"', "694 123 4567", "https://wa.me/306941234567",
        "https://t.me/+306941234567", "mailto:ann@mailbox.gr?body=Hello%2C%20how%20are%20you%3F", "tea",
        "Asked for help on", "€12.50", "ordered for 3 years",
    ):  # fmt: skip
        assert part in text, part
    assert "subject=" not in text


def test_what_cannot_be_dialled_or_written_to_is_said(site: Site) -> None:
    text = site.let_in().get(f"entries/{site.entry_of['e01']}").text
    assert "not one that can be written to" in text
    assert "not an address" not in text


def test_contacts_are_on_no_other_page(site: Site) -> None:
    admin = site.let_in(None, "Maria")
    for page in ("", "desk", "desk/rows?owner=Eleni", f"entries/{site.entry_of['e02']}"):
        text = admin.get(page).text
        assert "6941234567" not in text
        assert "mailbox.gr" not in text


def test_a_veto_that_came_meanwhile_is_said(site: Site, path: str) -> None:
    hold(site.book, ["e00"], "veto", site.day, None, "Maria", "in court with them")
    assert "Not to be contacted" in site.let_in().get(path).text
    assert site.entry_of["e00"] in rows_of(site.let_in().get("?tab=snoozed").text)

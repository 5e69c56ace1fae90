"""The owner's desk: load, hand-overs, vetoes; for who sees everybody's accounts alone."""

from __future__ import annotations

import re

import pytest

from serving.book.outcomes import Outcome, record_outcomes
from serving.pages.languages import LANGUAGE_COOKIE
from tests.serving.pages.conftest import BRUNOS, ELENIS, TOKEN, Browser, Site, rows_of


@pytest.fixture
def admin(site: Site) -> Browser:
    """A browser of somebody who sees everybody's accounts."""
    return site.let_in(None, "Maria")


def load_of(text: str, owner: str) -> list[str]:
    """Return the numbers in the row of an owner: to do, overdue, snoozed, done, saved, capacity."""
    row = text.partition(f"<bdi>{owner}</bdi></a></th>")[2].partition("</tr>")[0]
    return re.findall(r'class="number">(?:<b>)?([^<]*)<', row)


def test_load_and_progress_of_every_owner(site: Site, admin: Browser) -> None:
    record_outcomes(site.book, [Outcome(site.entry_of["b00"], "saved", site.day, by="Bruno")])
    text = admin.get("desk").text
    assert load_of(text, "Bruno") == [str(len(BRUNOS) - 1), "0", "0", "1", "1", "–"]
    assert load_of(text, "Eleni") == [str(len(ELENIS)), "0", "0", "0", "0", "–"]


def test_who_has_not_looked(site: Site, admin: Browser) -> None:
    site.let_in("Bruno").get()
    text = admin.get("desk").text
    assert text.count("not yet") == 1
    assert "not yet" in text.partition("<bdi>Eleni</bdi></a></th>")[2].partition("</tr>")[0]


def test_a_manager_has_no_desk(site: Site) -> None:
    manager = site.let_in()
    assert "desk" not in manager.get().text
    token = TOKEN.search(manager.get().text)
    assert token is not None
    for path in ("desk", "desk/rows?owner=Bruno"):
        assert manager.get(path).status_code == 404
    for path in ("desk/hand-over", "desk/hold"):
        sent = {"form_token": token[1], "all": "Bruno", "to": "Eleni", "note": "x", "kind": "veto", "account_id": "b00"}
        assert manager.ask("POST", path, data=sent).status_code == 404
    assert len(rows_of(site.let_in("Bruno").get().text)) == len(BRUNOS)


def test_chosen_rows_are_handed_over(site: Site, admin: Browser) -> None:
    page = admin.get("desk/rows?owner=Eleni")
    token = TOKEN.search(page.text)
    assert token is not None
    chosen = [site.entry_of["e00"], site.entry_of["e05"]]
    sent = {"form_token": token[1], "entry": chosen, "to": "Bruno", "note": "he knows them"}
    assert admin.ask("POST", "desk/hand-over", data=sent).headers["location"] == "/pages/desk?said=handed-over"
    assert {*chosen} < {*rows_of(site.let_in("Bruno").get().text)}


def test_all_rows_of_one_are_handed_over(site: Site, admin: Browser) -> None:
    admin.post("desk/hand-over", "desk/rows?owner=Bruno", all="Bruno", to="Eleni", note="on leave")
    assert rows_of(site.let_in("Bruno").get().text) == []
    assert len(rows_of(site.let_in().get("?page=2").text)) == len(ELENIS) + len(BRUNOS) - 25


@pytest.mark.parametrize(
    "sent", [{"to": "Bruno", "note": "x"}, {"all": "Bruno", "note": "x"}, {"all": "Bruno", "to": "Zoe"}]
)
def test_a_hand_over_says_what_to_whom_and_why(site: Site, admin: Browser, sent: dict[str, str]) -> None:
    assert admin.post("desk/hand-over", "desk/rows?owner=Bruno", **sent).status_code == 422


def test_a_veto_is_set_and_lifted(site: Site, admin: Browser) -> None:
    assert admin.post("desk/hold", "desk", kind="veto", account_id="e00", note="in court").status_code == 303
    text = admin.get("desk").text
    assert "in court" in text
    assert admin.post("desk/hold", "desk", kind="lift", account_id="e00", note="settled").status_code == 303
    assert "in court" not in admin.get("desk").text


def test_a_veto_of_nobody_is_refused(site: Site, admin: Browser) -> None:
    found = admin.post("desk/hold", "desk", kind="veto", account_id="nobody", note="x")
    assert (found.status_code, "nobody" in found.text) == (422, True)
    assert "neither an account nor a customer that the shop knows" in found.text
    admin.cookies.set(LANGUAGE_COOKIE, "fa", domain="127.0.0.1")
    told = admin.post("desk/hold", "desk", kind="veto", account_id="nobody", note="x").text
    assert "نه مجموعه‌ای است و نه مشتری‌ای که این فروشگاه بشناسد" in told
    assert "neither" not in told
    assert admin.post("desk/hold", "desk", kind="veto", account_id="e00").status_code == 422
    assert admin.post("desk/hold", "desk", kind="snooze", account_id="e00", note="x").status_code == 422

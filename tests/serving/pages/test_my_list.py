"""My list: whose rows, in which tab, found by what, and how large a page is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from serving.book.decisions import hand_over, hold
from serving.book.outcomes import Outcome, record_outcomes
from serving.book.posted import PostedOrder, record_orders
from serving.book.runs import record_scores
from serving.book.schema import ENTRIES
from serving.book.visits.views import View, last_looked, record_view, views_of
from serving.pages.search import folded
from serving.shop import reader_of
from tests.serving.pages.conftest import BRUNOS, ELENIS, NASTY, REASON, Site, later, rows_of


def counts(text: str) -> dict[str, int]:
    """Return tab → count, as a page shows them."""
    import re

    return {tab: int(n) for tab, n in re.findall(r'tab=(\w+)[^>]*>[^<]*<span class="count">(\d+)', text)}


def test_a_manager_sees_the_own_accounts_alone(site: Site) -> None:
    text = site.let_in("Bruno").get().text
    assert rows_of(text) == [site.entry_of[each] for each in BRUNOS]
    assert not any(f"Name of {each}" in text for each in ELENIS)
    assert counts(text)["open"] == len(BRUNOS)


def test_the_owner_of_today_counts(site: Site) -> None:
    hand_over(site.book, ["e00"], "Bruno", site.day, "Maria", "she knows them")
    assert site.entry_of["e00"] in rows_of(site.let_in("Bruno").get().text)
    assert site.entry_of["e00"] not in rows_of(site.let_in("Eleni").get().text)


def test_a_page_has_25_rows_and_is_small(site: Site) -> None:
    browser = site.let_in()
    first, second = browser.get(), browser.get("?page=2")
    assert [len(rows_of(each.text)) for each in (first, second)] == [25, len(ELENIS) - 25]
    assert not {*rows_of(first.text)} & {*rows_of(second.text)}
    assert len(first.content) < 60_000
    for strange in ("?page=99", "?page=-1", "?page=x", "?page=" + "9" * 400, "?tab=nowhere", "?q=%00%ff"):
        assert browser.get(strange).status_code == 200


def test_a_row_says_what_it_takes(site: Site) -> None:
    text = site.let_in().get().text
    row = text.partition(site.entry_of["e00"])[2].partition("</li>")[0]
    for part in ("Name of e00", REASON, "€40.00", "new", "74 days since the last order, usually 31 between two"):
        assert part in row


def test_texts_of_customers_are_shown_as_texts(site: Site) -> None:
    browser = site.let_in()
    for path in ("", f"entries/{site.entry_of['e01']}", "customers/e01"):
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        name = text[text.index("&lt;script&gt;alert") - 10 : text.index("&lt;script&gt;alert")]
        assert "<bdi>" in name or "<title>" in name
    assert NASTY


@pytest.mark.parametrize("search", ["ΓΙΩΡΓΟΣ", "γιωργος παπαδοπουλος", "Παπαδόπουλος"])
def test_a_search_folds_case_and_accents(site: Site, search: str) -> None:
    found = site.let_in().get("", params={"q": search}).text
    assert rows_of(found) == [site.entry_of["e02"]]


def test_a_search_finds_by_number_and_says_when_it_finds_nobody(site: Site) -> None:
    browser = site.let_in()
    assert rows_of(browser.get("?q=e07").text) == [site.entry_of["e07"]]
    nobody = browser.get("?q=b03").text
    assert rows_of(nobody) == []
    assert "Nobody here is found" in nobody


def test_persian_is_folded() -> None:
    assert folded("كريمي ۱۲") == folded("کریمی 12")
    assert folded("می\u200cخرد") == folded("میخرد")
    assert folded("مسئول") == folded("مسيول")


def test_tabs_count_what_came_of_the_rows(site: Site) -> None:
    browser = site.let_in()
    record_outcomes(site.book, [Outcome(site.entry_of["e00"], "saved", site.day, by="Eleni")])
    hold(site.book, ["e01"], "snooze", site.day, site.day + timedelta(3), "Eleni", "on leave")
    with site.book.writing() as connection:
        for customer, days in (("e02", -1), ("e03", 0)):
            due = sa.update(ENTRIES).where(ENTRIES.c.customer_id == customer)
            connection.execute(due.values(due_on=site.day + timedelta(days), change="still"))
    found = counts(browser.get().text)
    assert found == {"open": 30, "today": 1, "overdue": 1, "new": 28, "snoozed": 1, "done": 1}
    assert rows_of(browser.get("?tab=overdue").text) == [site.entry_of["e02"]]
    done = browser.get("?tab=done").text
    assert "saved</span> ·" in done
    assert "Snoozed until" in browser.get("?tab=snoozed").text


def test_a_snooze_that_is_over_is_to_do_again(site: Site) -> None:
    hold(site.book, ["e01"], "snooze", site.day - timedelta(2), site.day, "Eleni", "on leave")
    assert counts(site.let_in().get().text)["snoozed"] == 0


def test_a_posted_order_closes_the_row_by_itself(site: Site) -> None:
    browser, settings = site.let_in(), site.server.need_settings()
    assert counts(browser.get().text)["done"] == 0
    line = {"ordered_at": site.day.isoformat(), "amount": "12.50"}
    early = {"ordered_at": (site.day - timedelta(40)).isoformat(), "amount": "12.50"}
    orders = [PostedOrder("1", "e05", [line]), PostedOrder("2", "e06", [early])]
    record_orders(site.book, orders, reader_of(settings))
    text = browser.get("?tab=done").text
    assert rows_of(text) == [site.entry_of["e05"]]
    assert "closed by itself" in text
    assert "closed by itself" in browser.get(f"entries/{site.entry_of['e05']}").text


def test_an_order_that_a_later_run_saw_closes_it_too(site: Site, make_scores: Any) -> None:
    day = site.day + timedelta(2)
    facts = {"as_of": day, "days_since_order": 1}
    record_scores(site.book, make_scores(("e05", 0.1, "1.00", facts)), currency="EUR", data_digest="later")
    assert rows_of(site.let_in().get("?tab=done").text) == [site.entry_of["e05"]]


def test_looking_is_in_the_audit_once_an_hour(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.let_in()
    for _ in range(3):
        browser.get()
    browser.get(f"entries/{site.entry_of['e00']}")
    seen = [view for _, view in views_of(site.book)]
    assert seen == [
        View("Eleni", "Eleni", "list", site.list_id),
        View("Eleni", "Eleni", "entry", site.list_id, "e00"),
    ]
    later(monkeypatch, "serving.book.visits.views", timedelta(hours=2))
    browser.get()
    assert len(views_of(site.book)) == 3
    assert set(last_looked(site.book)) == {"Eleni"}


def test_who_looked_is_forgotten_after_a_year(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.let_in()
    browser.get()
    browser.get(f"entries/{site.entry_of['e00']}")
    for years, kept in ((timedelta(days=364), 3), (timedelta(days=366), 2)):
        later(monkeypatch, "serving.book.visits.views", years)
        record_view(site.book, View("Eleni", "Eleni", "list", site.list_id))
        assert len(views_of(site.book)) == kept


def test_before_any_list_it_says_what_makes_one(site: Site) -> None:
    with site.book.writing() as connection:
        connection.execute(sa.text("UPDATE lists SET withdrawn_at = '2026-01-01 00:00:00.000000'"))
    assert "regulars list" in site.let_in().get().text

"""The pages in three languages: chosen, accepted by the browser, or the shop's; names and texts set apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serving.pages.languages import LANGUAGE_COOKIE
from tests.serving.pages.conftest import Site


def test_the_own_choice_then_the_browsers_then_the_shops(site: Site) -> None:
    browser = site.let_in()
    settings = site.server.need_settings()
    site.server.settings = replace(settings, shop=replace(settings.shop, language="el"))
    assert '<html lang="el-GR" dir="ltr">' in browser.get().text
    assert '<html lang="fa-IR" dir="rtl">' in browser.get(headers={"Accept-Language": "de, fa;q=0.7"}).text
    chosen = browser.post("language", language="en", back="desk/rows")
    assert chosen.headers["location"] == "/pages/desk/rows"
    assert '<html lang="en" dir="ltr">' in browser.get(headers={"Accept-Language": "fa"}).text


def test_a_language_that_is_none_changes_nothing(site: Site) -> None:
    browser = site.let_in()
    assert browser.post("language", language="xx").status_code == 303
    assert LANGUAGE_COOKIE not in browser.cookies


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("fa", ("فهرست من", "گذشته از موعد", "۷۴ روز است سفارش نداده", "شروع گفت‌وگو", "درخواست پشتیبانی داده")),
        ("el", ("Η λίστα μου", "Εκπρόθεσμα", "Έχει να παραγγείλει 74 ημέρες", "Πώς ξεκινάμε", "Ζήτησε βοήθεια")),
    ],
)
def test_a_page_speaks_one_language(site: Site, code: str, told: tuple[str, ...]) -> None:
    browser = site.let_in(None, "Maria")
    browser.cookies.set(LANGUAGE_COOKIE, code, domain="127.0.0.1")
    pages = ("", f"entries/{site.entry_of['e00']}", "customers/e00", "desk", "desk/rows?owner=Eleni", "entries/x")
    text = " ".join(browser.get(page).text for page in pages)
    for part in told:
        assert part in text, part
    for english in ("Whom to contact", "Undo", "Overdue", "Hand over", "Note", "There is no such page"):
        assert english not in text
    assert "<bdi>Γιώργος Παπαδόπουλος</bdi>" in text

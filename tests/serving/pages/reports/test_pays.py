"""Does it pay: the effect as the command tells it, months with S, E and N, cohorts, and what retention is worth."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from serving.api.figures import FOUR_GROUPS, ONE_OF_EACH, OVERALL, UPLIFT
from serving.commands.lists.effect import EffectAnswer
from serving.commands.lists.kpis import shop_kpis
from serving.pages.languages import LANGUAGE_COOKIE
from serving.pages.reports import figures
from serving.pages.reports.figures import Saved
from tests.serving.conftest import in_shop
from tests.serving.pages.conftest import Browser, Site
from tests.serving.pages.reports.test_right import plain


def answer(**other: object) -> EffectAnswer:
    """Return an effect that is beyond chance."""
    facts = {
        "until": "2026-03-01", "leaked_contacts": 3, "merged_accounts": 0, "uplift": UPLIFT, "currency": "EUR",
        "first_on": "2025-10-06", "last_on": "2025-10-27", "overall": OVERALL,
        "groups": {group: [{**OVERALL, "name": name}] for group, name in ONE_OF_EACH}, "four_groups": FOUR_GROUPS,
        "methods": {}, "without_chance": 0, "programme": None,
        "sample_ratio": {"is_sound": True, "accounts": 10_222, "holdout": 1_022, "expected": 1_022.2, "mismatches": []},
        "later_episodes": 0, "more_weeks_found": 0, "more_weeks_planned": None, "warnings": [],
    }  # fmt: skip
    return msgspec.convert(facts | other, EffectAnswer)


@pytest.fixture
def saving(site: Site, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser of who sees everything, in a shop whose effect is as it is told to be."""
    monkeypatch.setattr(figures, "_saved", lambda shop: Saved(answer(), None, None))
    return site.let_in(None, "Maria")


def test_too_few_is_told_with_what_it_takes(admin: Browser) -> None:
    text = plain(admin.get("pays").text)
    assert "Too few to say yet." in text
    assert "It takes 30 of each, of them 5 who stayed and 5 who did not." in text
    assert "to see 15% of those who would leave being saved" in text
    assert "Nobody is held out" not in text


def test_an_effect_with_its_interval(saving: Browser) -> None:
    text = plain(saving.get("pays").text)
    assert "Contacting keeps customers: about 543 who would have gone." in text
    assert "Of 9,200 who were to be contacted 66% stayed; of 1,022 alike whom nobody contacted 61%." in text
    assert "That is +5.9 points, in truth most likely between +2.6 and +9.2." in text
    assert "another interval: between +0.6 and +11 points. It is right however often one looks." in text
    assert "about €28,520.00, most likely between €9,660.00 and €47,380.00" in text
    assert "3 contacts were with people who are held out" in text
    assert "It is known: the effect found is large enough to be seen." in text
    assert "Ask for a second order" not in text or "second-order" not in text  # a playbook by its title, not its id


def test_an_unsound_comparison_shows_no_figure(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {"is_sound": False, "accounts": 9_711, "holdout": 511, "expected": 971.1, "mismatches": ["all: …"]}
    monkeypatch.setattr(figures, "_saved", lambda shop: Saved(answer(sample_ratio=lost), None, None))
    text = plain(site.let_in(None, "Maria").get("pays").text)
    assert "No figure: who is compared is not who was drawn." in text
    assert "Of 9,711 compared accounts 511 are held out; the lot drew about 971." in text
    assert "Contacting keeps customers" not in text


def test_in_a_shop_that_holds_nobody_out_nothing_will_be_known(site: Site) -> None:
    assert site.server.settings is not None
    policy = replace(site.server.settings.list, holdout_share=0.0)
    site.server.settings = replace(site.server.settings, list=policy)
    text = plain(site.let_in(None, "Maria").get("pays").text)
    assert "Nobody is held out" in text
    assert "holdout_share = 0.1" in text
    assert "Not known yet: no list has ended." in text
    assert "What comes of the list of" in text


def test_months_with_their_counts(running: Site, admin: Browser) -> None:
    told = in_shop(running.server.need_settings(), shop_kpis).answer.periods
    text = admin.get("pays").text
    month = next(each for each in reversed(told) if each.finished)
    row = text.partition(f'<th scope="row">{month.first_on:%B %Y}</th>')[2].partition("</tr>")[0]
    counts = [month.active_at_start, month.active_at_end, month.joined, month.lost]
    cells = re.findall(r'class="number">(?:<b>)?([\d.%–]+)', row)
    assert cells == [f"{month.retention_percent:.1f}%", *map(str, counts), f"{month.churn_percent:.1f}%"]


def test_cohorts_and_what_retention_is_worth(running: Site, admin: Browser) -> None:
    found = in_shop(running.server.need_settings(), shop_kpis).answer
    assert found.year is not None
    page = admin.get("pays").text
    text, cohort = plain(page), found.cohorts[-6]
    row = page.partition("ordered so many months later")[2]
    shown = [re.findall(r'class="cell heat-\d+">(\d+%)<', each) for each in row.split("<tr>")]
    assert [f"{share:.0%}" for share in cohort.shares if share is not None] in shown
    assert f"{found.year.five_points_more_percent:.0f}% more of what a customer spends from now on." in text
    assert f"€{found.year.lifetime_spend:,}" in text
    assert "in 7 years" in text


def test_persian_reads_months_of_its_own_calendar(running: Site, admin: Browser) -> None:
    admin.cookies.set(LANGUAGE_COOKIE, "fa", domain="127.0.0.1")
    text = admin.get("pays").text
    months = re.findall(r'<th scope="row">(فروردین|اردیبهشت) (۱۴۰[۰-۹])', text)
    assert months
    assert not re.search(r">[^<]*(January|فوریه|Stayed)[^<]*<", text)
    by_days = in_shop(running.server.need_settings(), shop_kpis, calendar="jalali").answer.periods
    assert date(2023, 3, 21) in [each.first_on for each in by_days]  # Nowruz of 1402


def test_greek(admin: Browser) -> None:
    admin.cookies.set(LANGUAGE_COOKIE, "el", domain="127.0.0.1")
    text = plain(admin.get("pays").text)
    for part in ("Συμφέρει;", "Ποσοστό διατήρησης", "Επτά χρόνια", "Είναι ακόμη λίγοι"):
        assert part in text
    assert "Retention" not in text


def test_while_figures_are_counted_the_page_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.let_in(None, "Maria")
    monkeypatch.setattr(figures, "WAIT_SECONDS", 0.0)
    found = browser.get("pays")
    assert found.status_code == 202
    assert "The figures are being counted" in found.text
    monkeypatch.undo()
    assert browser.get("pays").status_code == 200


def test_orders_that_cannot_be_used_are_no_traceback(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = site.server.need_settings()
    broken = settings.folder / "orders.csv"
    broken.write_text("nothing,of,that\n1,2,3\n", encoding="utf-8")
    changed = replace(settings, orders=replace(settings.orders, file=broken))
    site.server.settings = changed
    site.server._use_book(site.book, changed)
    found = site.let_in(None, "Maria").get("pays")
    assert found.status_code == 503
    assert "Traceback" not in found.text

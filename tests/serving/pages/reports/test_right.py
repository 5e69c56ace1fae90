"""How right are we: counts by hand, what is not known yet and from when on, the model, and who may look."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from serving.book.visits.views import views_of
from serving.pages.languages import LANGUAGE_COOKIE
from serving.pages.reports.right import _model
from tests.serving.conftest import SmallShop, in_book
from tests.serving.pages.conftest import Browser, Site
from tests.serving.pages.reports.conftest import FIRST, LAST_ENDED, NOT_ENDED, OVERLAPPING

HORIZON = timedelta(days=30)


def plain(text: str) -> str:
    """Return what a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


def stayed_away(folder: Path, shop: SmallShop, day: date) -> tuple[int, int, int, int]:
    """Return who was scored and who was on the list as likely to leave, and how many of each ordered nothing."""
    bought = shop.orders[~shop.orders["returned"].astype(str).str.lower().eq("true")]
    days = (pd.to_datetime(bought["ordered_at"]) - pd.Timedelta(hours=4)).dt.date
    came = set(bought["customer_id"][[day <= each < day + HORIZON for each in days]])
    run = f"SELECT run_id FROM lists WHERE as_of = '{day}'"
    scored = {who for (who,) in in_book(folder, f"SELECT customer_id FROM scores WHERE run_id = ({run})")}
    on = f"SELECT customer_id FROM entries JOIN lists ON id = list_id WHERE as_of = '{day}'"
    listed = {who for (who,) in in_book(folder, f"{on} AND kind IN ('regular', 'new', 'winback')")} & scored
    return len(scored), len(scored - came), len(listed), len(listed - came)


def test_the_last_list_that_has_ended(made: Path, shop: SmallShop, admin: Browser) -> None:
    scored, away, listed, listed_away = stayed_away(made, shop, LAST_ENDED)
    text = plain(admin.get("right").text)
    assert listed > 5
    assert f"Of {listed} people on the list of 6 February 2023 {listed_away / listed:.0%} stayed away." in text
    assert f"Of all {scored} customers {away / scored:.0%} ordered nothing until 7 March 2023" in text


def test_every_list_that_has_ended_and_none_that_has_not(made: Path, shop: SmallShop, admin: Browser) -> None:
    text = admin.get("right").text
    rows = re.findall(r'<th scope="row">(\d{4}-\d\d-\d\d)</th>.*?<td class="number">(\d+)</td>', text)
    assert [day for day, _ in rows] == ["2023-02-06", "2022-12-12", "2022-12-05"]
    assert [int(listed) for _, listed in rows][-1] == stayed_away(made, shop, FIRST)[2]
    expected = r"Of \d+ people on it about \d+ are expected to stay away, most likely between \d+ and \d+\."
    assert re.search(expected, plain(text))
    known = f"{NOT_ENDED + HORIZON:%-d %B %Y}"
    assert f"What comes of the list of 1 May 2023 is known from {known} on" in plain(text)


def test_customers_count_in_bands_of_lists_that_share_no_day(made: Path, shop: SmallShop, admin: Browser) -> None:
    text = admin.get("right").text.partition('id="in-use"')[2].partition("</section>")[0]
    counts = [int(each) for each in re.findall(r'class="number count">(\d+)</td>', text)]
    assert "on 2 lists" in plain(text)
    assert sum(counts) == sum(stayed_away(made, shop, day)[0] for day in (OVERLAPPING, LAST_ENDED))


def test_the_model_that_serves(admin: Browser) -> None:
    text = plain(admin.get("right").text)
    assert "The model that serves" in text
    assert "Version1 logistic" in text
    assert "Stayed away means no order for30 days" in text
    assert "Not judged yet" in text  # the model of this shop was not backtested


def test_a_model_that_was_trained_after_the_shops_own_day_does_not_say_since_when_it_serves() -> None:
    """A log of the past has a day of its own; "serves since today" beside a list of years ago tells nothing."""
    bundle = SimpleNamespace(is_rule=False, candidate="trees", trained_until=LAST_ENDED, quality={})
    bundle.definition = SimpleNamespace(horizon_days=30)
    champion: Any = SimpleNamespace(bundle=bundle, version="1", source="registry")
    found: Any = SimpleNamespace(serves_since=date(2026, 11, 30))
    assert _model(champion, found, date(2017, 12, 18))["since"] is None
    assert _model(champion, found, date(2026, 11, 30))["since"] == date(2026, 11, 30)


def test_a_manager_sees_none_of_it(running: Site) -> None:
    manager = running.let_in()
    for path in ("right", "pays"):
        found = manager.get(path)
        assert found.status_code == 404
        assert "€" not in found.text
        assert f"/pages/{path}" not in manager.get().text


def test_looking_is_recorded(running: Site, admin: Browser) -> None:
    admin.get("right")
    admin.get("pays")
    assert {("Maria", "right"), ("Maria", "pays")} <= {(view.who, view.what) for _, view in views_of(running.book)}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("fa", ("پیش‌بینی‌ها چقدر درست بود؟", "فهرست ۱۷ بهمن ۱۴۰۱", "مدل در حال استفاده", "بازهٔ اطمینان")),
        ("el", ("Πόσο σωστά προβλέψαμε;", "6 Φεβρουαρίου 2023", "Το μοντέλο σε χρήση", "Διάστημα εμπιστοσύνης")),
    ],
)
def test_in_other_languages(admin: Browser, code: str, told: tuple[str, ...]) -> None:
    admin.cookies.set(LANGUAGE_COOKIE, code, domain="127.0.0.1")
    text = plain(admin.get("right").text)
    for part in told:
        assert part in text, part
    for english in ("stayed away", "Stayed away", "list of", "The model", "Version"):
        assert english not in text


def test_what_the_last_watch_found(running: Site, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "regulars watch" in admin.get("right").text
    found = [
        {"kind": "feature", "subject": "spend_90d", "words": "x", "to_do": "y"},
        {"kind": "level", "subject": "", "words": "told by the orders of today", "to_do": "y"},
    ]
    document: dict[str, object] = {"as_of": "2023-05-08", "alarms": found}
    monkeypatch.setattr(running.server, "last_watch", lambda: document)
    text = plain(admin.get("right").text)
    assert "The last watch, of 8 May 2023, found:spend_90d has moved further than is usual here" in text.replace(
        ": ", ":"
    )
    assert "told by the orders" not in text
    document["alarms"] = []
    assert "found nothing else beyond what is usual here" in plain(admin.get("right").text)

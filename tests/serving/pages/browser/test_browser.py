"""The pages in a real browser: one server, one browser, one shop; skipped where no Chromium is installed.

`axe.min.js` is axe-core 4.14.1 of npm (MPL-2.0), which finds what people with assistive technology would trip over.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from serving.api.loaded_model import Champion
from serving.book.outcomes import Outcome, record_outcomes
from serving.book.runs import record_scores
from serving.book.visits.links import create_link
from serving.scorer import score
from tests.loopback import served_on_a_port
from tests.serving.conftest import SmallShop
from tests.serving.pages.conftest import Site
from tests.serving.pages.reports.conftest import LAST_ENDED, known_on, publish
from tests.serving.pages.test_sheets import filled

AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
PHONE, NARROW, DESK = {"width": 390, "height": 844}, {"width": 320, "height": 640}, {"width": 1280, "height": 900}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """The address of the pages, served on a port of this machine as to strangers: nobody comes in without a link."""
    with served_on_a_port(site.app) as url:
        yield f"{url}/pages/"


Open = Callable[..., Any]


@pytest.fixture
def open_(site: Site, address: str, chromium: Any) -> Iterator[Open]:
    """Open the pages by a new link; no error may be in the console at the end, and axe finds nothing serious."""
    contexts, errors = [], list[str]()

    def opening(owner: str | None = "Eleni", name: str = "Eleni", **context: Any) -> Any:
        made = chromium.new_context(**{"viewport": DESK, **context})
        contexts.append(made)
        page = made.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        _, secret, _ = create_link(site.book, name, owner)
        page.goto(f"{address}enter/{secret}")
        page.get_by_role("button", name="Open my list").click()
        page.wait_for_url(address)
        return page

    yield opening
    for each in contexts:
        each.close()
    # A conflict and a wrong sheet are answers of their own, and the browser writes every 4xx to the console.
    assert [each for each in errors if "409" not in each and "422" not in each] == []


def serious(page: Any) -> list[str]:
    """Return what axe finds that is serious, by rule and element."""
    page.evaluate(AXE)  # not by a script element: the policy of the page forbids it
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = (each for each in found["violations"] if each["impact"] in ("serious", "critical"))
    return [f"{each['id']}: {node['html'][:80]}" for each in bad for node in each["nodes"]]


def test_a_link_a_mark_and_its_undo(site: Site, open_: Open) -> None:
    page = open_()
    page.get_by_role("link", name="Name of e00").click()
    page.get_by_label("Note").fill("she will order on Monday")
    page.get_by_role("button", name="Saved", exact=False).first.click()
    page.get_by_text("Saved ·").wait_for()
    assert page.get_by_role("link", name="To do").inner_text().split()[-1] == "31"
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Name of e00").wait_for()
    assert page.get_by_role("button", name="Undo").count() == 0


def test_of_two_people_the_second_is_told(site: Site, open_: Open) -> None:
    page = open_(name="Niki")
    page.get_by_role("link", name="Name of e00").click()
    record_outcomes(site.book, [Outcome(site.entry_of["e00"], "reached", site.day, by="Eleni")])
    page.get_by_label("Note").fill("nobody answered")
    page.get_by_role("button", name="Contacted").click()
    page.get_by_role("heading", name="Somebody was faster").wait_for()
    assert page.get_by_label("Note").input_value() == "nobody answered"
    assert serious(page) == []
    page.get_by_role("button", name="Record mine as well").click()
    page.get_by_text("Contacted ·").wait_for()


def test_a_snooze_by_the_form(site: Site, open_: Open) -> None:
    page = open_()
    page.get_by_role("link", name="Name of e00").click()
    page.get_by_role("button", name="Snooze").click()
    page.get_by_text("Snoozed until").wait_for()
    page.get_by_role("link", name="Snoozed").click()
    assert page.locator("a.open").count() == 1


def test_by_the_keyboard_alone(site: Site, open_: Open) -> None:
    page = open_()
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("e07")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=e07*")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Name of e07").wait_for()
    page.keyboard.press("2")
    page.get_by_text("Reached ·").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    name = page.evaluate("document.activeElement.querySelector('.who').textContent")
    page.keyboard.press("5")
    page.get_by_text("Wrong alarm ·").wait_for()
    assert name in page.locator("form.done").inner_text()


def test_without_a_script(site: Site, open_: Open) -> None:
    page = open_(java_script_enabled=False)
    page.get_by_role("searchbox").fill("e09")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Name of e09").click()
    page.get_by_role("button", name="Already known").click()
    page.get_by_text("Already known ·").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Name of e09").wait_for()


@pytest.mark.parametrize(
    ("language", "reached", "undo"),
    [("fa", "پاسخ داد", "واگرد"), ("el", "απάντησε", "Αναίρεση")],
    ids=["Persian", "Greek"],
)
def test_a_mark_and_its_undo_without_a_script_in(
    site: Site, open_: Open, language: str, reached: str, undo: str
) -> None:
    page = open_(java_script_enabled=False)
    page.locator(f"button[name=language][value={language}]").click()
    page.get_by_role("link", name="Name of e00").click()
    page.get_by_role("button").filter(has=page.locator("span.cap", has_text=re.compile(f"^{reached}$"))).click()
    assert reached in page.get_by_role("status").inner_text().casefold()
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "fa" else "ltr")
    page.get_by_role("button", name=undo).click()
    page.get_by_role("heading", name="Name of e00").wait_for()
    assert page.get_by_role("button", name=undo).count() == 0


def test_a_hand_over_of_one_row(site: Site, open_: Open, address: str) -> None:
    page = open_(None, "Maria")
    page.get_by_role("link", name="All owners").click()
    page.get_by_role("link", name="Eleni").click()
    page.get_by_label("Name of e00").check()
    page.get_by_label("To", exact=True).fill("Bruno")
    page.get_by_label("Reason").fill("on leave")
    page.get_by_role("button", name="Hand over the chosen rows").click()
    assert "Handed over" in page.get_by_role("status").inner_text()
    page.goto(f"{address}?owner=Bruno")
    assert page.get_by_role("link", name="Name of e00").count() == 1
    assert "7" in page.get_by_role("link", name="To do").inner_text()


def test_a_filter_by_owner(site: Site, open_: Open) -> None:
    page = open_(None, "Maria")
    page.locator("select[name=owner]").select_option("Bruno")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**owner=Bruno*")
    names = page.locator(".open .who").all_inner_texts()
    assert names == [f"Name of b{n:02d}" for n in range(6)]
    page.get_by_role("link", name="Due today").click()
    assert "owner=Bruno" in page.url, "a tab keeps the filter"


def test_on_paper_stand_the_rows_alone(site: Site, open_: Open) -> None:
    """Navigation and forms do nothing on paper; what an account manager reads aloud stands there."""
    page = open_()
    seen, hidden = (".open .who", ".open .why"), ("header.top", "nav.tabs", "form.search", "footer.foot", ".sheet")
    assert all(page.locator(each).first.is_visible() for each in (*seen, *hidden))
    page.emulate_media(media="print")
    assert [each for each in seen if not page.locator(each).first.is_visible()] == []
    assert [each for each in hidden if page.locator(each).first.is_visible()] == []
    page.get_by_role("link", name="Name of e00").dispatch_event("click")
    page.locator("blockquote").wait_for()
    assert page.get_by_role("button").count() == 0, "what is pressed is not printed"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_on_a_phone_and_on_a_desk(site: Site, open_: Open, address: str, scheme: str) -> None:
    page = open_(None, "Maria", color_scheme=scheme)
    for path in (
        "",
        f"entries/{site.entry_of['e00']}",
        "customers/e00",
        "desk",
        "desk/rows?owner=Bruno",
        "upload?new=1",
    ):
        page.goto(address + path)
        for size in (NARROW, PHONE, DESK):
            page.set_viewport_size(size)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], (path, size)
        assert serious(page) == [], path


@pytest.mark.parametrize(("scheme", "codes"), [("light", ("en", "fa", "el")), ("dark", ("fa",))])
def test_where_a_silence_leads_in_every_language(
    site: Site, shop: SmallShop, open_: Open, address: str, scheme: str, codes: tuple[str, ...]
) -> None:
    """The pictures of a scored customer fit a narrow phone and read well in light and dark, from both sides."""
    assert site.server.champions is not None
    site.server.champions.now = Champion(shop.bundles["logistic"], "7")
    scores = score(shop.log, shop.bundles["logistic"], "7", shop.as_of)
    record_scores(site.book, scores, currency="EUR", data_digest=shop.log.digest())
    page = open_(None, "Maria", color_scheme=scheme)
    heading = {"en": "Where the silence leads", "fa": "اگر سفارش ندهد", "el": "Αν συνεχίσει"}
    for code in codes:
        page.context.add_cookies([{"name": "regulars_language", "value": code, "url": address}])
        page.goto(f"{address}customers/{scores['customer_id'].iloc[3]}")
        page.get_by_role("heading", name=heading[code]).wait_for()
        for size in (NARROW, DESK):
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], (code, size)
        assert serious(page) == [], code
        assert page.locator("td.here").count() == 1


@pytest.mark.parametrize("code", ["en", "fa", "el"])
def test_the_names_of_the_pages_stand_on_one_line_of_a_phone(open_: Open, address: str, code: str) -> None:
    """The last one is reached by scrolling that line."""
    page = open_(None, "Maria", viewport=PHONE)
    page.context.add_cookies([{"name": "regulars_language", "value": code, "url": address}])
    page.goto(address)
    tops = page.locator("nav.sections a").evaluate_all("links => links.map(each => Math.round(each.offsetTop))")
    assert len(tops) == 4
    assert len(set(tops)) == 1
    last = page.locator("nav.sections a").last
    last.evaluate("each => each.scrollIntoView({inline: 'nearest'})")
    seen = last.evaluate("each => each.getBoundingClientRect()")
    assert seen["left"] >= -1
    assert seen["right"] <= PHONE["width"] + 1


def test_logging_out(site: Site, open_: Open, address: str) -> None:
    page = open_()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="You are logged out").wait_for()
    assert page.request.get(address).status == 401


def test_a_sheet_goes_out_and_comes_back_in_persian_without_a_script(site: Site, open_: Open, tmp_path: Path) -> None:
    """A wrong word is named in Persian; mended, the row is done."""
    page = open_(java_script_enabled=False)
    page.get_by_role("button", name="فارسی").click()
    page.get_by_text("به‌صورت فایل اکسل").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="دریافت همین موارد").click()
    for word in ("شاید", "حفظ شد"):
        content = filled(load_workbook(BytesIO(taken.value.path().read_bytes())), {"e00": {"outcome": word}})
        (tmp_path / "list.xlsx").write_bytes(content)
        page.set_input_files("input[type=file]", tmp_path / "list.xlsx")
        page.get_by_role("button", name="ثبت نتیجه‌ها").click()
        if word == "شاید":
            alert = page.get_by_role("alert")
            assert "چیزی ثبت نشد" in alert.inner_text()
            assert "«\u2068شاید\u2069»" in alert.inner_text() or "«شاید»" in alert.inner_text()
    assert "۱ نتیجه ثبت شد" in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="به فهرست من").click()
    page.get_by_role("link", name="انجام‌شده").click()
    assert page.get_by_role("link", name="Name of e00").count() == 1


@pytest.mark.parametrize(
    ("path", "language", "head"),
    [("right", "fa", "پیش‌بینی‌ها چقدر درست بود؟"), ("pays", "el", "Συμφέρει;")],
    ids=["right", "pays"],
)
def test_a_report_in_every_width_light_and_dark(
    site: Site, shop: SmallShop, open_: Open, address: str, path: str, language: str, head: str
) -> None:
    publish(site.book, known_on(shop.log, LAST_ENDED), LAST_ENDED)
    page = open_(None, "Maria")
    page.locator(f"button[name=language][value={language}]").click()
    page.wait_for_selector(f"html[lang^={language}]")
    page.goto(address + path)
    page.get_by_role("heading", name=head, exact=True).wait_for()
    for size in (NARROW, PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], (path, size)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == [], scheme
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()

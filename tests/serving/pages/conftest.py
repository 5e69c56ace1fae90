"""A shop of two owners with a list, the application with its pages, and browsers that keep their cookies."""

from __future__ import annotations

import asyncio
import functools
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from starlette.applications import Starlette

from features.language import Days, Every, Message
from features.language.messages import Sentence
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.book.inbox.backgrounds import Background, OrderDay, keep_backgrounds
from serving.book.runs import record_scores
from serving.book.visits.links import create_link
from serving.config import PagesSettings
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.pages.app import page_routes
from serving.shop import today
from serving.webhooks.outbox import publish_and_enqueue
from serving.worker_environment import HOST_VARIABLE

NASTY = '<script>alert(1)</script>\u202eevil & "Sons"'
ELENIS, BRUNOS = tuple(f"e{n:02d}" for n in range(32)), tuple(f"b{n:02d}" for n in range(6))
PHONE, MAIL = "694 123 4567", "ann@mailbox.gr"
LATE = Message("no order for {days_since_order}, usually {rhythm}", {"days_since_order": Days(74), "rhythm": Every(31)})
REASON = "no order for 74 days, usually every 31 days"
CUSTOMERS = "customers.csv"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
VERSION = re.compile(r'name="version" value="([0-9a-f]+)"')


@dataclass
class Browser:
    """A browser: it keeps cookies, follows no redirect, and sends forms as the page gave them."""

    app: Starlette
    host: str = "127.0.0.1:3000"
    peer: str = "203.0.113.9"
    sent: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send one request."""

        async def send(request: dict[str, Any] = request) -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.peer, 5000))
            base = f"http://{self.host}"
            async with httpx.AsyncClient(transport=transport, base_url=base, cookies=self.cookies) as client:
                given = request.pop("headers", {})
                headers = given if isinstance(given, list) else {**(self.sent or {}), **given}
                if request.get("data") == {}:  # httpx leaves out what a browser says of an empty form
                    request, headers = {"content": b""}, {**headers, **FORM}
                found = await client.request(method, f"/pages/{path}", headers=headers, **request)
                self.cookies = client.cookies
                return found

        return asyncio.run(send())

    def get(self, path: str = "", **request: Any) -> httpx.Response:
        """Look at a page."""
        return self.ask("GET", path, **request)

    def post(self, path: str, page: str = "", **fields: str) -> httpx.Response:
        """Send a form with the tokens of a page."""
        found = self.get(page).text
        given = {"form_token": TOKEN, "version": VERSION}
        tokens = {name: match[1] for name, form in given.items() if (match := form.search(found))}
        return self.ask("POST", path, data={**tokens, **fields})


@dataclass
class Site:
    """A shop with a list, and its application."""

    server: ServerState
    book: Book
    app: Starlette
    list_id: int
    entry_of: dict[str, str]
    day: date

    def browser(self, **other: Any) -> Browser:
        """Return a browser that nobody has let in."""
        return Browser(self.app, **other)

    def let_in(self, owner: str | None = "Eleni", name: str | None = None) -> Browser:
        """Return a browser with a session."""
        browser = self.browser()
        _, secret, _ = create_link(self.book, name or owner or "Maria", owner)
        assert browser.ask("POST", f"enter/{secret}", data={}).status_code == 303
        return browser

    def with_pages(self, **settings: Any) -> None:
        """Set [pages] of the shop."""
        assert self.server.settings is not None
        self.server.settings = replace(self.server.settings, pages=PagesSettings(**settings))


def _entry(customer_id: str, n: int, day: date) -> Any:
    facts = {
        "as_of": day,
        "days_since_order": 74,
        "reasons": [Sentence.of(LATE)],
        "protective": ["ordered for 3 years"],
    }
    return (customer_id, 0.9 - 0.01 * n, f"{40 - n}.00", facts)


@dataclass(frozen=True)
class Listed:
    """A folder with the customers file and the book of a shop that has made its list, and what that list is."""

    folder: Path
    list_id: int
    entry_of: dict[str, str]


@pytest.fixture(scope="session")
def listed_on(make_scores: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[date], Listed]:
    """Make the list of a day, of two owners; a page of it is full. Each test copies it: a plan takes longer."""
    return functools.cache(lambda day: _list(tmp_path_factory.mktemp("listed"), day, make_scores))


def _list(folder: Path, day: date, make_scores: Any) -> Listed:
    people = _people()
    people.to_csv(folder / CUSTOMERS, index=False)
    scores = make_scores(*(_entry(each, n, day) for n, each in enumerate(people["customer_id"])))
    frame = people.drop(columns=["phone", "mail"]).assign(segment=None, consent=None)
    made = plan(scores, frame, currency="EUR", policy=Policy(holdout_share=0.0))
    made = made.with_groups(lambda each: each.assign(opening="Hello, how are you?"))
    orders = tuple(OrderDay(day - timedelta(74 + 31 * n), 1250, 1) for n in reversed(range(4)))
    known = Background(orders, (("tea", 4),), tickets=(day - timedelta(3),))
    with closing(Book(folder)) as book:
        published = publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
        with book.writing() as connection:
            keep_backgrounds(connection, published.list_id, {"e00": known})
    everyone = published.outreach.everyone
    return Listed(folder, published.list_id, dict(zip(everyone["customer_id"], everyone["entry_id"], strict=True)))


def _people() -> pd.DataFrame:
    people = pd.DataFrame({"customer_id": [*ELENIS, *BRUNOS]})
    people["owner"] = ["Eleni" if each in ELENIS else "Bruno" for each in people["customer_id"]]
    people["name"] = [f"Name of {each}" for each in people["customer_id"]]
    people.loc[1, "name"], people.loc[2, "name"] = NASTY, "Γιώργος Παπαδόπουλος"
    people["phone"] = [PHONE if each == "e00" else None for each in people["customer_id"]]
    people["mail"] = people["customer_id"].map({"e00": MAIL, "e01": "not an address@"})
    return people


@pytest.fixture
def site(shop: Any, tmp_path: Path, listed_on: Callable[[date], Listed]) -> Iterator[Site]:
    """The list of today, of two owners; a page of it is full."""
    columns = {name: name for name in ("customer_id", "owner", "name", "phone", "mail")}
    customers = replace(shop.settings.customers, file=tmp_path / CUSTOMERS, columns=columns)
    settings = replace(shop.settings, folder=tmp_path, customers=customers)
    day = today(settings)
    listed = listed_on(day)
    shutil.copytree(listed.folder, tmp_path, dirs_exist_ok=True)
    server = ServerState(settings, Book(tmp_path))
    app = create_app(server, pages=page_routes(server))
    yield Site(server, server.book, app, listed.list_id, dict(listed.entry_of), day)
    server.close()


@pytest.fixture
def listens_here(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Say on which host the server listens."""
    return lambda host: monkeypatch.setenv(HOST_VARIABLE, host)


def rows_of(text: str) -> list[str]:
    """Return the ids of the entries whose rows a list shows, in order."""
    return re.findall(r'class="open" href="/pages/entries/([0-9a-z-]+)', text)


def later(monkeypatch: pytest.MonkeyPatch, module: str, by: timedelta) -> None:
    """Let a module of the book see a later moment."""
    from serving.book.sql_rows import utc_now

    moment: Callable[[], datetime] = utc_now
    monkeypatch.setattr(f"{module}.utc_now", lambda: moment() + by)

"""A shop in which one customer stands wherever a customer can stand, under texts that are nobody else's."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from serving.book import Contact, Outcome, record_contacts, record_outcomes
from serving.book.posted import PostedEvent, PostedOrder, record_events, record_orders
from serving.book.schema import ENTRIES, WEBHOOKS
from serving.book.visits.views import View, record_view
from serving.config import load_settings
from serving.shop import OpenShop, reader_of
from tests.once import once
from tests.serving.conftest import MONDAY, Call, ask_for, in_book, list_of

WHO, NAME, PHONE, MAIL = "zq-person-7", "Ypatia Zorba", "+30 697 1234567", "ypatia.zorba@mail.example"
TEXTS = (WHO, NAME, PHONE, MAIL)
ADDRESSES = '[list.addresses]\nAnna = "anna@shop.example"\nBruno = "bruno@shop.example"\nChloe = "chloe@shop.example"\n'


class Told(NamedTuple):
    """The folder of the shop, and the id of the customer's entry."""

    folder: Path
    entry_id: str


def rename(folder: Path, customer_id: str) -> None:
    """Give a customer an id, a name, a phone and a mail address that stand nowhere else."""
    for file in ("orders.csv", "events.csv"):
        rows = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(rows.replace(f"{customer_id},", f"{WHO},"), encoding="utf-8")
    with (folder / "customers.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    for row in rows:
        mine = row["customer_id"] == customer_id
        row |= {"customer_id": WHO, "name": NAME} if mine else {}
        row |= {"phone": PHONE, "mail": MAIL} if mine else {"phone": "", "mail": ""}
    with (folder / "customers.csv").open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    toml = folder / "regulars.toml"
    text_of = toml.read_text(encoding="utf-8").replace(
        'owner = "owner"\n', 'owner = "owner"\nphone = "phone"\nmail = "mail"\n'
    )
    toml.write_text(text_of + ADDRESSES, encoding="utf-8")


def tell(folder: Path) -> str:
    """Record of the customer whatever can be recorded, and return the id of the entry."""
    with OpenShop(load_settings(folder / "regulars.toml")) as shop:
        book, reader = shop.book, reader_of(shop.settings)
        with book.reading() as connection:
            entry = connection.scalar(sa.select(ENTRIES.c.entry_id).where(ENTRIES.c.customer_id == WHO))
        assert entry
        record_contacts(book, [Contact(WHO, MONDAY, "call", 200, "Ann", f"spoke to {NAME}", entry)])
        record_outcomes(
            book, [Outcome(entry, "wrong_alarm", MONDAY + timedelta(1), None, None, "Ann", f"{NAME} travels")]
        )
        line = {"ordered_at": "2022-12-20", "amount": "12.50"}
        record_orders(book, [PostedOrder("p-1", WHO, [line])], reader)
        record_orders(book, [PostedOrder("p-1", WHO, [line, {**line, "product_id": f"engraved {NAME}"}])], reader)
        record_events(book, [PostedEvent("e-1", WHO, "visit", "2022-12-20")], reader)
        record_view(book, View("Ann", None, "customer", None, WHO))
        return str(entry)


def make_told(registered: Path, listed: Path, folder: Path) -> None:
    """Write the shop."""
    shutil.copytree(registered, folder, dirs_exist_ok=True)
    ((customer_id,),) = in_book(
        listed, "SELECT customer_id FROM entries WHERE kind = 'regular' AND position = 2 LIMIT 1"
    )
    rename(folder, customer_id)
    ask_for(folder, "holdout_share = 0.0")
    with OpenShop(load_settings(folder / "regulars.toml")) as shop, shop.book.writing() as connection:
        facts = {"id": "w1", "url": "https://example.com", "secret": "s", "allow_private": False}
        events = json.dumps(["customer.entered", "customer.left", "list.published"])
        connection.execute(sa.insert(WEBHOOKS).values({**facts, "events": events, "created_at": sa.func.now()}))
    list_of(folder, MONDAY, "csv", "xlsx", "html", "json", "eml")
    tell(folder)


@pytest.fixture(scope="session")
def told_shop(registered: Path, listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that was told of the customer in every way."""
    return once(tmp_path_factory, "told", lambda folder: make_told(registered, listed, folder))


@pytest.fixture
def told(told_shop: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(told_shop, tmp_path / "told"))


@pytest.fixture
def command(told: Path, call: Call) -> Callable[..., tuple[int, str, str]]:
    """Call a command on that shop."""
    return lambda *arguments: call(*arguments, "--config", told / "regulars.toml")

"""Lists that come to their owners by mail: once each, over a connection that is safe, through a real mail server."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError, InputError
from serving.book import Book
from serving.commands.lists.mail_out import PASSWORD, Mailed, check_delivery, mail_out
from serving.config import load_settings
from serving.config.settings import DeliverSettings
from tests.serving.commands.conftest import Mailbox
from tests.serving.conftest import MONDAY, Call, in_book
from tests.serving.read_back import current_list


@pytest.fixture
def mailing(office: Path, port: int) -> Path:
    """A shop of two owners whose lists are mailed."""
    toml = office / "regulars.toml"
    addresses = ", ".join(f'"{name}" = "{address_of(name)}"' for name in owners_of(office))
    text = toml.read_text().replace("[list]\n", f"[list]\naddresses = {{ {addresses} }}\n")
    section = f'[deliver]\nsmtp = "127.0.0.1:{port}"\nsender = "lists@shop.example"\nsecurity = "none"\n'
    toml.write_text(f"{text}\n{section}")
    return office


def owners_of(shop: Path) -> list[str]:
    return [name for (name,) in in_book(shop, "SELECT DISTINCT owner FROM entries ORDER BY owner")]


def address_of(owner: str) -> str:
    return f"{owner.encode().hex()}@shop.example"


def by_command(call: Call, mailing: Path) -> tuple[int, dict[str, Any]]:
    """Make the list by the command line, as a shop does."""
    places = ("--config", mailing / "regulars.toml", "--out", mailing / "out")
    code, out, err = call("list", "--as-of", str(MONDAY), *places, "--json")
    assert "Traceback" not in err
    assert "@" not in err
    return code, json.loads(out)["mailed"]


def mailed(mailing: Path, *again: str) -> Mailed:
    """Mail the list that is in the book."""
    settings, ((list_id,),) = load_settings(mailing / "regulars.toml"), in_book(mailing, "SELECT max(id) FROM lists")
    assert settings.deliver is not None
    with closing(Book(mailing)) as book:
        outreach = current_list(book)
        assert outreach is not None
        to, home = (settings.list.addresses, settings.language, frozenset(again)), settings.pages.home
        return mail_out(book, list_id, outreach, settings.deliver, *to, home)


def test_each_owner_gets_the_own_list_once(mailing: Path, call: Call, mailbox: Mailbox) -> None:
    """The same list again is mailed to nobody; the subject names nobody; the sheet is attached."""
    code, done = by_command(call, mailing)
    assert code == 0
    assert sorted(to for (to,), _ in mailbox.taken) == sorted(address_of(owner) for owner in done["sent"])
    _, made = mailbox.taken[0]
    names = [name for (name,) in in_book(mailing, "SELECT customer_id FROM entries")]
    assert made["From"] == "lists@shop.example"
    assert made["Subject"].startswith("Your list of ")
    assert not [name for name in (*names, *done["sent"]) if name in made["Subject"]]
    assert made["X-Unsent"] is None
    assert [part.get_filename() for part in made.iter_attachments()] == ["list-2023-01-09.csv"]
    assert by_command(call, mailing) == (0, {**done, "sent": [], "known": done["sent"]})
    assert len(mailbox.taken) == len(done["sent"])


def test_a_refused_mail_is_told_and_sent_the_next_time(mailing: Path, mailbox: Mailbox) -> None:
    """The others get theirs; neither the error nor the log holds the address."""
    owner, *others = owners_of(mailing)
    mailbox.refused = {address_of(owner)}
    done = mailed(mailing)
    assert done.failed == {owner: "refuses the address (550)"}
    assert sorted(done.sent) == others
    mailbox.refused.clear()
    assert mailed(mailing).sent == (owner,)


def test_a_mail_that_was_broken_off_is_not_sent_again_unasked(mailing: Path, mailbox: Mailbox) -> None:
    """Nobody knows whether it went out: it did, here, and once is enough."""
    owner = owners_of(mailing)[0]
    mailbox.broken_off = {address_of(owner)}
    assert mailed(mailing).unsure == (owner,)
    mailbox.broken_off.clear()
    assert mailed(mailing).unsure == (owner,)
    assert sum(address_of(owner) in to for to, _ in mailbox.taken) == 1
    done = mailed(mailing, owner)
    assert (done.sent, done.unsure) == ((owner,), ())


def test_a_server_that_is_away_is_told_and_the_list_is_there(mailing: Path, call: Call, mailbox: Mailbox) -> None:
    toml = mailing / "regulars.toml"
    here = toml.read_text()
    toml.write_text(here.replace('smtp = "127.0.0.1:', 'smtp = "127.0.0.1:1" #'))
    code, done = by_command(call, mailing)
    assert code == 1
    assert set(done["failed"].values()) == {"127.0.0.1 does not answer (ConnectionRefusedError)"}
    assert (mailing / "out" / "list.csv").exists()
    toml.write_text(here)
    assert mailed(mailing).sent
    assert mailbox.taken


def test_a_notice_holds_the_page_and_no_customer(mailing: Path, mailbox: Mailbox) -> None:
    toml = mailing / "regulars.toml"
    toml.write_text(toml.read_text() + 'send = "notice"\n[pages]\naddress = "https://shop.example/regulars/"\n')
    mailed(mailing)
    _, made = mailbox.taken[0]
    assert not made.is_multipart()
    text = made.get_content()
    assert text.splitlines()[-1] == "https://shop.example/regulars/pages/"
    assert not [who for (who,) in in_book(mailing, "SELECT customer_id FROM entries") if who in text]


def test_a_notice_needs_the_address_of_the_pages(mailing: Path, call: Call) -> None:
    """Its own former key says what has taken its place."""
    toml = mailing / "regulars.toml"
    before = toml.read_text()
    told = {
        'send = "notice"\n': 'send = "notice" under [deliver] leads to the pages: write their address under [pages]',
        'page = "https://a.example"\n': 'no such key any more; write address = "https://…" under [pages]',
    }
    for line, words in told.items():
        toml.write_text(before + line)
        code, _, err = call("list", "--config", toml, "--out", mailing / "out")
        assert (code, words in err) == (2, True), err


@pytest.mark.parametrize(("password", "why"), [("right", set()), ("wrong", {"refuses user and password (535)"})])
def test_who_logs_in_takes_the_password_from_the_environment(
    mailing: Path, monkeypatch: pytest.MonkeyPatch, password: str, why: set[str]
) -> None:
    toml = mailing / "regulars.toml"
    toml.write_text(toml.read_text() + 'user = "shop"\n')
    monkeypatch.setenv(PASSWORD, password)
    done = mailed(mailing)
    assert {each.removeprefix("127.0.0.1 ") for each in done.failed.values()} == why
    assert bool(done.sent) is not bool(why)


def test_what_cannot_be_sent_is_found_before_a_list_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)
    settings, address = DeliverSettings("mail.example", "lists@shop.example", user="shop"), {"Ann": "ann@shop.example"}
    with pytest.raises(InputError, match="needs the environment variable REGULARS_SMTP_PASSWORD"):
        check_delivery(settings, address)
    with pytest.raises(InputError, match="which names none"):
        check_delivery(DeliverSettings("mail.example", "lists@shop.example"), {})
    with pytest.raises(InputError, match="not one mail address"):
        check_delivery(DeliverSettings("mail.example", "Lists <lists@shop.example>"), address)
    with pytest.raises(ConfigError, match=r"sends names in the clear; mail\.example needs starttls or tls"):
        DeliverSettings("mail.example", "lists@shop.example", "none")

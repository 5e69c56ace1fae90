"""`regulars webhooks` as a person and a machine type it, from adding one to the messages of a list."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.serving.conftest import Call, in_book, list_of
from tests.serving.webhooks.conftest import Inbox, close_early, listening

URL = "https://crm.example.com/hook"


@pytest.fixture
def toml(listed: Path, tmp_path: Path) -> Path:
    """The settings of a shop with a list and no webhook."""
    shutil.copytree(listed, tmp_path / "shop")
    return tmp_path / "shop" / "regulars.toml"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with listening(Inbox()) as opened:
        yield opened


def test_a_webhook_from_its_first_day_to_its_last(toml: Path, call: Call, inbox: Inbox) -> None:
    at = ("--config", toml, "--json")
    private = ("--allow-private", "--event", "list.published", "--event", "customer.entered")
    code, out, err = call("webhooks", "add", inbox.url, *private, *at)
    assert code == 0
    added = json.loads(out)
    inbox.secret = added.pop("secret")
    events = ["list.published", "customer.entered"]
    facts = {"url": inbox.url, "events": events, "allow_private": True, "resolves": True}
    assert added == {"id": added["id"], **facts}
    assert inbox.secret in err

    code, out, _ = call("webhooks", "test", added["id"], *at)
    assert code == 0
    assert json.loads(out) == {"id": added["id"], "arrived": True, "status": 204, "trouble": None, "text": ""}
    assert json.loads(inbox.got[0][1])["type"] == "ping"

    moved = list_of(toml.parent, date(2023, 1, 16))
    new = int((moved.outreach.everyone["change"] == "new").sum())
    assert new > 0
    code, out, _ = call("webhooks", "list", *at)
    (known,) = json.loads(out)["webhooks"]
    assert (known["id"], known["waiting"], known["given_up"], known["trouble"]) == (added["id"], new + 1, 0, None)
    assert "secret" not in known

    code, out, _ = call("webhooks", "deliver", *at)
    assert code == 0
    assert json.loads(out) == {"sent": new + 1, "failed": 0, "given_up": 0, "webhooks_still_due": 0}
    assert inbox.verified() == new + 2
    told = [json.loads(body) for _, body in inbox.got[2:]]
    assert {each["data"]["customer_id"] for each in told} == set(
        moved.outreach.everyone.loc[moved.outreach.everyone["change"] == "new", "customer_id"]
    )

    code, out, _ = call("webhooks", "remove", added["id"], *at)
    assert (code, json.loads(out)) == (0, {"id": added["id"], "given_up": 0})
    code, out, _ = call("webhooks", "list", *at)
    assert json.loads(out) == {"webhooks": []}


def test_the_same_in_words(toml: Path, call: Call, inbox: Inbox) -> None:
    at = ("--config", toml)
    assert "no webhooks; regulars webhooks add URL" in call("webhooks", "list", *at)[1]
    _, out, _ = call("webhooks", "add", inbox.url, "--allow-private", *at)
    webhook = out.split()[1]
    assert "its secret, shown this once: whsec_" in out
    _, out, _ = call("webhooks", "list", *at)
    assert "whsec_" not in out
    events = "list.published, customer.entered, customer.left, list.withdrawn, model.alarm, also into private networks"
    assert f"{webhook}  {inbox.url}  ({events})" in out
    assert "0 sent, 0 failed and come again, 0 given up" in call("webhooks", "deliver", *at)[1]
    inbox.answer = close_early
    code, out, _ = call("webhooks", "test", webhook, *at)
    assert code == 1
    assert "it did not arrive: the connection failed" in out
    assert f"webhook {webhook} removed" in call("webhooks", "remove", webhook, *at)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "http://crm.example.com"), "begins with https://"),
        (("add", "https://127.0.0.1/"), "not public; --allow-private lets it"),
        (("add", "https://localhost/"), "not public; --allow-private lets it"),
        (("add", "https://me:word@crm.example.com/"), "no user and no password"),
        (("add", URL, "--event", "customer.entred", "--unverified"), 'Did you mean "customer.entered"?'),
        (("add",), "Missing argument"),
        (("add", "https://nobody.invalid/hook"), 'the name "nobody.invalid" cannot be looked up'),
        (("remove", "nobody"), 'there is no webhook "nobody"; regulars webhooks list shows them'),
        (("test", "nobody"), 'there is no webhook "nobody"'),
    ],
)
def test_what_cannot_be_is_refused_in_words(toml: Path, call: Call, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = call("webhooks", *arguments, "--config", toml)
    assert code == 2
    assert message in out + err
    assert in_book(toml.parent, "SELECT count(*) FROM webhooks") == [(0,)]


def test_a_name_that_is_not_known_yet_is_taken_unverified(toml: Path, call: Call) -> None:
    """`.invalid` is known to no resolver, RFC 6761."""
    code, out, err = call("webhooks", "add", "https://nobody.invalid/hook", "--unverified", "--config", toml, "--json")
    assert (code, json.loads(out)["resolves"]) == (0, False)
    assert "cannot be looked up yet" in err


def test_a_list_never_waits_for_a_receiver(toml: Path, call: Call) -> None:
    """Nobody is there, and the list is made all the same."""
    assert call("webhooks", "add", "https://localhost:1/", "--allow-private", "--config", toml)[0] == 0
    assert list_of(toml.parent, date(2023, 1, 16)).files
    assert in_book(toml.parent, "SELECT count(*) FROM outbox WHERE event = 'list.published'") == [(1,)]
    code, out, _ = call("webhooks", "deliver", "--config", toml)
    assert code == 0
    assert "0 sent" in out


def test_secrets_that_were_seen_are_replaced(toml: Path, call: Call) -> None:
    """A webhook's, and the book's, which somebody decides."""
    at, decided = ("--config", toml, "--json"), ("--by", "Ada", "--why", "it was in a mail")
    added = json.loads(call("webhooks", "add", URL, "--unverified", *at)[1])
    made = json.loads(call("webhooks", "new-secret", added["id"], *at)[1])
    assert made["secret"] not in ("", added["secret"])
    assert made["former_until"] is not None
    code, out, err = call("webhooks", "list", "--config", toml)
    assert (code, "signed with the former secret too until 20" in out, made["secret"] in out + err) == (0, True, False)
    assert call("webhooks", "new-secret", added["id"], "--overlap-hours", "0", *at)[0] == 0
    secret = toml.parent / ".regulars" / "book.secret"
    before = secret.read_text()
    assert call("book", "--new-secret", *at)[0] == 2
    code, out, _ = call("book", "--new-secret", *decided, "--config", toml)
    assert (code, "1 webhooks and 0 erasures are under it" in out) == (0, True)
    assert secret.read_text().split()[1:] == before.split()
    assert in_book(toml.parent, "SELECT action, who, why FROM audit WHERE action = 'new-secret'") == [
        ("new-secret", "Ada", "it was in a mail")
    ]


def test_a_shop_whose_secret_is_lost_starts_over(toml: Path, call: Call) -> None:
    """The errors name the command, which says what it gives up; where nothing is lost it gives up nothing."""
    at = ("--config", toml, "--json")
    code, out, _ = call("webhooks", "add", URL, "--unverified", *at)
    webhook, secret = json.loads(out)["id"], toml.parent / ".regulars" / "book.secret"
    code, _, err = call("webhooks", "start-over", *at)
    assert (code, "the secret of this book is not lost" in err) == (2, True)
    secret.unlink()
    code, _, err = call("webhooks", "test", webhook, *at)
    assert (code, "`regulars webhooks start-over` goes on" in err, secret.exists()) == (2, True, False)
    code, out, err = call("webhooks", "start-over", *at)
    assert (code, json.loads(out)) == (0, {"removed": 1, "secret_in": str(secret)})
    assert "next: regulars webhooks add URL" in err
    assert secret.exists()
    assert json.loads(call("webhooks", "list", *at)[1]) == {"webhooks": []}

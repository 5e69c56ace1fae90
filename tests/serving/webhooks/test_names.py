"""Where a name leads, by a resolver of the test's own: pinned for a connection, checked again, and never left."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from features.errors import InputError
from serving.book import Book
from serving.commands.upkeep import webhooks as managing
from serving.webhooks.delivery import Pace, deliver_once
from serving.webhooks.http_send import Answer, Bounds, send
from serving.webhooks.receivers import add_webhook, webhooks
from tests.serving.webhooks.conftest import Inbox, listening

NAME = "crm.example.com"
SHORT = Bounds(connect_seconds=1.0, read_seconds=1.0, whole_seconds=3.0)
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass
class Resolver:
    """Answers each look-up of a name with the next of its addresses, the last one for ever; it knows no other name."""

    addresses: dict[str, list[Sequence[str]]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        left = self.addresses.get(host)
        if left is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]


@contextmanager
def two_machines() -> Iterator[tuple[Inbox, Inbox]]:
    """Give receivers at one port of two addresses, so that only the address decides which of them is reached."""
    with listening(Inbox()) as first, listening(Inbox(port=first.port), host="127.0.0.2") as second:
        yield first, second


def to(name: str, inbox: Inbox, resolver: Resolver) -> Answer:
    receiver = replace(inbox.receiver, url=f"http://{name}:{inbox.port}/hook")
    return send(receiver, "msg_1", b"{}", SHORT, lookup=resolver)


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """A name that leads elsewhere a moment later gains nothing; the next message looks again."""
    with two_machines() as (first, second):
        resolver = Resolver({NAME: [["127.0.0.1"], ["127.0.0.2"]]})
        assert to(NAME, first, resolver).arrived
        assert (resolver.asked, len(first.got), len(second.got)) == ([NAME], 1, 0)
        assert first.got[0][0]["Host"] == f"{NAME}:{first.port}"
        assert to(NAME, first, resolver).arrived
        assert (resolver.asked, len(first.got), len(second.got)) == ([NAME] * 2, 1, 1)


def test_nothing_but_the_given_resolver_is_asked(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is made to an address; opening it asks the machine for no name."""
    asked: list[str] = []
    machine = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **how: (asked.append(host), machine(host, *more))[1])
    assert to(NAME, inbox, Resolver({NAME: [["127.0.0.1"]]})).arrived
    assert set(asked) <= {"127.0.0.1"}


def test_an_address_that_takes_no_connection_is_followed_by_the_next_of_the_same_look_up(inbox: Inbox) -> None:
    resolver = Resolver({NAME: [["127.0.0.3", "127.0.0.1"], ["127.0.0.2"]]})
    assert to(NAME, inbox, resolver).arrived
    assert resolver.asked == [NAME]


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("where", ["http://inner.example.com:{port}/", "http://127.0.0.2:{port}/", "/elsewhere", "//x"])
def test_a_redirect_leads_nowhere(status: int, where: str) -> None:
    """Neither to another name, nor to an address, nor to another path of the same receiver; no name is looked up."""
    with two_machines() as (first, second):
        first.answer = redirecting(status, where.format(port=first.port))
        resolver = Resolver({NAME: [["127.0.0.1"]], "inner.example.com": [["127.0.0.2"]]})
        answer = to(NAME, first, resolver)
        assert answer == Answer(status, f"the receiver answered {status}, and redirects are not followed")
        assert (resolver.asked, len(first.got), len(second.got)) == ([NAME], 1, 0)


def redirecting(status: int, where: str) -> Any:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("location", where)
        request.send_header("content-length", "0")
        request.end_headers()

    return answer


@pytest.mark.parametrize("private", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_turns_private_is_refused_from_then_on(inbox: Inbox, private: str) -> None:
    """It was public when it was added; the very port of the receiver would answer."""
    receiver = replace(inbox.receiver, url=f"https://{NAME}:{inbox.port}/", allow_private=False)
    resolver = Resolver({NAME: [[private], ["203.0.114.9", private]]})
    for _ in range(2):
        assert "not public" in str(send(receiver, "msg_1", b"{}", SHORT, lookup=resolver).trouble)
    assert not inbox.got


def test_the_outbox_is_sent_by_the_same_rules(book: Book, publish: Any, inbox: Inbox) -> None:
    """One look-up for each message, of the pace's own resolver."""
    inbox.secret = add_webhook(book, inbox.url.replace("localhost", NAME), (), allow_private=True).secret
    publish()
    resolver = Resolver({NAME: [["127.0.0.1"]]})
    done = deliver_once(book, Pace(lookup=resolver))
    assert done.sent == inbox.verified() == len(resolver.asked) > 1


def added(book: Book, resolver: Resolver, **how: Any) -> Any:
    """Add a webhook with a name as a shop with this book does."""
    shop: Any = SimpleNamespace(book=book)
    return managing.add(shop, f"https://{NAME}/hook", (), lookup=resolver, **{"allow_private": False, **how})


def test_a_name_that_nobody_knows_is_refused_when_it_is_added(book: Book) -> None:
    with pytest.raises(InputError, match=f'"{NAME}" cannot be looked up; correct it, or .* --unverified'):
        added(book, Resolver({}))
    assert webhooks(book) == ()


def test_a_name_that_will_be_known_is_taken_unverified(book: Book) -> None:
    """And that it is not known yet is said."""
    told = added(book, Resolver({}), unverified=True)
    assert told.document["resolves"] is False
    assert f'the name "{NAME}" cannot be looked up yet; until it can, its messages are tried again' in told.lines()
    assert [each.url for each in webhooks(book)] == [f"https://{NAME}/hook"]


@pytest.mark.parametrize("unverified", [True, False])
def test_a_known_name_is_looked_up_once_and_needs_to_be_public(book: Book, unverified: bool) -> None:
    """Unverified lets through what is not known, not what is known to be private."""
    resolver = Resolver({NAME: [["8.8.8.8"]]})
    assert added(book, resolver, unverified=unverified).document["resolves"] is True
    assert resolver.asked == [NAME]
    for private in (["10.0.0.1"], ["8.8.8.8", "127.0.0.1"]):
        with pytest.raises(InputError, match="not public"):
            added(book, Resolver({NAME: [private]}), unverified=unverified)
    assert len(webhooks(book)) == 1

"""What docs/webhooks.md says works: its code is run as it stands there, against messages that are really sent."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.book import Book
from serving.webhooks.delivery import Pace, deliver_once
from serving.webhooks.http_send import READ_SECONDS, WHOLE_SECONDS
from serving.webhooks.messages import ENTERED, EVENTS
from serving.webhooks.outbox import BACK_OFF_SECONDS, JITTER
from serving.webhooks.receivers import add_webhook
from serving.webhooks.signing import new_secret, sign
from tests.serving.webhooks.conftest import Inbox

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
FLOWING = " ".join(PAGE.split())


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def verify() -> Callable[..., None]:
    """The function that an integrator copies from the page."""
    names: dict[str, Any] = {}
    exec(compile(block("python"), "docs/webhooks.md", "exec"), names)
    found: Callable[..., None] = names["verify"]
    return found


def test_the_page_verifies_what_is_sent(book: Book, publish: Any, inbox: Inbox, verify: Any) -> None:
    secret = add_webhook(book, inbox.url, [], allow_private=True).secret
    publish(3)
    assert deliver_once(book).sent == 4
    for headers, body in inbox.got:
        verify(body, headers, secret)
        with pytest.raises(ValueError, match="does not fit"):
            verify(body + b" ", headers, secret)
        with pytest.raises(ValueError, match="does not fit"):
            verify(body, headers, new_secret())
    entered = next(json.loads(body) for _, body in inbox.got if ENTERED.encode() in body)
    shown = json.loads(block("json"))
    assert list(shown) == list(entered)
    assert {name: type(value) for name, value in shown["data"].items()} == {
        name: type(value) for name, value in entered["data"].items()
    }


@pytest.mark.parametrize(("away", "passes"), [(0, True), (-290, True), (290, True), (-310, False), (310, False)])
def test_the_page_refuses_what_is_replayed(verify: Any, away: int, passes: bool) -> None:
    secret = new_secret()
    headers = sign(b"{}", "msg_1", int(time.time()) + away, secret)
    if passes:
        verify(b"{}", headers, secret)
        verify(b"{}", headers | {"webhook-signature": f"v1,other {headers['webhook-signature']}"}, secret)
    else:
        with pytest.raises(ValueError, match="replay window"):
            verify(b"{}", headers, secret)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_the_page_refuses_a_message_without_its_headers(verify: Any, missing: str) -> None:
    secret = new_secret()
    headers = sign(b"{}", "msg_1", int(time.time()), secret)
    del headers[missing]
    with pytest.raises(ValueError, match=r"timestamp|fit"):
        verify(b"{}", headers, secret)


def test_the_page_tells_the_times_that_hold() -> None:
    assert BACK_OFF_SECONDS == (5, 30, 120, 600, 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600)
    assert "5 seconds, 30 seconds, 2 minutes, 10 minutes, 1 hour, 6, 12 and 24 hours, each up to a quarter" in FLOWING
    assert JITTER == 0.25
    assert f"within {READ_SECONDS:.0f} seconds ({WHOLE_SECONDS:.0f} for all of it)" in FLOWING
    assert Pace().lease_seconds == 4 * 60
    for event in EVENTS:
        assert f"| `{event}` |" in PAGE

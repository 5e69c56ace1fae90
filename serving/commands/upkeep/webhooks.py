"""`regulars webhooks`: who is told of lists, added and removed, tried out, and sent to where no server does it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from serving.book.sql_rows import utc_now
from serving.shop import OpenShop
from serving.webhooks.address import addresses_of, target_of
from serving.webhooks.delivery import DeliveryCounts, deliver_once
from serving.webhooks.http_send import Answer, send
from serving.webhooks.messages import PING, body_of
from serving.webhooks.outbox import due_webhooks
from serving.webhooks.receivers import (
    Receiver,
    Webhook,
    add_webhook,
    receiver_of,
    remove_webhook,
    webhooks,
)


@dataclass(frozen=True)
class AddedWebhook:
    """A new webhook; its secret is shown this once."""

    receiver: Receiver
    events: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        receiver = self.receiver
        facts = {"id": receiver.webhook_id, "url": receiver.url, "events": list(self.events)}
        return {**facts, "allow_private": receiver.allow_private, "secret": receiver.secret}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield f"webhook {self.receiver.webhook_id} hears of {', '.join(self.events)}"
        yield f"its secret, shown this once: {self.receiver.secret}"
        yield f"next: regulars webhooks test {self.receiver.webhook_id}"


@dataclass(frozen=True)
class Webhooks:
    """The webhooks there are."""

    webhooks: Sequence[Webhook]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"webhooks": [asdict(each) for each in self.webhooks]}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        if not self.webhooks:
            yield "no webhooks; regulars webhooks add URL"
        for each in self.webhooks:
            private = ", also into private networks" if each.allow_private else ""
            yield f"{each.id}  {each.url}  ({', '.join(each.events)}{private})"
            trouble = f"; {each.trouble}" if each.trouble else ""
            yield f"    {each.waiting:,} waiting, {each.given_up:,} given up{trouble}"


@dataclass(frozen=True)
class RemovedWebhook:
    """A webhook that is no more, and how many of its messages will never be sent."""

    webhook_id: str
    given_up: int

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"id": self.webhook_id, "given_up": self.given_up}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield f"webhook {self.webhook_id} removed; {self.given_up:,} messages that waited are given up"


@dataclass(frozen=True)
class DeliveryReport:
    """What came of the messages that were due."""

    delivered: DeliveryCounts
    still_due: int

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self.delivered), "webhooks_still_due": self.still_due}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        done = self.delivered
        yield f"{done.sent:,} sent, {done.failed:,} failed and come again, {done.given_up:,} given up"
        if self.still_due:
            yield f"{self.still_due:,} webhooks failed too often in a row; what is due waits for the next time"


@dataclass(frozen=True)
class PingAnswer:
    """What a receiver answered to a ping."""

    webhook_id: str
    answer: Answer

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"id": self.webhook_id, "arrived": self.answer.arrived, **asdict(self.answer)}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        answer = self.answer
        yield f"the ping arrived: {answer.status}" if answer.arrived else f"it did not arrive: {answer.trouble}"
        if answer.text:
            yield f"the receiver said: {' '.join(answer.text.split())}"


def add(shop: OpenShop, url: str, events: Sequence[str], *, allow_private: bool) -> AddedWebhook:
    """Add a webhook; a name that already leads to a private address is refused now, and at every attempt.

    Raises:
        InputError: an unknown event, or a URL that cannot be one of a webhook.
    """
    target = target_of(url, allow_private=allow_private)
    with suppress(OSError):  # a name that is not known yet may be known when the first message is sent
        addresses_of(target, allow_private=allow_private)
    receiver = add_webhook(shop.book, url, events, allow_private=allow_private)
    known = {each.id: each.events for each in webhooks(shop.book)}
    return AddedWebhook(receiver, known[receiver.webhook_id])


def known(shop: OpenShop) -> Webhooks:
    """Return the webhooks there are, without their secrets."""
    return Webhooks(webhooks(shop.book))


def remove(shop: OpenShop, webhook_id: str) -> RemovedWebhook:
    """Remove a webhook; what it was still to be told is given up.

    Raises:
        InputError: there is no such webhook, or no longer.
    """
    return RemovedWebhook(webhook_id, remove_webhook(shop.book, webhook_id))


def deliver(shop: OpenShop) -> DeliveryReport:
    """Send what is due now."""
    return DeliveryReport(deliver_once(shop.book), len(due_webhooks(shop.book)))


def ping(shop: OpenShop, webhook_id: str) -> PingAnswer:
    """Send a signed ping to a webhook, beside its outbox, and say what came back.

    Raises:
        InputError: there is no such webhook, or no longer.
    """
    receiver = receiver_of(shop.book, webhook_id)
    body = body_of(PING, utc_now(), {"webhook_id": webhook_id})
    return PingAnswer(webhook_id, send(receiver, f"msg_{secrets.token_hex(14)}", body.encode()))

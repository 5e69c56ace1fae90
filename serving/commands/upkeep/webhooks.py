"""`regulars webhooks`: who is told of lists, added and removed, tried out, and sent to where no server does it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta

from features.errors import InputError
from serving.book.sql_rows import utc_now
from serving.commands.result import WordedResult
from serving.shop import OpenShop
from serving.webhooks.address import Lookup, Target, addresses_of, target_of
from serving.webhooks.delivery import deliver_once
from serving.webhooks.http_send import send
from serving.webhooks.messages import PING, body_of
from serving.webhooks.outbox import due_webhooks
from serving.webhooks.receivers import Webhook, add_webhook, receiver_of, remove_webhook, renew_secret, webhooks
from serving.webhooks.receivers import start_over as remove_all

MINUTE = "%Y-%m-%d %H:%M UTC"


def add(
    shop: OpenShop,
    url: str,
    events: Sequence[str],
    *,
    allow_private: bool,
    unverified: bool = False,
    lookup: Lookup = socket.getaddrinfo,
) -> WordedResult:
    """Add a webhook; a name that leads to a private address is refused now, and at every attempt.

    Args:
        shop: whose lists it hears of.
        url: of the receiver.
        events: that it hears of; none = all.
        allow_private: whether it may lead into a private network.
        unverified: whether a name that cannot be looked up is taken all the same: it may be known later.
        lookup: a function like `socket.getaddrinfo`.

    Raises:
        InputError: an unknown event, or a URL that cannot be one of a webhook.
    """
    target = target_of(url, allow_private=allow_private)
    resolves = _resolves(target, allow_private=allow_private, lookup=lookup)
    if not resolves and not unverified:
        raise InputError(
            f'the name "{target.host}" cannot be looked up; correct it, or add it with --unverified if it will be known'
        )
    receiver = add_webhook(shop.book, url, events, allow_private=allow_private)
    chosen = next(each.events for each in webhooks(shop.book) if each.id == receiver.webhook_id)
    facts = {"id": receiver.webhook_id, "url": url, "events": chosen, "resolves": resolves}
    words = [
        f"webhook {receiver.webhook_id} hears of {', '.join(chosen)}",
        f"its secret, shown this once: {receiver.secret}",
        f"next: regulars webhooks test {receiver.webhook_id}",
    ]
    if not resolves:
        words.insert(1, f'the name "{target.host}" cannot be looked up yet; until it can, its messages are tried again')
    return WordedResult({**facts, "allow_private": allow_private, "secret": receiver.secret}, words)


def _resolves(target: Target, *, allow_private: bool, lookup: Lookup) -> bool:
    try:
        addresses_of(target, allow_private=allow_private, lookup=lookup)
    except OSError:
        return False
    return True


def renew(shop: OpenShop, webhook_id: str, overlap_hours: int) -> WordedResult:
    """Give a webhook a new secret; the former one signs too for a while.

    Args:
        shop: the open shop.
        webhook_id: the webhook.
        overlap_hours: for how long both sign.

    Raises:
        InputError: there is no such webhook, or no longer.
    """
    receiver = renew_secret(shop.book, webhook_id, timedelta(hours=overlap_hours))
    until = next(each.former_until for each in webhooks(shop.book) if each.id == webhook_id)
    both = "the former one signs no more" if until is None else f"the former one signs too until {until:{MINUTE}}"
    words = [
        f"webhook {webhook_id} has a new secret, shown this once: {receiver.secret}",
        f"{both}; give the new one to the receiver, then: regulars webhooks test {webhook_id}",
    ]
    return WordedResult({"id": webhook_id, "secret": receiver.secret, "former_until": until}, words)


def start_over(shop: OpenShop) -> WordedResult:
    """Go on without the secret that sealed the webhooks of this book.

    Raises:
        InputError: it is not lost.
    """
    count = remove_all(shop.book)
    words = [
        f"the book goes on with the secret in {shop.book.keeper.where}; webhooks that were removed: {count}",
        "erasures of before stay recorded with their day and who asked; whose they were can no longer be looked up",
        "whoever was forgotten and stands in your files comes back: forget them again, with regulars forget",
        "next: regulars webhooks add URL, for each that is to hear of lists",
    ]
    return WordedResult({"removed": count, "secret_in": shop.book.keeper.where}, words)


def known(shop: OpenShop) -> WordedResult:
    """Return the webhooks there are, without their secrets."""
    found = webhooks(shop.book)
    words = [line for each in found for line in _lines(each)] or ["no webhooks; regulars webhooks add URL"]
    return WordedResult({"webhooks": [asdict(each) for each in found]}, words)


def _lines(webhook: Webhook) -> Iterator[str]:
    private = ", also into private networks" if webhook.allow_private else ""
    yield f"{webhook.id}  {webhook.url}  ({', '.join(webhook.events)}{private})"
    trouble = f"; {webhook.trouble}" if webhook.trouble else ""
    until = webhook.former_until
    both = f"; signed with the former secret too until {until:{MINUTE}}" if until else ""
    yield f"    {webhook.waiting:,} waiting, {webhook.given_up:,} given up{trouble}{both}"


def remove(shop: OpenShop, webhook_id: str) -> WordedResult:
    """Remove a webhook; what it was still to be told is given up.

    Raises:
        InputError: there is no such webhook, or no longer.
    """
    given_up = remove_webhook(shop.book, webhook_id)
    waited = "message that waited is" if given_up == 1 else "messages that waited are"
    words = f"webhook {webhook_id} removed; {given_up:,} {waited} given up"
    return WordedResult({"id": webhook_id, "given_up": given_up}, [words])


def deliver(shop: OpenShop) -> WordedResult:
    """Send what is due now."""
    done, still_due = deliver_once(shop.book), len(due_webhooks(shop.book))
    words = [f"{done.sent:,} sent, {done.failed:,} failed and come again, {done.given_up:,} given up"]
    if still_due:
        failed = "webhook failed" if still_due == 1 else "webhooks failed"
        words.append(f"{still_due:,} {failed} too often in a row; what is due waits for the next time")
    return WordedResult({**asdict(done), "webhooks_still_due": still_due}, words)


def ping(shop: OpenShop, webhook_id: str) -> WordedResult:
    """Send a signed ping to a webhook, beside its outbox, and say what came back.

    Raises:
        InputError: there is no such webhook, or no longer.
    """
    receiver = receiver_of(shop.book, webhook_id)
    body = body_of(PING, utc_now(), {"webhook_id": webhook_id})
    answer = send(receiver, f"msg_{secrets.token_hex(14)}", body.encode())
    words = [f"the ping arrived: {answer.status}" if answer.arrived else f"it did not arrive: {answer.trouble}"]
    if answer.text:
        words.append(f"the receiver said: {' '.join(answer.text.split())}")
    return WordedResult({"id": webhook_id, "arrived": answer.arrived, **asdict(answer)}, words)

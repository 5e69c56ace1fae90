"""Whether lists by mail and webhooks are set up so that they can go out; nothing is sent, and nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator

from features.errors import InputError
from serving.commands.doctor.finding import Examined, Finding
from serving.commands.lists.mail_out import check_delivery
from serving.webhooks.receivers import webhooks

MAIL, WEBHOOKS = "mail", "webhooks"


def check_mail(examined: Examined) -> Iterator[Finding]:
    """Look at addresses, sender and password as a list does before it is mailed."""
    settings = examined.settings
    if settings is None:
        return
    deliver, addresses = settings.deliver, settings.list.addresses
    if deliver is None:
        yield Finding(MAIL, "ok", "lists are not mailed: there is no section [deliver]")
        return
    try:
        check_delivery(deliver, addresses)
    except InputError as error:
        yield Finding(MAIL, "problem", error.message, "correct [deliver] and [list] addresses, or set the variable")
        return
    words = f"{len(addresses):,} owners have an address; mails go through {deliver.host}:{deliver.port}"
    yield Finding(MAIL, "ok", f"{words} ({deliver.security})")


def check_webhooks(examined: Examined) -> Iterator[Finding]:
    """Look at what waits for each webhook, and what never arrived."""
    if examined.book is None:
        return
    found = webhooks(examined.book)
    failing = [each for each in found if each.trouble is not None]
    for each in failing:
        words = f"{each.waiting:,} messages wait for webhook {each.id}, the last attempt said: {each.trouble}"
        yield Finding(WEBHOOKS, "warning", words, f"regulars webhooks test {each.id}")
    if lost := sum(each.given_up for each in found):
        yield Finding(WEBHOOKS, "warning", f"{lost:,} messages never arrived", "regulars webhooks list")
    if not failing and not lost:
        waiting = sum(each.waiting for each in found)
        yield Finding(WEBHOOKS, "ok", f"{len(found):,} are told of lists, {waiting:,} messages wait")

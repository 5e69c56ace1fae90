"""Whether lists by mail, webhooks and tables for other systems can go out; nothing is sent or written."""

from __future__ import annotations

from collections.abc import Iterator

from features.errors import InputError, MachineFault, RegularsError
from features.language.messages import Message, Sentence, sentence
from serving.commands.doctor.finding import Examined, Finding
from serving.commands.lists.mail_out import check_delivery
from serving.out.look import Looked, looked_at
from serving.webhooks.receivers import webhooks

MAIL, WEBHOOKS, OUT = "mail", "webhooks", "out"


def check_mail(examined: Examined) -> Iterator[Finding]:
    """Look at addresses, sender and password as a list does before it is mailed."""
    settings = examined.settings
    if settings is None:
        return
    deliver, addresses = settings.deliver, settings.list.addresses
    if deliver is None:
        yield Finding(MAIL, "ok", sentence("lists are not mailed: there is no section [deliver]"))
        return
    try:
        check_delivery(deliver, addresses)
    except InputError as error:
        yield Finding(
            MAIL, "problem", error.message, sentence("correct [deliver] and [list] addresses, or set the variable")
        )
        return
    server = f"{deliver.host}:{deliver.port} ({deliver.security})"
    words = sentence("owners with an address: {count}; mails go through {server}", count=len(addresses), server=server)
    yield Finding(MAIL, "ok", words)


def check_webhooks(examined: Examined) -> Iterator[Finding]:
    """Look at what waits for each webhook, and what never arrived."""
    if examined.book is None:
        return
    found = webhooks(examined.book)
    failing = [each for each in found if each.trouble is not None]
    for each in failing:
        words = sentence(
            "messages that wait for webhook {webhook}: {count}; the last attempt said: {error}",
            webhook=str(each.id),
            count=each.waiting,
            error=each.trouble or "",
        )
        yield Finding(WEBHOOKS, "warning", words, f"regulars webhooks test {each.id}")
    if lost := sum(each.given_up for each in found):
        yield Finding(WEBHOOKS, "warning", _lost(lost), "regulars webhooks list")
    if not failing and not lost:
        waiting = sum(each.waiting for each in found)
        yield Finding(
            WEBHOOKS,
            "ok",
            sentence("told of lists: {count}; messages that wait: {waiting}", count=len(found), waiting=waiting),
        )


def check_out(examined: Examined) -> Iterator[Finding]:
    """Look into the database of `[out]` as its tables are found there before they are written."""
    settings = examined.settings
    if settings is None:
        return
    if settings.out is None:
        yield Finding(OUT, "ok", sentence("no tables are written for other systems: there is no section [out]"))
        return
    try:
        found = looked_at(settings.out.database().at(settings.folder), settings.out.schema)
    except MachineFault as error:
        yield Finding(OUT, "problem", f"{error.fault} at {error.place}", error.remedy)
        return
    except RegularsError as error:
        yield Finding(OUT, "problem", str(error).splitlines()[0], sentence("correct url under [out]"))
        return
    yield _of_tables(found, settings.out.schema)


def _of_tables(found: Looked, schema: str) -> Finding:
    if found.foreign:
        words = sentence(
            "tables of these names in the schema {schema} are not of [out]: {tables}",
            schema=schema,
            tables=", ".join(found.foreign),
        )
        return Finding(OUT, "problem", words, sentence("name another schema under [out]"))
    if not found.may_make:
        words = sentence("the user of the database may make no tables in the schema {schema}", schema=schema)
        return Finding(OUT, "problem", words, f"GRANT USAGE, CREATE ON SCHEMA {schema} TO …")
    if found.ours:
        tables = ", ".join(found.ours)
        return Finding(OUT, "ok", sentence("the schema {schema} holds {tables}", schema=schema, tables=tables))
    return Finding(OUT, "ok", sentence("the schema {schema} holds no table yet", schema=schema))


def _lost(count: int) -> Sentence:
    return Sentence.of(
        Message("{count} message never arrived", {"count": count}, plural="{count} messages never arrived", count=count)
    )

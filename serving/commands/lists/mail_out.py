"""Mails each owner's list through the shop's own mail server: once per list and owner, whatever breaks off.

What is about to be sent is noted in the book first. A mail that the server refused is forgotten, so that the next run
tries again; one of which nobody knows whether it went out is told, and not sent again unless somebody says so.
"""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd

from features.errors import InputError
from features.language.languages import Language
from features.language.messages import Sentence, sentence
from serving.book.book import Book
from serving.book.mailed import begin, end, stages, take_back
from serving.config.settings import DeliverSettings
from serving.outreach.exports.layout import by_owner
from serving.outreach.exports.list_mails import Envelope, check_addresses, mail_to_send
from serving.outreach.plan.outreach_list import OutreachList

LOG = logging.getLogger("regulars.deliver")
PASSWORD = "REGULARS_SMTP_PASSWORD"  # noqa: S105 — the name of the variable that holds it
WAIT_SECONDS = 30.0
Refused = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError)


@dataclass(frozen=True)
class Mailed:
    """What became of the mails of a list, by owner; no address is in it.

    Args:
        sent: that the mail server took now.
        known: that it had taken before.
        failed: owner → why it did not take the mail; the next run tries again.
        unsure: of which nobody knows whether they went out: not sent again.
        without: owners of the list who have no address.
    """

    sent: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def lines(self) -> Iterator[Sentence]:
        """Say it to a person."""
        if self.sent:
            yield sentence("mailed to {owners}", owners=", ".join(self.sent))
        if self.known:
            yield sentence("mailed before, and not again: {owners}", owners=", ".join(self.known))
        for owner, why in self.failed.items():
            yield sentence("the mail to {owner} was not sent: {why}; run it again", owner=owner, why=why)
        if self.unsure:
            yield sentence(
                "the mail to {owners} may have gone out when it was broken off; to send it again: --mail-again OWNER",
                owners=", ".join(self.unsure),
            )
        if self.without:
            yield sentence("without an address in [list] addresses: {owners}", owners=", ".join(self.without))


def check_delivery(settings: DeliverSettings, addresses: Mapping[str, str]) -> None:
    """Find out before a list is made whether its mails can be written.

    Raises:
        InputError: an address is none, nobody has one, or the password of the user is not in the environment.
    """
    check_addresses({**addresses, "[deliver] sender": settings.sender})
    if not addresses:
        raise InputError("[deliver] mails lists to the owners in [list] addresses, which names none")
    if settings.user and not os.environ.get(PASSWORD):
        raise InputError(f"[deliver] user = {settings.user!r} needs the environment variable {PASSWORD}")


def mail_out(
    book: Book,
    list_id: int,
    outreach: OutreachList,
    settings: DeliverSettings,
    addresses: Mapping[str, str],
    language: Language,
    again: frozenset[str] = frozenset(),
    page: str | None = None,
) -> Mailed:
    """Mail each owner's part of a list that nobody was mailed yet.

    Args:
        book: the database of record.
        list_id: of the published list.
        outreach: that list, in words.
        settings: of the mail server.
        addresses: owner → mail address.
        language: of the mails.
        again: owners whose mail may have gone out, and who are to get it whether or not.
        page: that a notice leads to.
    """
    owners = by_owner(outreach)
    take_back(book, list_id, [name for name, stage in stages(book, list_id, again).items() if stage == "begun"])
    known = stages(book, list_id, [name for name in owners if name in addresses])
    waiting = {name: owners[name] for name, stage in known.items() if stage == "not yet"}
    done = _Sending(book, list_id, lambda name: _envelope(settings, addresses[name], page), outreach, language)
    sent, failed, unsure = done.all_of(waiting, settings) if waiting else ((), {}, ())
    before = tuple(name for name, stage in known.items() if stage == "sent")
    broken_off = tuple(name for name, stage in known.items() if stage == "begun")
    return Mailed(sent, before, failed, (*broken_off, *unsure), tuple(name for name in owners if name not in addresses))


def _envelope(settings: DeliverSettings, to: str, page: str | None) -> Envelope:
    return Envelope(settings.sender, to, datetime.now(UTC), page if settings.send == "notice" else None)


@dataclass(frozen=True)
class _Sending:
    """The mails of one list, on their way."""

    book: Book
    list_id: int
    envelope: Callable[[str], Envelope]
    outreach: OutreachList
    language: Language

    def all_of(
        self, waiting: Mapping[str, pd.DataFrame], settings: DeliverSettings
    ) -> tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]:
        """Send over one connection; return who got it, who did not and why, and of whom nobody knows."""
        sent: list[str] = []
        failed: dict[str, str] = {}
        unsure: list[str] = []
        try:
            with connected(settings) as server:
                for owner, frame in waiting.items():
                    self._one(server, owner, frame, sent, failed, unsure)
        except (OSError, smtplib.SMTPException) as error:
            rest = [name for name in waiting if name not in (*sent, *failed, *unsure)]
            failed |= dict.fromkeys(rest, f"{settings.host} {trouble(error)}")
        return tuple(sent), failed, tuple(unsure)

    def _one(
        self,
        server: smtplib.SMTP,
        owner: str,
        frame: pd.DataFrame,
        sent: list[str],
        failed: dict[str, str],
        unsure: list[str],
    ) -> None:
        envelope = self.envelope(owner)
        made = mail_to_send(self.outreach, owner, frame, envelope, self.language)
        if not begin(self.book, self.list_id, owner):
            return  # another process sends it
        try:
            server.sendmail(envelope.sender, [envelope.to], made.as_bytes())
        except Refused as error:
            take_back(self.book, self.list_id, [owner])
            failed[owner] = trouble(error)
        except (OSError, smtplib.SMTPException):
            unsure.append(owner)  # the connection was lost with the mail on its way
            raise
        else:
            end(self.book, self.list_id, owner)
            sent.append(owner)


@contextmanager
def connected(settings: DeliverSettings) -> Iterator[smtplib.SMTP]:
    """Yield a connection over which mails may be sent: encrypted and logged in, where the settings say so."""
    trust = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=WAIT_SECONDS, context=trust)
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=WAIT_SECONDS)
    with server:
        if settings.security == "starttls":
            server.starttls(context=trust)
        if settings.user:
            server.login(settings.user, os.environ[PASSWORD])
        yield server


def trouble(error: Exception) -> str:
    """Say what a mail server answered, without the address that its words may hold.

    >>> trouble(smtplib.SMTPRecipientsRefused({"ann@shop.example": (550, b"no such user ann@shop.example")}))
    'refuses the address (550)'
    >>> trouble(ConnectionRefusedError())
    'does not answer (ConnectionRefusedError)'
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        return f"refuses the address ({', '.join(map(str, codes))})"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"refuses user and password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"refuses the mail ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "offers no encryption or no login"
    return f"does not answer ({type(error).__name__})"

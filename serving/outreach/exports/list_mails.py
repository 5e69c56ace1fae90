"""Writes a mail for each owner: as a file that a mail program opens as a draft, or as the shop's own server sends it.

The same list gives the same bytes: the Message-ID is hashed from the list and the owner, so that a mail program
recognises a mail that it has already, and another list of the same day is another mail. No header holds text that could
begin a new header, and an address stands alone: a name beside it could be read as one more address.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import pandas as pd

from features.errors import InputError, Violation
from features.language.languages import ENGLISH, Language
from features.language.messages import Message, said
from features.language.written import number_text
from serving.outreach.exports.list_csv import list_csv
from serving.outreach.exports.list_html import entries_in_words, owner_page
from serving.outreach.exports.safe_text import cut, joined, one_line
from serving.outreach.exports.ways import REACH_NAMES
from serving.outreach.plan.in_words import OWNERS, code_text
from serving.outreach.plan.outreach_list import OutreachList

OURS = "X-Regulars-List"  # the first header of each mail, by which our mails are recognised
MOST_IN_A_SUBJECT = 120
MOST_IN_AN_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, repr=False)
class Envelope:
    """Around a mail that is sent.

    Args:
        sender: an address.
        to: an address.
        at: when, in UTC.
        notice_page: where the list is opened; None = the mail holds the list itself.
    """

    sender: str
    to: str
    at: datetime
    notice_page: str | None = None


def mail(
    outreach: OutreachList,
    owner: str,
    frame: pd.DataFrame,
    address: str | None = None,
    language: Language = ENGLISH,
) -> bytes:
    """Return the mail of one owner: the list as text, as a page, and as an attached CSV.

    Args:
        outreach: the list.
        owner: whose mail it is.
        frame: the owner's entries in LIST_NAMES.
        address: of the owner, as `check_addresses` wants it; None = to be filled in by whoever sends it.
        language: of the owner.
    """
    return _draft(outreach, owner, frame, address, language).as_bytes()


def _draft(
    outreach: OutreachList, owner: str, frame: pd.DataFrame, address: str | None, language: Language
) -> EmailMessage:
    table = list_csv(frame, language)
    digest = hashlib.sha256("\0".join([*_facts(outreach), owner]).encode("utf-8", "surrogatepass") + table).hexdigest()
    made = _headed(outreach, owner, digest, language)
    if address is not None:
        made["To"] = address
    made.set_content("\n".join(_text(outreach, frame, language)), cte="base64")
    made.add_alternative(owner_page(outreach, owner, frame, language), subtype="html", cte="base64")
    file = f"list-{outreach.as_of.isoformat()}.csv"
    made.add_attachment(table, maintype="text", subtype="csv", filename=file, params={"charset": "utf-8"})
    _set_boundaries(made, digest)
    return made


def mail_to_send(
    outreach: OutreachList, owner: str, frame: pd.DataFrame, envelope: Envelope, language: Language = ENGLISH
) -> EmailMessage:
    """Return the mail of one owner as it is sent: the whole list, or a notice of it; its subject names nobody.

    Args:
        outreach: the list.
        owner: whose mail it is.
        frame: the owner's entries in LIST_NAMES.
        envelope: from and to whom, when, and the page that a notice leads to.
        language: of the owner.
    """
    made = _draft(outreach, owner, frame, envelope.to, language)
    for name in ("X-Unsent", "Subject", "Date"):
        del made[name]
    made["From"], made["Date"] = envelope.sender, format_datetime(envelope.at)
    made["Subject"] = said(_counted(outreach, len(frame)), language)
    if envelope.notice_page is not None:
        made.clear_content()
        made.set_content(f"{said(_counted(outreach, len(frame)), language)}\n\n{envelope.notice_page}\n", cte="base64")
    return made


def _counted(outreach: OutreachList, count: int) -> Message:
    return Message(
        "Your list of {day}: {count} customer to contact",
        {"day": outreach.as_of, "count": count},
        plural="Your list of {day}: {count} customers to contact",
        count=count,
    )


def check_addresses(addresses: Mapping[str, str]) -> None:
    """Check the mail addresses of owners; the message names the owner and never the address.

    Raises:
        InputError: one of them is not a mail address.

    >>> check_addresses({"Ann": "ann@shop.example"})
    """
    wrong = [
        Violation(
            "addresses", None, one_line(owner), "not one mail address in plain ASCII", "", "write ann@shop.example"
        )
        for owner, address in addresses.items()
        if len(address) > MOST_IN_AN_ADDRESS or not _ADDRESS.fullmatch(address)
    ]
    if wrong:
        raise InputError("the mails of owners cannot be written", wrong)


def is_list_mail(content: bytes) -> bool:
    """Return whether a mail is one of ours, by its first header.

    >>> is_list_mail(b"X-Regulars-List: 2026-03-02"), is_list_mail(b"Subject: hello")
    (True, False)
    """
    return content.startswith(f"{OURS}: ".encode())


def _facts(outreach: OutreachList) -> list[str]:
    names = ("as_of", "horizon_days", "model_version", "currency", "rank_by")
    return [str(getattr(outreach, name)) for name in names]


def _headed(outreach: OutreachList, owner: str, digest: str, language: Language) -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made[OURS] = outreach.as_of.isoformat()
    made["X-Unsent"] = "1"  # mail programs open it as a draft
    made["Message-ID"] = f"<{digest[:32]}@regulars.invalid>"
    made["Date"] = format_datetime(datetime.combine(outreach.as_of, time(), UTC))
    called = one_line(code_text(OWNERS, owner, language))
    subject = Message("Whom to contact, {day:table}: {owner}", {"day": outreach.as_of, "owner": called})
    made["Subject"] = cut(said(subject, language), MOST_IN_A_SUBJECT)
    return made


def _set_boundaries(made: EmailMessage, digest: str) -> None:
    """Set boundaries with an '_', which base64 does not have: no text of a customer can end a part."""
    multiparts = (part for part in made.walk() if part.is_multipart())
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{number}_{digest[:32]}")


def _text(outreach: OutreachList, frame: pd.DataFrame, language: Language) -> Iterator[str]:
    about: dict[str, date | int] = {"day": outreach.as_of, "count": len(frame)}
    yield said(Message("Whom to contact, as of {day:table}: {count}. The same list is attached.", about), language)
    for entry in entries_in_words(frame, outreach.currency, language):
        yield ""
        yield from _lines(entry, language)


LINES: Mapping[str, Message] = {
    "phone": Message("phone: {it}"),
    "mail": Message("mail: {it}"),
    "title": Message("do: {it}"),
    "what_to_say": Message("say: {it}"),
    "incentive": Message("offer: {it}"),
    "opening": Message("begin: {it}"),
    "reasons": Message("why: {it}"),
    "value_at_risk": Message("at risk: {it}"),
    "due_on": Message("until: {it}"),
    "entry_id": Message("entry: {it}"),
}


def _lines(entry: Mapping[str, Any], language: Language) -> Iterator[str]:
    name = f"{entry['name']} ({entry['customer_id']})" if entry["name"] else entry["customer_id"]
    yield f"{number_text(entry['position'], language)}. {name}"
    for column, line in LINES.items():
        if text := joined(entry[column]):
            yield f"   {_line(column, replace(line, values={'it': text}), language)}"


def _line(column: str, line: Message, language: Language) -> str:
    """Return a line; among letters that run from right to left the groups of a number would change their places."""
    return said(line, language, isolated=column in REACH_NAMES and language.is_right_to_left)

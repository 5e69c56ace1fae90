"""The summary of a week by mail, to the addresses of [weekly] mail_to, through the server of [deliver]."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from features.errors import InputError, RegularsError
from features.language.messages import Message, Sentence, said, sentence
from serving.commands.lists.mail_out import PASSWORD, connected, trouble
from serving.commands.weekly.said import Said
from serving.commands.weekly.summary import Summary
from serving.config import Settings
from serving.config.settings import DeliverSettings
from serving.outreach.exports.list_mails import check_addresses


def check_summary_mail(settings: Settings) -> None:
    """Find out before a run goes on whether its summary can be mailed.

    Args:
        settings: of the shop.

    Raises:
        InputError: an address is none, or the password of the mail server's user is not in the environment.
    """
    if not settings.weekly.mail_to or settings.deliver is None:
        return
    to = {f"[weekly] mail_to, number {place}": each for place, each in enumerate(settings.weekly.mail_to, 1)}
    check_addresses({**to, "[deliver] sender": settings.deliver.sender})
    if settings.deliver.user and not os.environ.get(PASSWORD):
        raise InputError(f"[deliver] user = {settings.deliver.user!r} needs the environment variable {PASSWORD}")


def mail_summary(settings: Settings, summary: Summary) -> Said:
    """Mail a summary, and say to how many; a server that does not take it breaks nothing off.

    Args:
        settings: of the shop.
        summary: to be mailed.
    """
    to, deliver = settings.weekly.mail_to, settings.deliver
    assert deliver is not None, "settings without a server have no mail_to"
    try:
        refused = _sent(deliver, to, summary)
    except (OSError, smtplib.SMTPException) as error:
        why = sentence("the summary was not mailed: {server} {why}", server=deliver.host, why=trouble(error))
        return Said((why,), {"mailed": 0}, not_mailed=len(to))
    return Said(_mailed_to(len(to) - len(refused), len(refused)), {"mailed": len(to) - len(refused)}, (), len(refused))


def _mailed_to(count: int, refused: int) -> tuple[Sentence, ...]:
    values = {"count": count, "refused": refused}
    if not refused:
        plain = Message("mailed to {count} address", values, plural="mailed to {count} addresses", count=count)
        return (Sentence.of(plain),)
    told = Message(
        "mailed to {count} address; the server refuses {refused}",
        values,
        plural="mailed to {count} addresses; the server refuses {refused}",
        count=count,
    )
    return (Sentence.of(told),)


def mail_failure(settings: Settings, stage: str, error: RegularsError) -> None:
    """Mail that a run stopped, without any cell or path; where that fails too, the exit code and the log tell alone.

    Args:
        settings: of the shop.
        stage: at which it stopped.
        error: why.
    """
    if not settings.weekly.mail_to or settings.deliver is None:
        return
    stopped = sentence("Regulars stopped at {stage}: exit code {code}", stage=stage, code=error.exit_code)
    goes_on = sentence("what was done before stays; run it again, and it goes on at {stage}", stage=stage)
    subject, again = (said(each, settings.language) for each in (stopped, goes_on))
    with suppress(OSError, smtplib.SMTPException):
        _sent(settings.deliver, settings.weekly.mail_to, Summary(subject, [subject, "", error.in_public, again]))


def _sent(deliver: DeliverSettings, to: tuple[str, ...], summary: Summary) -> Mapping[str, object]:
    """Send one mail to all; return who was refused."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = deliver.sender, ", ".join(to), summary.subject
    made["Date"], made["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain=_domain(deliver.sender))
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note answers it
    made.set_content("\n".join(summary.lines) + "\n", cte="base64")
    with connected(deliver) as server:
        return server.sendmail(deliver.sender, list(to), made.as_bytes())


def _domain(address: str) -> str:
    """Return the domain of an address: the machine's own name belongs in no mail."""
    return address.rpartition("@")[2]

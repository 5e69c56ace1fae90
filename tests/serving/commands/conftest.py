"""What the tests of commands share: a mail server that takes, refuses and breaks off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.loopback import free_port


class Mailbox:
    """Keeps what it takes; refuses or breaks off for addresses that it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[Sequence[str], EmailMessage]] = []
        self.refused: set[str] = set()
        self.broken_off: set[str] = set()

    async def handle_RCPT(self, server: Any, _: Any, envelope: Any, address: str, __: Any) -> str:
        if address in self.refused:
            return f"550 no such user {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _: Any, envelope: Any) -> str:
        made = message_from_bytes(envelope.content, policy=policy.SMTP)
        assert isinstance(made, EmailMessage)
        self.taken.append((tuple(envelope.rcpt_tos), made))
        if self.broken_off & {*envelope.rcpt_tos}:
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    def known(*arguments: Any) -> AuthResult:
        given = arguments[-1]
        good = isinstance(given, LoginPassword) and given.password == b"right"
        return AuthResult(success=good, handled=False)

    number = free_port()
    server = Controller(mailbox, hostname="127.0.0.1", port=number, authenticator=known, auth_require_tls=False)
    server.start()
    yield number
    server.stop()

"""One message over real connections: to receivers that hang, drip, redirect, go away, or are somebody else."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from serving.webhooks import http_send as sending
from serving.webhooks.http_send import ANSWER_BYTES, Bounds, send
from serving.webhooks.receivers import Receiver
from tests.serving.webhooks.conftest import Inbox, close_early, drip, hang, listening

BODY = b'{"type":"ping"}'
SHORT = Bounds(connect_seconds=1.0, read_seconds=0.4, whole_seconds=1.2)


def post(inbox: Inbox, bounds: Bounds = SHORT, trust: ssl.SSLContext | None = None) -> sending.Answer:
    return send(inbox.receiver, "msg_1", BODY, bounds, trust)


def test_a_message_arrives_signed(inbox: Inbox) -> None:
    answer = post(inbox)
    assert (answer.arrived, answer.status, answer.trouble) == (True, 204, None)
    assert inbox.verified() == 1
    headers, body = inbox.got[0]
    assert body == BODY
    assert headers["webhook-id"] == "msg_1"
    assert headers["Host"] == f"localhost:{inbox.port}"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(inbox: Inbox, other_inbox: Inbox, status: int) -> None:
    inbox.answer = answer_with(f"HTTP/1.1 {status} There\r\nLocation: {other_inbox.url}\r\nContent-Length: 0\r\n\r\n")
    answer = post(inbox)
    assert not answer.arrived
    assert answer.trouble == f"the receiver answered {status}, and redirects are not followed"
    assert not other_inbox.got


def answer_with(text: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answering(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(text.encode())
        request.close_connection = True

    return answering


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_counts(inbox: Inbox, status: int) -> None:
    inbox.statuses = [status]
    assert post(inbox).arrived


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_any_other_answer_does_not(inbox: Inbox, status: int) -> None:
    inbox.statuses = [status]
    assert post(inbox) == sending.Answer(status, f"the receiver answered {status}")


@pytest.mark.parametrize(
    ("behaviour", "least_seconds", "message"),
    [
        (hang, 0.4, "the receiver does not answer in time"),
        (drip, 1.2, "no whole answer in time"),
        (close_early, 0.0, "the connection failed: RemoteDisconnected"),
        (answer_with("SSH-2.0-OpenSSH_9.6\r\n"), 0.0, "the connection failed: BadStatusLine"),
        (answer_with("HTTP/1.1 100 Continue\r\n\r\n" * 5_000), 0.0, "the connection failed: RemoteDisconnected"),
        (answer_with("HTTP/1.1 200 OK\r\n" + "a: b\r\n" * 500), 0.0, "the connection failed: HTTPException"),
    ],
)
def test_a_bad_receiver_is_let_go_of_in_time(inbox: Inbox, behaviour: Any, least_seconds: float, message: str) -> None:
    inbox.answer = behaviour
    began = time.monotonic()
    answer = post(inbox)
    assert least_seconds <= time.monotonic() - began < 20.0
    assert answer == sending.Answer(trouble=message)


def test_an_answer_without_end_is_not_read_to_its_end(inbox: Inbox) -> None:
    """The status has told all; what follows it may go on for ever."""
    written = 0

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal written
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            written += request.wfile.write(b"x" * 8_192)

    inbox.answer = endless
    answer = post(inbox)
    assert answer.arrived
    assert answer.text == "x" * sending.SHOWN_LETTERS
    assert written < 100 * ANSWER_BYTES  # what fits into the buffers between the two


def test_a_success_whose_body_drips_has_arrived(inbox: Inbox) -> None:
    def dripping(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            request.wfile.write(b"x")
            time.sleep(0.05)

    inbox.answer = dripping
    began = time.monotonic()
    assert post(inbox).arrived
    assert time.monotonic() - began < 20.0


def test_nobody_there_is_said(inbox: Inbox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        inbox.port = free.getsockname()[1]
        assert post(inbox).trouble == "the receiver takes no connection"


def test_a_private_address_is_refused_at_every_attempt(inbox: Inbox) -> None:
    """Whatever its name looks like, and although it was added before."""
    receiver = Receiver("hook", inbox.url.replace("http:", "https:"), inbox.secret, allow_private=False)
    assert "not public" in str(send(receiver, "msg_1", BODY).trouble)
    assert not inbox.got


def test_a_proxy_of_the_environment_is_not_asked(
    inbox: Inbox, other_inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://localhost:{other_inbox.port}")
    assert post(inbox).arrived
    assert not other_inbox.got


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side with a certificate for localhost alone, and a client's side that trusts it."""
    file = self_signed(tmp_path_factory.mktemp("certificate") / "localhost.pem")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def self_signed(file: Path) -> Path:
    """Write a key and a certificate for localhost."""
    x509 = pytest.importorskip("cryptography.x509")  # MLflow brings it
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.fromtimestamp(time.time(), UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    return file


@pytest.fixture
def encrypted(certified: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[Inbox]:
    with listening(Inbox(), certified[0]) as opened:
        yield opened


def test_an_encrypted_message_arrives(encrypted: Inbox, certified: Any) -> None:
    """The address is connected to; the certificate is asked to be the name's."""
    assert post(encrypted, trust=certified[1]).arrived
    assert encrypted.verified() == 1


def test_a_certificate_that_nobody_trusts_ends_it(encrypted: Inbox) -> None:
    assert str(post(encrypted).trouble).startswith("the receiver's certificate is not trusted: self")
    assert not encrypted.got


def test_a_certificate_of_another_name_ends_it(encrypted: Inbox, certified: Any) -> None:
    """Trusted, and still not the one that was asked for."""
    other = replace(encrypted.receiver, url=encrypted.url.replace("localhost", "127.0.0.1"))
    answer = send(other, "msg_1", BODY, SHORT, certified[1])
    assert "not trusted" in str(answer.trouble)
    assert "127.0.0.1" in str(answer.trouble)
    assert not encrypted.got


def test_a_handshake_that_drips_is_let_go_of_in_time() -> None:
    """The bound is on all of it, not on the HTTP part."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def dripping() -> None:
            connection, _ = listener.accept()
            record = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc"  # the beginning of a long server hello
            try:
                for at in range(10_000):
                    connection.sendall(record[at : at + 1] or b"\0")
                    time.sleep(0.05)
            except OSError:
                connection.close()

        thread = threading.Thread(target=dripping)
        thread.start()
        receiver = Inbox(scheme="https", port=listener.getsockname()[1]).receiver
        began = time.monotonic()
        answer = send(receiver, "msg_1", BODY, Bounds(connect_seconds=1.0, read_seconds=30.0, whole_seconds=0.8))
        assert time.monotonic() - began < 20.0
        assert answer.trouble == "no whole answer in time"
        thread.join()


def test_what_went_wrong_tells_neither_url_nor_secret(inbox: Inbox) -> None:
    for behaviour in (hang, close_early):
        inbox.answer = behaviour
        said = str(post(inbox).trouble)
        assert not [word for word in (inbox.secret, "localhost", str(inbox.port), "shop=7") if word in said]

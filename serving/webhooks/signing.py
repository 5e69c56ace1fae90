"""Signatures of the Standard Webhooks specification: `sign` for the sender, `verify` for the receiver.

The signed text is `id.timestamp.body`, so neither the body nor the time can be replaced; the receiver's replay window
limits how long a recorded message is accepted. Source: Standard Webhooks 1.0.0, https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping

SECRET_PREFIX, VERSION = "whsec_", "v1"
SECRET_BYTES = 32  # the specification asks for 24 to 64
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
MOST_DIGITS = 12  # of a timestamp: seconds until the year 33658


class NotVerified(ValueError):
    """A message was not signed with the secret, was changed on the way, or lies outside the replay window."""


def new_secret() -> str:
    """Return a new random secret.

    >>> new_secret()[:6], len(new_secret())
    ('whsec_', 50)
    """
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(
    body: bytes, message_id: str, sent_seconds: int, secret: str, former_secret: str | None = None
) -> dict[str, str]:
    """Return the three signature headers of a message; the example is the specification's own.

    Args:
        body: as it is sent, byte for byte.
        message_id: the same on every attempt.
        sent_seconds: time of this attempt, seconds since 1970.
        secret: `whsec_` and the key in Base64.
        former_secret: signs too, for the time while it is being replaced.

    Raises:
        ValueError: the secret has another form.

    >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> sign(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, secret)["webhook-signature"]
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    moment = str(sent_seconds)
    signatures = (_signature(body, message_id, moment, each) for each in (secret, former_secret) if each is not None)
    return {ID: message_id, TIMESTAMP: moment, SIGNATURE: " ".join(signatures)}


def verify(
    body: bytes, headers: Mapping[str, str], secret: str, now_seconds: float, tolerance_seconds: int = 300
) -> None:
    """Accept a message that was signed with the secret within the replay window; refuse any other.

    Args:
        body: as it came, before anything parsed it.
        headers: of the request, in upper or lower case; the signature header may hold several signatures, for the time
            while a secret is being replaced.
        secret: as `regulars webhooks add` printed it.
        now_seconds: the receiver's clock, seconds since 1970.
        tolerance_seconds: the replay window, before and after now, since clocks differ.

    Raises:
        NotVerified: a header is missing, the time lies outside the window, or no signature matches.

    >>> secret = new_secret()
    >>> headers = sign(b"{}", "msg_1", 1_000, secret)
    >>> verify(b"{}", headers, secret, now_seconds=1_010)
    >>> verify(b"{}", headers, secret, now_seconds=2_000)
    Traceback (most recent call last):
    ...
    serving.webhooks.signing.NotVerified: webhook-timestamp is more than 300 seconds away
    """
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not given.get(name)]
    if missing:
        raise NotVerified(f"{missing[0]} is missing")
    moment = given[TIMESTAMP]
    if not (moment.isascii() and moment.isdigit() and len(moment) <= MOST_DIGITS):
        raise NotVerified(f"{TIMESTAMP} is not a number of seconds")
    if abs(now_seconds - int(moment)) > tolerance_seconds:
        raise NotVerified(f"{TIMESTAMP} is more than {tolerance_seconds} seconds away")
    expected = _signature(body, given[ID], moment, secret).encode()
    # Compared in constant time: how long it takes reveals nothing of where they differ.
    same = [hmac.compare_digest(expected, each.encode("utf-8", "replace")) for each in given[SIGNATURE].split()]
    if not any(same):
        raise NotVerified(f"{SIGNATURE} does not fit")


def _signature(body: bytes, message_id: str, moment: str, secret: str) -> str:
    signed = f"{message_id}.{moment}.".encode("utf-8", "replace") + body
    return f"{VERSION},{base64.b64encode(hmac.digest(_key(secret), signed, 'sha256')).decode()}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError(f"a webhook's secret is {SECRET_PREFIX} and a key in Base64")
    return key

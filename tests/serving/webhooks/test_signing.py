"""Signatures: those that others published, and everything that must not pass."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.webhooks.signing import NotVerified, new_secret, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, MOMENT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def headers(**changed: str) -> dict[str, str]:
    made = {"webhook-id": ID, "webhook-timestamp": str(MOMENT), "webhook-signature": SIGNED}
    return made | {name.replace("_", "-"): value for name, value in changed.items()}


def test_the_vector_of_the_specification() -> None:
    """Made by the authors of Standard Webhooks, not by us."""
    assert sign(BODY, ID, MOMENT, SECRET) == headers()
    verify(BODY, headers(), SECRET, MOMENT)


@pytest.mark.parametrize(
    "signatures",
    [f"v1,{'A' * 43}= {SIGNED}", f"{SIGNED} v2,abc", f"v1a,x {SIGNED}", f"  {SIGNED}  "],
)
def test_one_of_several_signatures_is_enough(signatures: str) -> None:
    verify(BODY, headers(webhook_signature=signatures), SECRET, MOMENT)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"webhook_id": "msg_other"}, "does not fit"),
        ({"webhook_timestamp": str(MOMENT + 1)}, "does not fit"),
        ({"webhook_timestamp": f"{MOMENT} "}, "not a number"),
        ({"webhook_timestamp": "١٦١٤٢٦٥٣٣٠"}, "not a number"),
        ({"webhook_timestamp": "9" * 5_000}, "not a number"),
        ({"webhook_timestamp": "-1"}, "not a number"),
        ({"webhook_signature": SIGNED.removeprefix("v1,")}, "does not fit"),
        ({"webhook_signature": SIGNED.replace("v1,", "v2,")}, "does not fit"),
        ({"webhook_signature": SIGNED[:-2]}, "does not fit"),
        ({"webhook_signature": "v1,ÿ\udcff"}, "does not fit"),
        ({"webhook_signature": ""}, "webhook-signature is missing"),
        ({"webhook_id": ""}, "webhook-id is missing"),
    ],
)
def test_a_changed_header_does_not_pass(changed: dict[str, str], message: str) -> None:
    with pytest.raises(NotVerified, match=message):
        verify(BODY, headers(**changed), SECRET, MOMENT)


@pytest.mark.parametrize(("away", "passes"), [(300, True), (-300, True), (300.5, False), (-301, False), (1e9, False)])
def test_the_replay_window_is_five_minutes_to_either_side(away: float, passes: bool) -> None:
    if passes:
        verify(BODY, headers(), SECRET, MOMENT + away)
    else:
        with pytest.raises(NotVerified, match="more than 300 seconds away"):
            verify(BODY, headers(), SECRET, MOMENT + away)


def test_names_of_headers_are_in_any_case() -> None:
    verify(BODY, {name.title(): value for name, value in headers().items()}, SECRET, MOMENT)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_?", "whsec_abc"])
def test_what_is_no_secret_signs_nothing(secret: str) -> None:
    """An empty key would let anybody sign."""
    with pytest.raises(ValueError, match="a key in Base64"):
        sign(BODY, ID, MOMENT, secret)


@given(st.binary(max_size=200), st.integers(0, 10**11), st.integers(0, 10**6))
@settings(deadline=None)
def test_any_body_passes_as_it_was_sent_and_no_other(body: bytes, moment: int, place: int) -> None:
    secret = new_secret()
    signed = sign(body, "msg_1", moment, secret)
    verify(body, signed, secret, moment)
    at = place % (len(body) + 1)
    for other in (body[:at] + b"x" + body[at:], body[:at] + body[at + 1 :]):
        if other != body:
            with pytest.raises(NotVerified):
                verify(other, signed, secret, moment)
    with pytest.raises(NotVerified):
        verify(body, signed, new_secret(), moment)

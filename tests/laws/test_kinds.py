"""Law: kinds of events are data. A new one gets its features without an edit; what the shop sends gets none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.definitions import default_features
from features.definitions.engagement import event_kinds
from tests.laws.shops import Shop, same_bits, shops, table
from tests.oracle import Event, Line, log_of

PLAIN = frozenset(default_features().names)
ORDERS = (Line("ann", 10), Line("ann", 40))
WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)


def names_with(*kinds: str, value: float | None = None) -> set[str]:
    log = log_of(ORDERS, [Event("ann", kind, 20, value=value) for kind in kinds])
    return set(default_features(event_kinds(log)).names) - PLAIN


@given(WORDS)
def test_a_new_kind_gets_features_without_an_edit(kind: str) -> None:
    found = names_with(kind)
    assert len(found) >= 4
    assert all(kind in name for name in found)
    assert len(names_with(kind, value=3.5)) > len(found)


@pytest.mark.parametrize("kind", ["order", "return", "spend", "lines", "products", "order_days"])
def test_a_kind_may_be_called_like_something_of_ours(kind: str) -> None:
    assert len(names_with(kind)) >= 4


@given(WORDS)
def test_what_the_shop_sends_gets_no_feature_of_its_own(topic: str) -> None:
    assert names_with(f"{topic}_sent") == set()


def test_an_answer_is_measured_against_what_was_sent() -> None:
    alone, against = names_with("mail_clicked"), names_with("mail_clicked", "mail_sent")
    assert len(against - alone) == 3
    assert all("sent" not in name for name in against)


@given(shops(), st.integers(1, 5))
def test_sending_more_mail_changes_only_the_share_answered(shop: Shop, mails: int) -> None:
    features = default_features(
        event_kinds(log_of(ORDERS, [Event("ann", k, 20) for k in ("mail_sent", "mail_clicked")]))
    )
    more = shop.plus(Shop((), tuple(Event(line.customer, "mail_sent", line.day) for line in shop.lines) * mails, ()))
    before, after = table(shop, features), table(more, features)
    own = [name for name in before.columns if "answered" not in name]
    assert len(own) == len(before.columns) - 3
    same_bits(before[own], after[own])

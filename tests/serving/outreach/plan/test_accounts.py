"""Who belongs to which account: everybody to one, and what the customers file says is stripped."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.outreach.plan.accounts import Accounts, account_of, accounts_of

NAMES = st.sampled_from("abcdefg")


@settings(max_examples=60, deadline=None)
@given(parent=st.dictionaries(NAMES, NAMES, max_size=6), others=st.sets(NAMES))
def test_every_customer_is_of_one_account(parent: dict[str, str], others: set[str]) -> None:
    """Also where an account bears the id of a customer, of another account or of its own."""
    known = frozenset({*parent, *others})
    accounts = Accounts(parent, known)
    named = {accounts.of(who) for who in known}
    whose = {account: accounts.customers(account) for account in named}
    assert sorted(who for each in whose.values() for who in each) == sorted(known)
    for account, customers in whose.items():
        assert list(customers) == sorted(customers)
        assert {accounts.of(who) for who in customers} == {account}


def test_an_account_that_nobody_is_of_has_no_customers() -> None:
    accounts = Accounts({"a": "firm", "house": "firm"}, frozenset({"a", "house"}))
    assert accounts.customers("nobody") == ()
    assert accounts.customers("house") == ()
    assert accounts.customers("firm") == ("a", "house")
    assert accounts.of("nobody") == "nobody"


def test_who_is_scored_and_who_is_in_the_file_are_customers() -> None:
    scores = pd.DataFrame({"customer_id": ["a", "b"]})
    customers = pd.DataFrame({"customer_id": ["b", "c", "d"], "account": [" firm ", None, "  "]})
    found = accounts_of(scores, customers)
    assert (found.known, found.parent) == ({"a", "b", "c", "d"}, {"b": "firm"})
    assert (accounts_of(scores, None).known, accounts_of(scores, None).parent) == ({"a", "b"}, {})


def test_a_file_without_accounts_has_none() -> None:
    assert account_of(None) == {}
    assert account_of(pd.DataFrame({"customer_id": ["a"]})) == {}
    none = pd.DataFrame({"customer_id": ["a", "b"], "account": [None, float("nan")]}, dtype=object)
    assert account_of(none) == {}

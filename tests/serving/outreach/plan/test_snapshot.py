"""What the book knows of accounts whose customers have come from elsewhere since."""

from __future__ import annotations

from datetime import date

import pandas as pd

from serving.outreach.plan.snapshot import Snapshot

OLD, NEW = date(2026, 2, 2), date(2026, 2, 23)
FORMER = ["account_id", "customer_id", "kind", "owner", "playbook", "as_of"]
CONTACTS = ["customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner"]


def test_a_new_book_knows_nothing() -> None:
    snapshot = Snapshot()
    assert (snapshot.listed_on({}), snapshot.listed_accounts({}), snapshot.contacted_on({})) == ({}, frozenset(), {})
    assert list(snapshot.former.columns) == FORMER
    assert list(snapshot.contacts.columns) == CONTACTS
    assert snapshot.held.dtypes.eq(object).all()


def test_the_former_list_counts_for_the_account_and_for_those_its_customers_joined() -> None:
    """Who was listed as "ann" may be of "firm" by now; what the account itself was listed on counts before that."""
    rows = [("ann", "ann", OLD), ("firm", "bob", NEW), ("eve", "eve", OLD)]
    former = pd.DataFrame([(a, c, "regular", "Ada", "", day) for a, c, day in rows], columns=FORMER)
    snapshot, account_of = Snapshot(former=former), {"ann": "firm", "bob": "house"}
    assert snapshot.listed_on(account_of) == {"ann": OLD, "firm": NEW, "house": NEW, "eve": OLD}
    assert snapshot.listed_accounts(account_of) == {"ann", "firm", "house", "eve"}


def test_the_latest_contact_counts_whichever_customer_it_was_with() -> None:
    rows = [("ann", NEW), ("bob", OLD), ("eve", OLD), ("eve", NEW), ("zoe", OLD)]
    contacts = pd.DataFrame([(who, day, "call", "e", "", "Ada") for who, day in rows], columns=CONTACTS)
    assert Snapshot(contacts=contacts).contacted_on({"ann": "firm", "bob": "firm"}) == {
        "firm": NEW,
        "eve": NEW,
        "zoe": OLD,
    }

"""Whom the programme holdout draws on a day: by accounts, under the book's key, and whom the book remembers stay."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.programme import keyed_draws, programme_today
from serving.outreach.plan.snapshot import PROGRAMME_NAMES, Snapshot

MONDAY, BEFORE = date(2026, 3, 2), date(2026, 1, 5)
DRAWN = [0.5736353913808586, 0.11413470029368805, 0.5413527982641144]
DRAWN_BY_64 = [0.7440311326698834]
IDS = [f"c{n:02}" for n in range(40)]
FIRMS = Accounts({who: f"firm {place // 2}" for place, who in enumerate(IDS[:20])}, frozenset(IDS))


def remembered(*who: tuple[str, str], key: str = "key") -> Snapshot:
    rows = pd.DataFrame([(*each, BEFORE) for each in who], columns=list(PROGRAMME_NAMES), dtype=object)
    return Snapshot(programme=rows.set_axis(range(len(rows))[::-1]), programme_key=key)


def test_a_draw_is_for_ever() -> None:
    """These are written down: other numbers would end one programme holdout and begin another."""
    assert keyed_draws(["ann", "bob", "μαρία"], "key").tolist() == DRAWN
    assert keyed_draws(["half \ud83d"], "key").shape == (1,)
    assert keyed_draws(["ann"], "k" * 64).tolist() == DRAWN_BY_64 == keyed_draws(["ann"], "k" * 99).tolist()
    assert keyed_draws(["ann"], "k" * 63).tolist() != DRAWN_BY_64
    numbers = keyed_draws(IDS, "key")
    assert 0 <= numbers.min() < 0.2
    assert 0.8 < numbers.max() < 1
    assert keyed_draws([], "key").dtype == np.float64


def test_accounts_are_drawn_whose_number_lies_below_the_share_with_all_their_customers() -> None:
    accounts = sorted({FIRMS.of(who) for who in IDS})
    numbers = dict(zip(accounts, keyed_draws(accounts, "key").tolist(), strict=True))
    found = programme_today(remembered(), FIRMS, IDS, 0.3, MONDAY)
    assert found.accounts == {account for account, number in numbers.items() if number < 0.3}
    rows = [(who, account, MONDAY) for account in sorted(found.accounts) for who in FIRMS.customers(account)]
    assert list(found.drawn.itertuples(index=False, name=None)) == rows
    assert list(found.members.itertuples(index=False, name=None)) == rows
    assert found.drawn.dtypes.eq(object).all()
    assert any(account.startswith("firm") for account in found.accounts)
    at_the_number = programme_today(remembered(), FIRMS, IDS, numbers["c30"], MONDAY)
    assert "c30" not in at_the_number.accounts


def test_who_is_scored_decides_and_the_others_of_the_account_come_with_it() -> None:
    found = programme_today(remembered(), FIRMS, ["c00"], 0.999999, MONDAY)
    assert found.drawn["customer_id"].tolist() == ["c00", "c01"]
    stranger = programme_today(remembered(), Accounts({}), ["ann"], 0.999999, MONDAY)
    assert list(stranger.drawn.itertuples(index=False, name=None)) == [("ann", "ann", MONDAY)]


@pytest.mark.parametrize("share", [0.0, 0.999999])
def test_the_account_of_whom_the_book_remembers_is_left_alone_and_not_drawn_again(share: float) -> None:
    """Wherever they went: it is the account of today that counts."""
    found = programme_today(remembered(("c00", "c00"), ("gone", "gone")), FIRMS, ["c00", "c01", "c30"], share, MONDAY)
    new = [("c30", "c30", MONDAY)] if share else []
    assert found.accounts == {"firm 0", "gone", *(who for who, _, _ in new)}
    assert list(found.drawn.itertuples(index=False, name=None)) == new
    known = [("c00", "c00", BEFORE), ("gone", "gone", BEFORE)]
    assert list(found.members.itertuples(index=False, name=None)) == [*known, *new]
    assert found.members.index.is_unique
    assert tuple(found.drawn.columns) == PROGRAMME_NAMES


def test_an_id_is_drawn_as_it_is_written() -> None:
    for who in ("half \0", "07", "علی"):
        found = programme_today(remembered(), Accounts({}, frozenset({who})), [who], 0.999999, MONDAY)
        assert (found.accounts, found.drawn["account_id"].tolist()) == ({who}, [who])


def test_where_nobody_is_drawn_the_members_are_those_of_the_book() -> None:
    known = remembered(("c00", "c00"), ("gone", "gone"))
    assert programme_today(known, FIRMS, ["c00"], 0.5, MONDAY).members.equals(known.programme)


def test_a_share_of_nobody_draws_nobody() -> None:
    found = programme_today(remembered(), FIRMS, IDS, 0.0, MONDAY)
    assert (found.accounts, len(found.members), len(found.drawn)) == (frozenset(), 0, 0)

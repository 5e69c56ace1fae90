"""The programme holdout: drawn by a keyed hash, kept for ever by people, and never on any list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.programme import keyed_draws, programme_today
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.suppression import PROGRAMME
from tests.serving.conftest import build_customers, build_scores

MONDAY = date(2026, 3, 2)
EVERYBODY = [f"c{n:03}" for n in range(400)]


def planned(ids: list[str], share: float, snapshot: Snapshot | None = None, **more: object) -> OutreachList:
    scores = build_scores(*((who, 0.9, "30.00") for who in ids))
    policy = Policy(holdout_share=0.0, programme_holdout_share=share)
    return plan(scores, currency="EUR", policy=policy, snapshot=snapshot or Snapshot(programme_key="k"), **more)


def after(found: OutreachList) -> Snapshot:
    return Snapshot(programme=found.programme, programme_key="k")


def test_about_the_share_is_drawn_and_left_off_with_the_reason() -> None:
    found = planned(EVERYBODY, 0.2)
    assert len(found.programme) == pytest.approx(80, abs=25)
    off = found.suppressed[found.suppressed["reason"] == PROGRAMME]
    assert set(off["customer_id"]) == set(found.programme["customer_id"])
    assert found.left_out[PROGRAMME] == len(off)
    assert not set(found.customer_ids) & set(found.programme["customer_id"])
    assert not set(found.episodes["customer_id"]) & set(found.programme["customer_id"])


def test_the_same_key_draws_the_same_and_another_key_does_not() -> None:
    one, again = planned(EVERYBODY, 0.2), planned(EVERYBODY[::-1], 0.2)
    assert set(one.programme["customer_id"]) == set(again.programme["customer_id"])
    assert not np.allclose(keyed_draws(EVERYBODY, "k"), keyed_draws(EVERYBODY, "other"))


def test_a_larger_share_keeps_whom_a_smaller_one_drew() -> None:
    small = planned(EVERYBODY, 0.05)
    assert set(small.programme["customer_id"]) < set(planned(EVERYBODY, 0.2).programme["customer_id"])


def test_once_drawn_they_stay_when_it_is_switched_off() -> None:
    first = planned(EVERYBODY, 0.2)
    later = planned(EVERYBODY, 0.0, after(first))
    assert later.programme_drawn.empty
    assert not set(later.customer_ids) & set(first.programme["customer_id"])


def test_an_account_that_holds_one_of_them_is_left_alone_wherever_they_go() -> None:
    known = Snapshot(programme=pd.DataFrame({"customer_id": ["ann"], "account_id": ["ann"], "since": [MONDAY]}))
    accounts = Accounts({"ann": "firm", "bob": "firm"}, frozenset({"ann", "bob"}))
    assert programme_today(known, accounts, ["ann", "bob"], 0.0, MONDAY).accounts == {"firm"}


@settings(max_examples=20)
@given(
    share=st.sampled_from([0.0, 0.1, 0.5]),
    later=st.sampled_from([0.0, 0.1, 0.9]),
    states=st.lists(st.sampled_from(["new", "at_risk", "lapsed"]), min_size=30, max_size=30),
    owners=st.lists(st.sampled_from(["firm", "house", None]), min_size=30, max_size=30),
)
def test_law_none_of_it_is_ever_on_any_list(
    share: float, later: float, states: list[str], owners: list[str | None]
) -> None:
    """Whatever the kind, the account, the random cell, and the share of a later list."""
    ids = EVERYBODY[:30]
    scores = build_scores(*((who, 0.9, "30.00") for who in ids)).assign(state=states)
    people = build_customers(*((who, None) for who in ids)).assign(account=owners)
    policy = Policy(holdout_share=0.2, programme_holdout_share=share, random_share=0.2)
    cell = frozenset(ids[:8])
    first = plan(scores, people, currency="EUR", policy=policy, snapshot=Snapshot(programme_key="k"), random_cell=cell)
    again = replace(policy, programme_holdout_share=later)
    second = plan(scores, None, currency="EUR", policy=again, snapshot=after(first), random_cell=cell)
    for found, members in ((first, first.programme), (second, second.programme)):
        assert not {*found.customer_ids, *found.episodes["customer_id"]} & set(members["customer_id"])
    assert set(first.programme["customer_id"]) <= set(second.programme["customer_id"])


def test_members_stay_apart_next_week() -> None:
    first = planned(EVERYBODY, 0.2)
    second = planned(EVERYBODY, 0.2, after(first), random_cell=frozenset(EVERYBODY[:40]))
    assert second.programme_drawn.empty
    assert set(second.programme["customer_id"]) == set(first.programme["customer_id"])
    assert not set(second.customer_ids) & set(first.programme["customer_id"])


def test_a_share_of_everybody_is_refused() -> None:
    with pytest.raises(InputError, match="programme_holdout_share lies from 0 to below 1"):
        Policy(programme_holdout_share=1.0)

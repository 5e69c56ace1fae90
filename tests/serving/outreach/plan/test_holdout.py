"""The draw: fair, stratified, the same again, and kept for ever."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.outreach.plan.holdout import HOLDOUT, TREATED, draws, random_cell, strata, with_arms

DRAWN_ON_MONDAY = ["c29", "c31", "c39"]
HELD_OF_47 = {"c1", "c14", "c21", "c33"}
NEVER = pd.DataFrame(columns=["account_id", "playbook", "arm", "stratum"])


def accounts(*ids: str, stratum: str = "regular high large", playbook: str = "call") -> pd.DataFrame:
    """Accounts in one stratum, best first."""
    return pd.DataFrame({"account_id": list(ids), "playbook": playbook, "stratum": stratum}, dtype=object)


def held(found: pd.DataFrame) -> set[str]:
    return set(found.loc[found["arm"] == HOLDOUT, "account_id"])


def test_of_each_twenty_that_stand_together_the_share_is_held_out() -> None:
    """The most urgent hold as many of both arms as the least urgent."""
    found = with_arms(accounts(*(f"c{n}" for n in range(200))), NEVER, 0.15)
    per_block = (found["arm"] == HOLDOUT).groupby(np.arange(200) // 20).sum()
    assert per_block.tolist() == [3] * 10


def test_small_lists_hold_out_the_share_on_average() -> None:
    """Seven accounts a week: now and then one of them, and over many weeks the share."""
    share = 0.15
    drawn = [with_arms(accounts(*(f"w{week}c{n}" for n in range(7))), NEVER, share) for week in range(60)]
    found = pd.concat(drawn)
    error = np.sqrt(share * (1 - share) / len(found))
    assert abs((found["arm"] == HOLDOUT).mean() - share) < 4 * error


def test_each_stratum_is_drawn_by_itself() -> None:
    """Ten of each hundred, however the strata are mixed."""
    both = pd.concat([accounts(*(f"{kind}{n}" for n in range(100)), stratum=kind) for kind in ("small", "large")])
    mixed = both.sample(frac=1, random_state=1).reset_index(drop=True)
    found = with_arms(mixed, NEVER, 0.1)
    assert found[found["arm"] == HOLDOUT].groupby("stratum").size().to_dict() == {"small": 10, "large": 10}


def test_an_arm_and_its_stratum_stay_whatever_the_share_becomes() -> None:
    """Also when nobody is to be held out any more: who came back would be in both arms."""
    rows = accounts(*(f"c{n}" for n in range(60)))
    first = with_arms(rows, NEVER, 0.2)
    known = first[["account_id", "arm", "stratum"]].assign(playbook="")
    for share in (0.0, 0.9):
        again = with_arms(rows.assign(stratum="new low small"), known, share)
        assert held(again) == held(first)
        assert set(again["stratum"]) == {"regular high large"}
    assert held(with_arms(accounts("x", "y", "z"), known, 0.0)) == set()


def test_one_draw_holds_for_all_playbooks_unless_each_has_its_own() -> None:
    """By playbook an account is held out of one and treated in another."""
    ids = [f"c{n}" for n in range(100)]
    call = with_arms(accounts(*ids), NEVER, 0.2)
    known = call[["account_id", "arm", "stratum"]].assign(playbook="")
    assert held(with_arms(accounts(*ids, playbook="mail"), known, 0.2)) == held(call)
    one, other = (with_arms(accounts(*ids, playbook=name), NEVER, 0.2, by_playbook=True) for name in ("call", "mail"))
    assert len(held(one)) == len(held(other)) == 20
    assert held(one) != held(other)
    kept = with_arms(accounts(*ids), one[["account_id", "playbook", "arm", "stratum"]], 0.9, by_playbook=True)
    assert held(kept) == held(one)


@pytest.mark.parametrize("first", [HOLDOUT, TREATED])
def test_of_two_former_draws_the_holdout_decides(first: str) -> None:
    """Whichever of them was for all playbooks; it comes with the stratum in which it was drawn."""
    other = TREATED if first == HOLDOUT else HOLDOUT
    rows = [("ann", "", first, f"of {first}"), ("ann", "call", other, f"of {other}")]
    known = pd.DataFrame(rows, columns=NEVER.columns)
    found = with_arms(accounts("ann"), known, 0.0)
    assert found[["arm", "stratum"]].to_numpy().tolist() == [[HOLDOUT, f"of {HOLDOUT}"]]


def test_a_draw_says_what_it_is_for_and_whether_it_is_new() -> None:
    """For all playbooks unless each is asked to have its own."""
    rows = accounts("ann", "bob")
    known = pd.DataFrame([("ann", "", TREATED, "x")], columns=NEVER.columns)
    found = with_arms(rows, known, 0.5)
    assert found["is_new_draw"].tolist() == [False, True]
    assert found["drawn_for"].tolist() == ["", ""]
    assert with_arms(rows, known, 0.5, by_playbook=True)["drawn_for"].tolist() == ["call", "call"]


@pytest.mark.parametrize("arm", [HOLDOUT, TREATED])
def test_of_two_former_draws_of_one_arm_the_one_for_all_playbooks_says_the_stratum(arm: str) -> None:
    known = pd.DataFrame([("ann", "call", arm, "a"), ("ann", "", arm, "z")], columns=NEVER.columns)
    assert with_arms(accounts("ann"), known, 0.0)["stratum"].tolist() == ["z"]


def test_arms_and_strata_are_objects_whoever_was_drawn_before() -> None:
    """A column of another type would hold NaN where the book says nothing."""
    known = pd.DataFrame([("ann", "", TREATED, "x")], columns=NEVER.columns)
    for rows in (accounts(), accounts("ann"), accounts("bob"), accounts("ann", "bob")):
        found = with_arms(rows, known, 0.5)
        assert found[["arm", "stratum"]].dtypes.eq(object).all()


def test_a_draw_is_for_ever() -> None:
    """These are written down: another number would move accounts that books hold from one arm into the other."""
    assert draws(["ann", "bob", "μαρία"]).tolist() == [0.2477464149325846, 0.6275570766514668, 0.5560616794358682]
    assert draws(["ann"], "block").tolist() == [0.7295128673141344]
    assert sorted(random_cell([f"c{n}" for n in range(40)], 3, "2026-03-02")) == DRAWN_ON_MONDAY
    assert held(with_arms(accounts(*(f"c{n}" for n in range(47))), NEVER, 0.13)) == HELD_OF_47
    weeks = (accounts(*(f"w{week}c{n}" for n in range(3))) for week in range(12))
    assert [len(held(with_arms(week, NEVER, 0.5))) for week in weeks] == [1, 2, 2, 1, 2, 2, 2, 2, 1, 1, 1, 1]


@settings(max_examples=40, deadline=None)
@given(ids=st.lists(st.text(max_size=8), unique=True, max_size=50), share=st.sampled_from([0.0, 0.1, 0.5, 0.95]))
def test_laws_of_a_draw(ids: list[str], share: float) -> None:
    """Everyone has an arm, rows keep their places, the same again gives the same, and no block holds out too many."""
    rows = accounts(*ids).set_axis(range(7, 7 + len(ids)))
    found = with_arms(rows, NEVER, share)
    assert found["account_id"].tolist() == ids
    assert found.index.tolist() == rows.index.tolist()
    assert set(found["arm"]) <= {TREATED, HOLDOUT}
    assert found["arm"].tolist() == with_arms(rows, NEVER, share)["arm"].tolist()
    for begin in range(0, len(ids), 20):
        block = found.iloc[begin : begin + 20]
        assert len(block) * share - 1 < (block["arm"] == HOLDOUT).sum() < len(block) * share + 1


def test_numbers_look_random_and_depend_on_nothing_but_the_id() -> None:
    """Even over [0, 1), and another salt draws another order."""
    ids = [f"c{n}" for n in range(4000)]
    numbers = draws(ids)
    assert np.histogram(numbers, bins=8, range=(0, 1))[0].min() > 420
    assert abs(np.corrcoef(numbers, draws(ids, "other"))[0, 1]) < 0.05
    assert draws(reversed(ids))[0] == numbers[-1]
    assert draws(["half \ud83d"]).shape == (1,)


def test_the_random_cell_is_another_one_each_day() -> None:
    """Drawn from everyone, no more than there are, and the same for the same day in any order."""
    ids = [f"c{n}" for n in range(300)]
    monday = random_cell(ids, 30, "2026-03-02")
    assert len(monday) == 30
    assert random_cell(list(reversed(ids)), 30, "2026-03-02") == monday
    assert len(monday & random_cell(ids, 30, "2026-03-09")) < 15
    assert random_cell(ids[:2], 5, "2026-03-02") == {"c0", "c1"}
    assert random_cell(["half \0"], 5, "2026-03-02") == {"half \0"}


def test_a_stratum_parts_small_from_large_at_the_median() -> None:
    """All alike are all small."""
    words = pd.Series(["regular", "new", "regular"])
    bands = pd.Series(["high", "medium", "high"])
    assert strata(words, bands, pd.Series([5, 9, 900])).tolist() == [
        "regular high small",
        "new medium small",
        "regular high large",
    ]
    assert set(strata(words, bands, pd.Series([5, 5, 5]))) == {"regular high small", "new medium small"}


def test_a_stratum_stands_where_its_row_does_and_none_goes_without() -> None:
    words, spends = pd.Series(["regular", "new"], index=[7, 3]), pd.Series([1, 2], index=[7, 3])
    found = strata(words, words, spends)
    assert found.to_dict() == {7: "regular regular small", 3: "new new large"}
    assert found.dtype == object
    with pytest.raises(ValueError, match="shorter"):
        strata(words, words[:1], spends)

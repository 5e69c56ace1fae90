"""Whose account it is: never two, never nobody, and no load that grows on one side."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.outreach.plan.owners import NO_OWNER, with_owners
from serving.outreach.plan.policy import Policy


def accounts(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["account_id", "owner", "segment"]).astype(object)


def test_the_book_counts_before_the_file_and_the_file_before_the_rule() -> None:
    rows = accounts(("a", "Eleni", "firm"), ("b", "Eleni", "firm"), ("c", None, "firm"), ("d", None, "home"))
    found, given_now = with_owners(rows, {"a": "Zoe", "other": "Nobody"}, Policy(owner_by_segment={"firm": "Farid"}))
    assert found["owner"].tolist() == ["Zoe", "Eleni", "Farid", NO_OWNER]
    assert given_now.empty


def test_whoever_has_fewest_is_next_and_it_is_said_who_was_given() -> None:
    """Accounts that somebody has already count as load; of equals the one whom the shop names first."""
    rows = accounts(("a", "Ada", None), ("b", "Ada", None), ("c", None, None), ("d", None, None), ("e", None, None))
    found, given_now = with_owners(rows, {}, Policy(owners=("Ada", "Bob")))
    assert found["owner"].tolist() == ["Ada", "Ada", "Bob", "Bob", "Ada"]
    assert given_now.values.tolist() == [["c", "Bob"], ["d", "Bob"], ["e", "Ada"]]


@settings(max_examples=50, deadline=None)
@given(
    owned=st.lists(st.sampled_from(["Ada", "Bob", "Cleo", None]), max_size=30),
    owners=st.lists(st.sampled_from(["Ada", "Bob", "Cleo", "Dan"]), unique=True, min_size=1),
)
def test_turns_level_the_load(owned: list[str | None], owners: list[str]) -> None:
    """Whoever got one had, before, no more than anybody else; who has an owner keeps it."""
    rows = accounts(*((f"c{n}", owner, None) for n, owner in enumerate(owned)))
    found, given_now = with_owners(rows, {}, Policy(owners=tuple(owners)))
    assert len(given_now) == owned.count(None)
    pairs = list(zip(owned, found["owner"], strict=True))
    assert all(before == after for before, after in pairs if before is not None)
    load = {name: owned.count(name) for name in owners}
    for name in given_now["owner"]:
        assert load[name] == min(load.values())
        load[name] += 1

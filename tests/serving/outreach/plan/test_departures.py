"""Nobody leaves a list without a word."""

from __future__ import annotations

from datetime import date

import pandas as pd

from serving.outreach.plan.departures import GONE_NAMES, departures


def frame(names: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=names.split())


def test_each_way_to_leave_has_its_words() -> None:
    """What kept the account off; else whether the risk fell, or nobody scores them any more."""
    former = frame("account_id customer_id", *((one, one) for one in ("still", "held", "calm", "lost")))
    listed = frame("account_id customer_id", ("still", "still"))
    off = frame("customer_id account_id reason detail", ("held", "held", "veto", "by Ada"))
    scores = frame("customer_id probability", ("still", 0.9), ("held", 0.8), ("calm", 0.123))
    found = departures(former, listed, off, scores)
    assert tuple(found.columns) == GONE_NAMES
    assert found.values.tolist() == [
        ["held", "veto", "by Ada"],
        ["calm", "would stay", "risk is down to 12%"],
        ["lost", "no longer scored", "no order within the active days"],
    ]


def test_an_account_stays_when_another_of_its_customers_stands_for_it() -> None:
    """The list is of accounts: a branch that takes the place of another is no departure."""
    former = frame("account_id customer_id", ("chain", "a1"))
    off = frame("customer_id account_id reason detail", ("a1", "chain", "account", "see a2"))
    scores = frame("customer_id probability", ("a1", 0.5), ("a2", 0.7))
    assert departures(former, frame("account_id customer_id", ("chain", "a2")), off, scores).empty


def test_who_joined_another_account_is_told_through_whom_it_stands_on_the_list() -> None:
    """The risk is as it was: "would stay" would be wrong, and so would a farewell to who stands there itself."""
    former = frame("account_id customer_id", ("a1", "a1"), ("a2", "a2"), ("b1", "b1"), ("c1", "c1"))
    listed = frame("account_id customer_id", ("chain", "a2"))
    off = frame(
        "customer_id account_id reason detail",
        *(("a1", "chain", "account", "one entry per account: see a2"), ("b1", "group", "veto", "by Ada")),
        ("c1", "group", "account", "one entry per account: see b2"),
    )
    scores = frame("customer_id probability", *((one, 0.88) for one in ("a1", "a2", "b1", "c1")))
    assert departures(former, listed, off, scores).values.tolist() == [
        ["a1", "account", "stands on the list through a2 of account chain"],
        ["b1", "veto", "by Ada"],
        ["c1", "account", "one entry per account: see b2"],
    ]


def test_a_first_list_has_nobody_to_miss() -> None:
    none = frame("account_id customer_id as_of").astype({"as_of": object})
    off = frame("customer_id account_id reason detail")
    found = departures(
        none, frame("account_id customer_id", ("a", "a")), off, frame("customer_id probability", ("a", 0.5))
    )
    assert (len(found), tuple(found.columns)) == (0, GONE_NAMES)
    assert date.min not in found.to_numpy()


def test_who_no_longer_buys_less_holds_and_others_are_told_their_risk() -> None:
    former = frame("account_id customer_id kind", ("a", "a", "shrunk"), ("b", "b", "regular"), ("c", "c", "shrunk"))
    scores = frame("customer_id probability", ("a", 0.1), ("b", 0.1), ("other", 0.9))
    none = frame("account_id customer_id"), frame("customer_id account_id reason detail")
    found = departures(former.set_axis([7, 5, 3]), *none, scores)
    assert found.index.tolist() == [0, 1, 2]
    assert found[["reason", "detail"]].dtypes.eq(object).all()
    assert found.values.tolist() == [
        ["a", "holds", "is expected to buy as usual"],
        ["b", "would stay", "risk is down to 10%"],
        ["c", "no longer scored", "no order within the active days"],
    ]


def test_of_several_reasons_the_first_is_told_and_that_of_the_account_before_the_customers() -> None:
    """Rows may bear any numbers; a customer of the account who is listed is named where the account is the reason."""
    former = frame("account_id customer_id", ("firm", "gone"), ("moved", "m"), ("apart", "x")).set_axis([9, 4, 2])
    off = frame(
        "customer_id account_id reason detail",
        *(("f1", "firm", "veto", "first"), ("f2", "firm", "snoozed", "second"), ("gone", "elsewhere", "ordered", "no")),
        *(("m", "house", "account", "see h"), ("m", "garden", "veto", "second")),
        *(("x", "house", "veto", "own"), ("y", "house", "account", "see h")),
    ).set_axis(range(50, 57)[::-1])
    listed = frame("account_id customer_id", ("house", "h"), ("shop", "s")).set_axis([3, 1])
    scores = frame("customer_id probability", *((one, 0.9) for one in ("gone", "m", "x")))
    assert departures(former, listed, off, scores).values.tolist() == [
        ["gone", "veto", "first"],
        ["m", "account", "stands on the list through h of account house"],
        ["x", "veto", "own"],
    ]

"""Which channels are allowed: by the file, overruled by what the book heard last."""

from __future__ import annotations

import pandas as pd
import pytest

from features.errors import InputError
from features.sources.people.consent import CHANNELS
from serving.outreach.plan.consent import channels_allowed, channels_by_file
from serving.outreach.plan.snapshot import Snapshot

EVERY = set(CHANNELS)


def said(*rows: tuple[str, str, bool]) -> Snapshot:
    return Snapshot(consent=pd.DataFrame(rows, columns=["customer_id", "channel", "allowed"]))


def by_row(found: pd.DataFrame) -> list[set[str]]:
    assert found.dtypes.eq(bool).all()
    return [{str(channel) for channel in found if row[channel]} for _, row in found.iterrows()]


def test_each_text_is_read_for_its_own_rows() -> None:
    """Also one that comes twice; a missing one forbids nothing, wherever it stands."""
    texts = pd.Series(["mail", None, "no", "mail", float("nan"), "yes"], index=[3, 1, 2, 9, 5, 4], dtype=object)
    found = channels_by_file(texts)
    assert found.index.tolist() == [3, 1, 2, 9, 5, 4]
    assert list(found.columns) == list(CHANNELS)
    mail = {"mail", "service"}
    assert by_row(found) == [mail, EVERY, set(), mail, EVERY, EVERY]
    assert by_row(channels_by_file(texts.iloc[:0])) == []


def test_a_text_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InputError, match="perhaps"):
        channels_by_file(pd.Series(["yes", "perhaps"]))


def test_the_book_overrules_the_file_for_whom_it_heard_of_and_for_nobody_else() -> None:
    rows = pd.DataFrame(
        {"customer_id": ["ann", "bob", "eve", "zoe"], "consent": ["mail", "no", None, "no"]}, index=[4, 3, 2, 1]
    )
    heard = said(
        ("bob", "call", True), ("eve", "*", False), ("eve", "call", True), ("zoe", "*", True), ("zoe", "mail", False)
    )
    found = channels_allowed(rows, heard)
    assert found.index.tolist() == [4, 3, 2, 1]
    assert list(found.columns) == list(CHANNELS)
    assert by_row(found) == [{"mail", "service"}, {"call"}, set(), EVERY - {"mail"}]
    alone = channels_allowed(rows, said(("eve", "call", False), ("zoe", "mail", False)))
    assert by_row(alone) == [{"mail", "service"}, set(), EVERY - {"call"}, set()]
    unheard = channels_allowed(rows, said(("nobody", "call", False)))
    assert by_row(unheard) == by_row(channels_by_file(rows["consent"]))
    assert by_row(channels_allowed(rows, Snapshot())) == by_row(unheard)

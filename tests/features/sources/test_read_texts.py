"""Texts that Arrow holds are told of as if Python held them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.log import Coded
from features.sources.cells.hints import CONTROL, MAIL, ROUNDED, SPACED, TEST, WRAPPED, Hint, may_be_digits
from features.sources.cells.read_texts import ReadTexts

IDS = st.sampled_from(
    ("", "C001", "007", "ann@example.org", " 42 ", '="00042"', "12345.0", "1.2345E+4", "test-1", "teſt", "a\tb",
     "Ωμέγα", "\u200f7", "41111111111100000", "a|b", "O\x7f")
)  # fmt: skip
columns = st.lists(IDS | st.text(max_size=6), max_size=12)


@given(columns)
def test_a_column_is_the_same_in_arrow_and_in_python(texts: list[str]) -> None:
    read, plain = ReadTexts.of(texts), Coded.of(texts)
    assert read.values[read.codes].tolist() == texts
    assert read.empty[read.codes].tolist() == [not text for text in texts]
    assert read.longest >= plain.longest
    assert read.in_order().values.tolist() == plain.in_order().values.tolist()
    assert read.in_order().codes.tolist() == plain.in_order().codes.tolist()


@given(columns)
@pytest.mark.parametrize("hint", [SPACED, WRAPPED, ROUNDED, TEST, MAIL, CONTROL])
def test_a_hint_is_missed_in_no_column(hint: Hint, texts: list[str]) -> None:
    touched = any(hint.pattern.search(text) for text in texts)
    assert hint.found_in(ReadTexts.of(texts)) >= touched
    assert may_be_digits(ReadTexts.of(texts)) == all(not text or (text.isdigit() and text.isascii()) for text in texts)


def test_rows_that_are_picked_share_their_texts() -> None:
    column = ReadTexts.of(["b", "a", "b"])
    picked = column.with_codes(column.codes[np.array([False, True, True])])
    assert picked.values is column.values
    assert picked.in_order().values.tolist() == ["a", "b"]


@given(st.lists(IDS | st.text("ab", min_size=7, max_size=18), min_size=4, max_size=60))
def test_texts_that_mostly_come_once_are_coded_by_their_fingerprints(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.sources.cells.read_texts._FEW", 2)
        column = ReadTexts.taken(pa.chunked_array([texts[:3], [None], texts[3:]], pa.string()))
    assert column.values[column.codes].tolist() == [*texts[:3], "", *texts[3:]]
    assert len(set(column.values)) == len(column.values)

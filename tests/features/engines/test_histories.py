"""A log that goes to Spark's workers as a row for each customer is the same log there, whichever rows come together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.build import feature_table
from features.engines.spark.histories import histories, joined, log_of
from tests.features.engines.test_contract import ACTIVE_DAYS
from tests.laws.shops import DEFAULTS, Shop, shops, table


@given(shop=shops(), seed=st.integers(0, 99), size=st.integers(1, 4))
def test_features_of_parts_are_those_of_the_log_to_the_last_bit(shop: Shop, seed: int, size: int) -> None:
    rows = histories(shop.log)
    shuffled = rows.take(np.random.default_rng(seed).permutation(len(rows)))
    logs = [log_of(batch) for batch in shuffled.to_batches(max_chunksize=size)]
    found = pd.concat([feature_table(log, shop.dates, DEFAULTS, ACTIVE_DAYS) for log in logs])
    expected = table(shop, DEFAULTS, ACTIVE_DAYS)
    found = found.sort_values(["customer_id", "as_of"], kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@given(shop=shops())
def test_every_stream_word_and_row_comes_back(shop: Shop) -> None:
    log, rows = shop.log, histories(shop.log)
    found = log_of(joined(rows.to_batches(max_chunksize=2)) or rows)
    assert found.streams.keys() == log.streams.keys()
    for name, stream in log.streams.items():
        assert found.streams[name].day.tolist() == stream.day.tolist()
        assert found.streams[name].starts.tolist() == stream.starts.tolist()
        for column, values in stream.columns.items():
            told, known = (each.words.get(name) for each in (found, log))
            plain = values if known is None else known[values]
            other = found.streams[name].columns[column]
            assert (other if told is None else told[other]).tolist() == plain.tolist()


def test_a_part_without_rows_is_none() -> None:
    assert joined([pa.RecordBatch.from_pydict({"customer_id": pa.array([], pa.string())})]) is None

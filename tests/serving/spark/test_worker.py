"""A worker of Spark gives the scores that `regulars score` gives, whatever part of the shop it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.build import feature_table
from features.churn.labels import complete_until
from features.clock import date_of
from features.engines.spark.histories import histories, log_of
from features.errors import ModelRefused
from features.log import Log
from features.simulation.accounts import simulate_accounts
from serving.scorer import score
from serving.scores import SCORE_NAMES, without_money
from serving.spark.packed import packed
from serving.spark.score import OF_LESS
from serving.spark.worker import LESS, SCORES, Task
from tests.serving.conftest import SmallShop
from tests.training.forecasts.test_buys_less import DEFINITION
from tests.training.forecasts.test_buys_less import log_of as log_of_accounts
from training.backtest.own_past import judge
from training.bundle import Bundle
from training.bundle_probe import Probe
from training.explain import common_reasons
from training.forecasts.buys_less import fit_buys_less


def task_of(bundle: Bundle, shop: SmallShop, common: frozenset[str] | None = frozenset()) -> Task:
    content = packed(bundle)
    return Task(lambda: content, "7", shop.as_of, True, common)


def in_parts(rows: pa.Table, size: int = 37) -> Iterator[pa.RecordBatch]:
    """The rows as Spark gives them: in any order, some at a time."""
    shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
    yield from shuffled.to_batches(max_chunksize=size)


def in_arrow(scores: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(scores, SCORES, preserve_index=False).sort_by("customer_id")


def test_a_log_comes_back_from_its_histories(shop: SmallShop) -> None:
    rows = histories(shop.log)
    for log in (log_of(rows), log_of(pa.Table.from_batches(in_parts(rows)))):
        assert list(log.customer_ids) == list(shop.log.customer_ids)
        dates, features = [shop.as_of], shop.bundles["lightgbm"].features
        pd.testing.assert_frame_equal(feature_table(log, dates, features), feature_table(shop.log, dates, features))


@pytest.mark.parametrize("name", ["logistic", "lightgbm"])
def test_the_scores_of_parts_are_those_of_the_shop_to_the_last_bit(shop: SmallShop, name: str) -> None:
    bundle = shop.bundles[name]
    task = task_of(bundle, shop, common_reasons(shop.log, bundle, shop.as_of))
    found = pa.Table.from_batches(task.scores(in_parts(histories(shop.log)))).sort_by("customer_id")
    expected = score(shop.log, bundle, "7", shop.as_of, reasons="all")
    assert found.column_names == list(SCORE_NAMES)
    assert found.equals(in_arrow(expected))
    assert any(found["reasons"].to_pylist())


def test_nobody_of_a_part_is_no_row_and_no_error(shop: SmallShop) -> None:
    bundle = shop.bundles["logistic"]
    later = replace(task_of(bundle, shop), as_of=shop.as_of + timedelta(days=bundle.definition.active_days + 1))
    assert list(later.scores(in_parts(histories(shop.log)))) == []


def test_a_worker_verifies_the_probe_before_it_takes_a_row(shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose code is another than the model was trained with: a feature that it computes otherwise."""
    content = packed(replace(shop.bundles["logistic"], why="another one: a worker keeps what it has verified"))
    monkeypatch.setattr(Probe, "differing", lambda *_: ("overdue",))
    untouched = iter([histories(shop.log).to_batches()[0]])
    with pytest.raises(ModelRefused, match="computed otherwise than in training: overdue"):
        list(Task(lambda: content, "7", shop.as_of, True).scores(untouched))
    assert next(untouched).num_rows == shop.log.n_customers


def test_a_shop_without_money_has_none_in_its_scores(shop: SmallShop) -> None:
    task = replace(task_of(shop.bundles["logistic"], shop), has_money=False)
    [batch] = task.scores(histories(shop.log).to_batches())
    expected = without_money(score(replace(shop.log, has_money=False), shop.bundles["logistic"], "7", shop.as_of))
    assert batch["value_at_risk"].null_count == len(batch) == len(expected)


@pytest.fixture(scope="module")
def accounts() -> Log:
    return log_of_accounts(simulate_accounts(600, seed=3, days=540))


def test_the_movement_of_the_whole_shop_is_set_apart_by_one_worker_and_told_to_all(
    accounts: Log, shop: SmallShop
) -> None:
    learnt = fit_buys_less(accounts, DEFINITION, complete_until(accounts), judge)
    bundle = replace(shop.bundles["logistic"], definition=DEFINITION, buys_less=learnt)
    as_of, rows = date_of(complete_until(accounts)), histories(accounts)
    task = replace(task_of(bundle, shop, None), as_of=as_of)
    [less] = task.less(in_parts(rows.select(["customer_id", *OF_LESS])))
    found = pa.Table.from_batches(task.scores(in_parts(joined_to(rows, less)))).sort_by("customer_id")
    expected = score(accounts, bundle, "7", as_of, reasons="none")
    assert expected["shrinking"].map(len).any()
    assert found.equals(in_arrow(expected))


def joined_to(rows: pa.Table, less: pa.RecordBatch) -> pa.Table:
    """What Spark's left join gives; Arrow joins no lists."""
    place = pc.index_in(rows["customer_id"], value_set=less["customer_id"])
    return rows.append_column(LESS, pa.chunked_array([less[LESS]]).take(place))

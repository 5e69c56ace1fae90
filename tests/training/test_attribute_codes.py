"""What is learnt about the values of attributes: of ended windows alone, of groups alone, and the same when served."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from features.attributes import Attributes, with_attributes
from features.build import feature_table
from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.codes import ATTRIBUTE
from features.definitions import default_features, features_for
from features.log import NULL, Coded, Lines, Log
from features.roll_up import roll_up
from training.attribute_codes import (
    LEAST_CUSTOMERS,
    judged,
    learn_codes,
    trusted_features,
)
from training.dataset import build_dataset
from training.log_odds import sigmoid
from training.metrics import auroc
from training.models.candidates import fit
from training.splits import training_dates

DEFINITION = ChurnDefinition(20, 60)
DAYS = 400
CUSTOMERS = 240


def orders(seed: int = 1) -> list[tuple[str, int]]:
    """All order as often; those of the south leave for good, on a day that nothing tells before."""
    random = np.random.default_rng(seed)
    leaves = [int(random.integers(1050, 1700)) if place % 2 == 0 else 1400 for place in range(CUSTOMERS)]
    days = [np.flatnonzero(random.random(DAYS) < 1 / 6) + 1000 for _ in range(CUSTOMERS)]
    return [(f"c{place:03}", int(day)) for place in range(CUSTOMERS) for day in days[place] if day < leaves[place]]


def log_of(rows: list[tuple[str, int]]) -> Log:
    return roll_up(Lines.of([who for who, _ in rows], [day for _, day in rows], [500] * len(rows)))


def regions(known_from: list[int] | None = None) -> Attributes:
    ids = np.array([f"c{place:03}" for place in range(CUSTOMERS)], dtype=object)
    texts = ["rare" if place < 3 else "north" if place % 2 else "south" for place in range(CUSTOMERS)]
    days = None if known_from is None else np.array(known_from, dtype=np.int64)
    return Attributes(ids, {"region": Coded.of(texts)}, days)


@pytest.fixture(scope="module")
def log() -> Log:
    return with_attributes(log_of(orders()), regions())


def test_a_group_that_stays_has_lower_log_odds_than_one_that_goes(log: Log) -> None:
    table = learn_codes(log, [date_of(1350)], DEFINITION).at("region", 1350)
    assert table is not None
    assert table.log_odds["north"] < -0.2 < 0.2 < table.log_odds["south"]
    assert table.shares["north"] == pytest.approx(0.6, abs=0.1)


def test_log_odds_hold_a_group_against_customers_of_the_same_rhythm() -> None:
    """Counted by hand: all order every fifth day, until the even ones stop; five windows had ended by then."""
    rows = [
        (f"c{place:03}", day) for place in range(CUSTOMERS) for day in range(1200, 1400, 5) if place % 2 or day < 1300
    ]
    table = learn_codes(with_attributes(log_of(rows), regions()), [date_of(1320)], DEFINITION).at("region", 1320)
    assert table is not None
    # 118 even ones are south, 119 odd ones north; in the last window half of all churned, in four windows nobody did.
    prior, rate = 5 * 30, 120 / 1200
    south = logit((118 + prior * rate) / (5 * 118 + prior)) - logit((118 / 2 + prior * rate) / (5 * 118 + prior))
    north = logit((0 + prior * rate) / (5 * 119 + prior)) - logit((119 / 2 + prior * rate) / (5 * 119 + prior))
    assert table.log_odds == {"north": pytest.approx(north), "south": pytest.approx(south)}


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def test_nothing_on_or_after_the_day_changes_what_was_known(log: Log) -> None:
    """Deleted, shuffled or turned round: to the last bit."""
    day = 1301
    whole = learn_codes(log, [date_of(day)], DEFINITION).to_dict()
    past = [row for row in orders() if row[1] < day]
    turned = [(who if at < day else f"c{CUSTOMERS - 1 - int(who[1:]):03}", at) for who, at in orders()]
    for rows in (past, past[::-1], turned):
        assert learn_codes(with_attributes(log_of(rows), regions()), [date_of(day)], DEFINITION).to_dict() == whole
    assert learn_codes(log.before(day), [date_of(day)], DEFINITION).to_dict() == whole


def test_many_days_are_learnt_as_each_alone(log: Log) -> None:
    days = [date_of(day) for day in (1200, 1207, 1333)]
    each = [learn_codes(log, [day], DEFINITION) for day in days]
    together = learn_codes(log, days, DEFINITION)
    assert together.tables["region"] == tuple(codes.tables["region"][0] for codes in each)


def test_no_row_is_coded_by_its_own_outcome(log: Log) -> None:
    """Everyone's future is turned round: labels change, features of the same date do not."""
    day = date_of(1300)
    other = [row for row in orders() if row[1] < 1300] + [(f"c{place:03}", 1301) for place in range(0, CUSTOMERS, 2)]
    now, then = (
        build_dataset(each, [day], DEFINITION, features_for(each))
        for each in (log, with_attributes(log_of([*other, ("c001", 1399)]), regions()))
    )
    assert (now.y != then.y).any()
    assert np.array_equal(now.values, then.values, equal_nan=True)


def test_a_value_of_few_customers_stands_in_no_table(log: Log) -> None:
    table = learn_codes(log, [date_of(1350)], DEFINITION).at("region", 1350)
    assert table is not None
    assert set(table.shares) == set(table.log_odds) == {"north", "south"}
    assert LEAST_CUSTOMERS > 3
    assert table.number("share", "rare") == 0
    assert table.number("log_odds", "rare") == table.rest_log_odds != 0


def test_before_any_window_has_ended_a_group_is_read_like_the_shop(log: Log) -> None:
    table = learn_codes(log, [date_of(1012)], DEFINITION).at("region", 1012)
    assert table is not None
    assert set(table.log_odds.values()) == {0.0}


def test_a_row_is_cut_by_the_day_it_is_known_from() -> None:
    dated = with_attributes(log_of(orders()), regions([1300] * 120 + [NULL] * 120))
    features = replace(default_features((), ("region",)), codes=learn_codes(dated, [date_of(1350)], DEFINITION))
    table = feature_table(dated, [date_of(1350)], features).set_index("customer_id")["customer_region_share"]
    assert table["c010"] > 0
    assert np.isnan(table["c190"])  # since when it is known is not known
    assert dated.before(1300).streams[ATTRIBUTE + "region"].day.size == 0


def test_a_column_that_was_written_afterwards_is_left_out_and_a_dated_one_is_not() -> None:
    """Every third customer quits for good, and the shop writes "lost" beside who did."""
    random = np.random.default_rng(3)
    quits = {f"c{place:03}": int(random.integers(1150, 1400)) for place in range(0, CUSTOMERS, 3)}
    busy = [(f"c{place:03}", day) for place in range(CUSTOMERS) for day in range(1000, 1400) if random.random() < 0.25]
    log = log_of([row for row in busy if row[1] < quits.get(row[0], 9999)])
    texts = Coded.of(["lost" if who in quits else "well" for who in log.customer_ids])
    days = np.array([quits.get(who, 1000 + place) for place, who in enumerate(log.customer_ids)])
    undated, dated = (
        with_attributes(log, Attributes(log.customer_ids, {"segment": texts}, known)) for known in (None, days)
    )
    assert judged(undated, DEFINITION, date_of(1400)).suspicious["segment"] > 0.8
    assert trusted_features(undated, DEFINITION, date_of(1400)).attributes == ()
    assert trusted_features(dated, DEFINITION, date_of(1400)).attributes == ("segment",)


def test_an_honest_group_is_trusted_and_one_of_chance_is_not_used(log: Log) -> None:
    random = np.random.default_rng(5)
    drawn = Coded.of([f"group {random.integers(6)}" for _ in log.customer_ids])
    both = with_attributes(log, Attributes(log.customer_ids, {"drawn": drawn}))
    found = judged(both, DEFINITION, date_of(1400))
    assert (found.used, dict(found.suspicious), found.by_chance) == (("region",), {}, ("drawn",))
    assert trusted_features(log, DEFINITION, date_of(1400)).attributes == ("region",)


def test_many_small_places_are_seen_by_what_is_common_to_them() -> None:
    """That customers of small postcodes leave more often shows in no single one of them, and in all together."""
    random = np.random.default_rng(11)
    places = np.concatenate([np.repeat(np.arange(4), 150), np.repeat(np.arange(4, 60), 12)])
    rows, texts = [], []
    for who, place in enumerate(places):
        leaves = random.geometric(0.0035 if place >= 4 else 0.002) + 1000
        rows += [(f"c{who:04}", day) for day in range(1000, min(leaves, 1250)) if random.random() < 0.2]
        texts.append(f"{place:05}")
    ids = np.array([f"c{who:04}" for who in range(len(places))], dtype=object)
    log = with_attributes(log_of(rows), Attributes(ids, {"postcode": Coded.of(texts)}))
    assert judged(log, ChurnDefinition(20, 40), date_of(1240)).used == ("postcode",)


def test_a_model_gains_what_a_region_decides_and_nothing_by_one_of_chance() -> None:
    """Out of time, on the same rows: only whoever knows the region can tell who is about to leave."""
    random = np.random.default_rng(7)
    rows = []
    for place in range(600):
        leaves = random.geometric(0.002 if place % 2 else 0.01) + 1000
        rows += [(f"c{place:03}", day) for day in range(1000, min(leaves, 1400)) if random.random() < 0.2]
    bare = log_of(rows)
    drawn = Coded.of([f"group {random.integers(5)}" for _ in bare.customer_ids])
    regions = Coded.of(["north" if int(who[1:]) % 2 else "south" for who in bare.customer_ids])
    known = with_attributes(bare, Attributes(bare.customer_ids, {"region": regions, "drawn": drawn}))
    aurocs = {log.attributes: auroc_of(log) for log in (bare, known)}
    assert trusted_features(known, ChurnDefinition(20, 40), date_of(1160)).attributes == ("region",)
    assert aurocs[("drawn", "region")] > aurocs[()] + 0.01


def auroc_of(log: Log) -> float:
    """Of a logistic regression on day 1160, learnt from the dates that `train` would take."""
    day, definition = 1160, ChurnDefinition(20, 40)
    dates = [*training_dates(log.first_day, day, definition), date_of(day)]
    rows = build_dataset(log, dates, definition, trusted_features(log, definition, date_of(day)))
    fitted = fit("logistic", rows.on(rows.days[:-1])).fitted
    test = rows.on(rows.days[-1:])
    return auroc(test.y, sigmoid(fitted.log_odds(test.values)))


def test_a_bundles_features_keep_what_they_have_learnt(log: Log) -> None:
    known = replace(default_features((), ("region",)), codes=learn_codes(log, [date_of(1200)], DEFINITION))
    assert build_dataset(log, [date_of(1300)], DEFINITION, known).features.codes == known.codes


def test_a_log_without_the_attribute_is_read_as_of_average_customers(log: Log) -> None:
    features = replace(default_features((), ("region",)), codes=learn_codes(log, [date_of(1350)], DEFINITION))
    bare = feature_table(log_of(orders()), [date_of(1350)], features)
    table = features.codes.at("region", 1350)
    assert table is not None
    assert set(bare["customer_region_share"]) == {table.usual_share}
    assert set(bare["customer_region_log_odds"]) == {0.0}

"""What reasons must never say, held over every customer of generated shops, dense ones and ones of single orders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.log import Events, Lines, Log
from features.roll_up import roll_up
from features.rounding import every_in_words
from features.sources.mapping import Shop
from serving.outreach.plan.candidates import candidates
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.playbooks.advisor import Advisor
from serving.outreach.playbooks.playbooks import load_playbooks
from serving.scorer import score
from tests.bundles import bundle_of
from training.bundle import Bundle
from training.dataset import build_dataset
from training.drift_reference import references
from training.explain import common_reasons
from training.splits import latest_dates

DAYS, AS_OF = 500, date_of(500)
DEFINITION = ChurnDefinition(horizon_days=30, active_days=200)
NUMBER = re.compile(r"[€\d][\d.,]*%?( days?)?")
SILENT = ("no order for", "one order so far", "two orders so far")
SHOPS = {
    "daily": (3.0, 0.02),
    "dense": (18.0, 0.03),
    "slow and mixed": (45.0, 0.1),
    "most bought twice": (60.0, 0.4),
    "most bought once": (40.0, 0.7),
}


def made_shop(gap_days: float, leaves: float, all_sent_back_on: int | None = None) -> Log:
    """A shop of 300 customers, each with a gap of its own, some slowing down, some sending back, some complaining."""
    random, events = np.random.default_rng(1), list[tuple[str, str, int]]()
    lines = list[tuple[str, int, int, bool]]()
    for place in range(300):
        who, day = f"{place:03}", float(random.uniform(0, DAYS - 5))
        gap, spend, slower = gap_days * random.lognormal(0, 0.7), random.lognormal(8, 0.5), random.uniform(0, 2 * DAYS)
        while day < DAYS:
            changed = 0.5 if day > slower else 1.0
            lines.append((who, int(day), int(spend * changed * random.lognormal(0, 0.4)) + 1, False))
            events += [(who, "visit", int(day))] * int(random.poisson(2 * changed))
            events += [(who, "subscription_cancelled", int(day))] * int(random.random() < 0.03)
            lines += [(who, min(int(day) + 1, DAYS - 1), lines[-1][2], True)] * int(random.random() < 0.05)
            if random.random() < leaves:
                break
            day += 1 + random.gamma(2, gap / 2) / changed
        lines += [] if all_sent_back_on is None else [(who, all_sent_back_on, 100, True)]
    *columns, returned = zip(*lines, strict=True)
    return roll_up(Lines.of(*columns, returned=returned), Events.of(*zip(*events, strict=True)))


@dataclass(frozen=True, eq=False)
class Scored:
    """A shop, its model and the scores of everybody, with the playbook and the opening of those at risk."""

    log: Log
    bundle: Bundle
    scores: pd.DataFrame
    listed: pd.DataFrame

    @property
    def rows(self) -> Iterator[dict[str, object]]:
        return iter(self.scores.to_dict("records"))


def scored(log: Log) -> Scored:
    data = build_dataset(log, latest_dates(log, DEFINITION), DEFINITION, default_features(event_kinds(log)))
    bundle = bundle_of("logistic", data, log, Shop("UTC", "EUR"))
    bundle = replace(bundle, reference=references(data.features.names, data.on([data.days[-1]]).values))
    found = score(log, bundle, "1", AS_OF)
    advisor = Advisor(load_playbooks(), log, None, Snapshot(), AS_OF, bundle.money, 3000.0)
    rows = advisor(candidates(found, None, Policy(), money=bundle.money))
    return Scored(log, bundle, found, rows.assign(opening=advisor.openings(rows)))


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest) -> Scored:
    return scored(made_shop(*SHOPS[request.param]))


def early(shop: Scored, row: dict[str, object]) -> bool:
    """Return whether a customer has had a single gap, and not been silent for a whole horizon since."""
    orders = shop.log.streams["orders"]
    place = int(np.searchsorted(shop.log.customer_ids, row["customer_id"]))
    days = orders.day[(orders.customer == place) & (orders.day < day_number(AS_OF))]
    return len(days) == 2 and day_number(AS_OF) - days.max() <= DEFINITION.horizon_days


def form(sentence: str) -> str:
    return NUMBER.sub("…", sentence)


def test_everybody_at_risk_is_told_of_a_reason_and_lateness_comes_first(shop: Scored) -> None:
    at_risk = [row for row in shop.rows if row["probability"] >= 0.25]
    assert len(at_risk) > 30
    assert all(row["reasons"] for row in at_risk)
    late = [row for row in shop.rows if row["overdue"] > 1 and row["state"] != "new" and not early(shop, row)]
    assert len(late) > 20
    assert not [row for row in late if "stands out" in " ".join(row["reasons"])]
    assert all(row["reasons"][0].startswith(("no order for ", "two orders so far")) for row in late)


def test_nobody_is_late_by_a_single_gap_within_the_horizon(shop: Scored) -> None:
    """Of two orders a week apart nobody knows whether a week is usual."""
    within = [row for row in shop.rows if early(shop, row)]
    assert within
    assert {row["state"] for row in within} <= {"active"}
    assert not [row for row in within if any(" and none for " in each for each in row["reasons"])]
    listed = shop.listed[shop.listed["customer_id"].isin({row["customer_id"] for row in within})]
    assert not (listed["listed_for"] == "late").any()
    assert not [each for each in listed["opening"] if "it has been" in each]


def test_no_sentence_stands_on_both_sides_of_a_row_nor_its_form_on_both_sides_of_the_shop(shop: Scored) -> None:
    sides = [{form(each) for row in shop.rows for each in row[side]} for side in ("reasons", "protective")]
    assert min(map(len, sides)) >= 2
    assert sides[0].isdisjoint(sides[1])


def test_a_silence_longer_than_usual_is_never_protection(shop: Scored) -> None:
    for row in shop.rows:
        told = " ".join(row["protective"])
        assert not any(each in told for each in SILENT)
        if row["overdue"] >= 1:
            assert not re.search(r"ordered \d+ days? ago", told)


def test_no_reason_is_true_of_nearly_everybody_but_the_own_silence(shop: Scored) -> None:
    told = Counter(form(each) for row in shop.rows for each in (*row["reasons"], *row["protective"]))
    most = {each: count for each, count in told.items() if count > 0.9 * len(shop.scores)}
    assert most == {}
    assert not [each for each in told if "customer for" in each]


def test_what_happened_to_everybody_is_no_reason_for_one() -> None:
    found = scored(made_shop(*SHOPS["dense"], all_sent_back_on=DAYS - 3))
    assert not [each for each in found.scores["reasons"].explode() if "sent something back" in each]
    some, common = found.log.customer_ids[:20], common_reasons(found.log, found.bundle, AS_OF)
    alone = score(found.log.only(some), found.bundle, "1", AS_OF, common=common)
    same = found.scores[found.scores["customer_id"].isin(set(alone["customer_id"]))].reset_index(drop=True)
    assert alone["reasons"].tolist() == same["reasons"].tolist()  # asked for alone, as the whole shop's run told it


def test_each_number_of_a_silence_is_the_columns_and_the_openings(shop: Scored) -> None:
    for row in shop.rows:
        for each in (*row["reasons"], *row["protective"]):
            for gap in re.findall(r"usual(?:ly every|ly orders every|) (\d+) days?\b", each):
                assert int(gap) == row["usual_gap_days"], each
            if "longer than ever before" in each:
                assert each.endswith(f", usually {every_in_words(row['usual_gap_days'])}")
            for days in re.findall(r"no order for (\d+) day|ordered (\d+) days? ago", each):
                assert int("".join(days)) == row["days_since_order"], each
    for row in shop.listed.to_dict("records"):
        if "usually order" in row["opening"]:
            assert f"usually order {every_in_words(row['usual_gap_days'])}," in row["opening"]


def test_what_is_said_of_orders_is_true_of_the_log(shop: Scored) -> None:
    orders, as_of = shop.log.streams["orders"], day_number(AS_OF)
    days = {who: orders.day[orders.customer == place] for place, who in enumerate(shop.log.customer_ids)}
    falls = re.compile(r"ordered on (\d+) days? in the last (\d+), (down|up) from (\d+)")
    checked = shop.log.n_customers * int((np.diff(orders.starts) < 3).mean() > 0.5)  # too few orders to compare
    for row in shop.rows:
        ages = as_of - days[row["customer_id"]]
        for each in (*row["reasons"], *row["protective"]):
            if "longer than ever before" in each:
                assert row["days_since_order"] > np.diff(np.sort(-ages)).max()
            if found := falls.match(each):
                now, window, before = int(found[1]), int(found[2]), int(found[4])
                assert now == (ages <= window).sum() > 0
                assert before == ((ages > window) & (ages <= 2 * window)).sum()
                assert (now < before) == (found[3] == "down")
                checked += 1
    assert checked > 5


def test_nothing_is_told_that_did_not_happen(shop: Scored) -> None:
    told = " ".join(each for row in shop.rows for each in (*row["reasons"], *row["protective"]))
    assert not re.search(r"€0\.00|\b0 days in|from 0\b|nan|None|[{}]", told)
    sent_back = set(shop.log.customer_ids[np.unique(shop.log.streams["returns"].customer)])
    for row in shop.listed.to_dict("records"):
        if row["playbook"] == "return-recovery":
            assert row["customer_id"] in sent_back
        if row["playbook"] == "ask-feedback":
            assert row["days_since_order"] <= 90
        assert row["playbook"] not in {"review-recovery", "challenge"}  # nobody rated, nobody played


def test_an_opening_asks_after_those_alone_who_are_late(shop: Scored) -> None:
    asks = ("it has been", "Is everything all right", "kept you away", "anything wrong")
    in_time = shop.listed[(shop.listed["overdue"] <= 1) & (shop.listed["kind"] != "winback")]
    assert len(in_time) > 1
    assert not [each for each in in_time["opening"] if any(words in each for words in asks)]

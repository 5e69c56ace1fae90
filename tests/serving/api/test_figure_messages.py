"""What the figures and the model answer in objects of their own: the fields that are told, no more and no fewer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from features.clock import date_of
from features.sources.balance.words import document
from serving.api import data, figures, model
from serving.api.app import OPERATIONS
from serving.api.data import data_answer
from serving.api.loaded_model import Champion
from serving.api.model import model_answer
from serving.api.openapi import openapi
from serving.api.operation import Operation
from serving.commands.lists.effect import MeasuredEffect, measure_effect
from serving.commands.lists.kpis import shop_kpis
from serving.config import load_settings
from serving.outreach.effect.effect import effect
from serving.shop import OpenShop
from tests.serving.conftest import SmallShop, in_shop
from tests.training.backtest.test_fairness import halves, harmed, made_up
from training.backtest.bands import Band, Floor
from training.backtest.choice import Difference
from training.backtest.fairness.report import fairness
from training.backtest.grade import Grade
from training.backtest.report import Report, report_facts
from training.backtest.shortlist import A_TENTH, ListResult, Shortlist
from training.forecasts.uplift import QiniEstimate, UpliftVerdict

MONDAY = date(2026, 3, 2)
NAN = float("nan")
TYPED = [each for each in OPERATIONS if each in (*figures.OPERATIONS, *data.OPERATIONS, *model.OPERATIONS)]


def wire(content: Any) -> Any:
    """Return what a client reads."""
    return json.loads(msgspec.json.encode(content))


def as_read(content: dict[str, Any]) -> Any:
    """Return what a client read when an answer was the dictionary itself; files are for the command line."""
    return wire({name: value for name, value in content.items() if name != "files"})


def blank(value: Any) -> Any:
    """Return the shape of an answer: which fields it has, and what sort of value stands in each."""
    if isinstance(value, dict):
        return {name: blank(each) for name, each in value.items()}
    return [blank(each) for each in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("by", [None, "owner"])
def test_retention_figures_without_a_model(shop: SmallShop, by: Any) -> None:
    """Whole, with the groups and without them."""
    found = in_shop(shop.settings, shop_kpis, "quarter", by=by)
    assert bool(found.table.groups) == (by is not None)
    assert not found.expected
    assert wire(found.answer) == as_read(found.to_dict())


def test_retention_figures_with_a_model(registered: Path) -> None:
    """The expected spend of each group, and of a log too short for a year."""
    settings = load_settings(registered / "regulars.toml")
    found = in_shop(settings, shop_kpis, by="owner")
    assert found.year is not None
    assert len(found.expected) == 1 + len(found.table.groups)
    assert wire(found.answer) == as_read(found.to_dict())
    short = in_shop(settings, shop_kpis, until=date(2022, 3, 1))
    assert short.year is None
    assert wire(short.answer) == as_read(short.to_dict())


def episodes(accounts: int, cell: str) -> pd.DataFrame:
    """Settled episodes of accounts of which every third was held out; the treated stay more often."""
    random = np.random.default_rng(accounts)
    treated = np.arange(accounts) % 3 > 0
    stays = random.random(accounts) < np.where(treated, 0.7, 0.5)
    place = {"playbook": "call", "owner": "ann", "band": "high", "kind": "regular", "stratum": "all"}
    return pd.DataFrame(
        {
            "account_id": [f"{cell}-{number}" for number in range(accounts)],
            "began_on": [MONDAY + timedelta(weeks=number % 9) for number in range(accounts)],
            "number": 1,
            "cell": cell,
            "arm": np.where(treated, "treated", "holdout"),
            "contacted": treated,
            "probability": random.uniform(0.2, 0.9, accounts),
            "expected_spend": random.integers(1_000, 9_000, accounts),
            "kept": stays,
            "spent": np.where(stays, random.integers(1_000, 9_000, accounts), 0),
            "order_days": stays.astype(int),
            "spent_before": 0,
            **place,
        }
    )


def saving(settled: pd.DataFrame, qini: dict[str, QiniEstimate]) -> MeasuredEffect:
    """What acting saved, with a plan."""
    found = effect(settled, currency="EUR", planned_saved_share=0.1)
    ahead = {name: figure for name, figure in qini.items() if name != "uplift"}
    return MeasuredEffect(found, UpliftVerdict(bool(qini), "words", 1200, 400, qini, ahead), MONDAY, 0)


@pytest.mark.parametrize("accounts", [900, 12])
def test_the_effect_of_a_trial(accounts: int) -> None:
    """With intervals, money and the four groups, or with too few of each."""
    settled = pd.concat([episodes(accounts, "ranked"), episodes(accounts // 2, "random")])
    qini = {name: QiniEstimate(0.01, -0.01, 0.03) for name in ("uplift", "risk", "gain")} if accounts > 100 else {}
    found = saving(settled, qini)
    assert found.effect.overall.is_enough == bool(qini)
    assert found.effect.four is not None
    answer = wire(found.answer)
    assert answer == as_read(found.to_dict())
    assert isinstance(answer["overall"]["money_kept"]["value"], str if qini else type(None))


def test_the_data_are_the_sheet_of_the_command(shop: SmallShop) -> None:
    with OpenShop(shop.settings) as opened:
        reading = opened.reading
    answer = wire(data_answer(reading))
    sheet = document(reading.sheet)
    assert {name: answer[name] for name in sheet} == wire(sheet)
    assert (answer["first_on"], answer["last_on"]) == (
        date_of(reading.log.first_day).isoformat(), date_of(reading.log.last_day).isoformat()
    )  # fmt: skip
    assert [each["rule"] for each in answer["rules"]] == [each.rule for each in reading.rules]


def test_the_effect_before_anything_has_settled(listed: Path) -> None:
    """A list was made, and its horizon has not ended."""
    found = in_shop(load_settings(listed / "regulars.toml"), measure_effect, None, until=date(2023, 1, 10))
    answer = wire(found.answer)
    assert answer == as_read(found.to_dict())
    assert (answer["first_on"], answer["four_groups"], answer["overall"]["treated"]) == (None, None, 0)
    assert answer["groups"] == {name: [] for name in ("playbook", "owner", "band", "month", "kind")}


OWN = ListResult("lightgbm", 10.0, 8.0, 2.0, 0.4, 0.8, 2.5)
UNKNOWN = ListResult("recency_rule", 10.0, 0.0, 10.0, NAN, 0.0, NAN)
FOUND = Report(
    candidate="lightgbm",
    grade=Grade("lightgbm", "recency_rule", 0.1, Difference(-0.05, 0.01), 0.5, NAN, 0.02,
                Floor(0.01, NAN), 2, 120),
    bands=(Band("0 to 90%", 0.0, 0.9, 40, 0.3, 0.25, (0.14, 0.4), True),
           Band("90 to 100%", 0.9, 1.0, 0, NAN, NAN, (NAN, NAN))),
    product_bands=(),
    dates=(),
    segments=(),
    shortlist=Shortlist((10, 10), A_TENTH, 30, OWN, UNKNOWN, OWN),
    ece=0.02,
    floor=Floor(0.01, 0.02),
    random_split=0.98,
    in_time=0.8,
)  # fmt: skip


def quality_answered(shop: SmallShop, quality: dict[str, Any]) -> Any:
    """Return the quality that is answered of a model in whose bundle this one stands."""
    bundle = replace(shop.bundles["logistic"], quality=quality)
    return wire(model_answer(Champion(bundle, "7"), None, None).quality)


def test_a_models_quality_is_what_its_report_says(shop: SmallShop) -> None:
    """As it is read from the bundle, with what could not be measured."""
    quality = json.loads(json.dumps(report_facts(FOUND), allow_nan=False))
    assert quality["warnings"]
    assert quality_answered(shop, quality) == quality


def test_groups_served_worse_are_answered(shop: SmallShop) -> None:
    """As the backtest compared them; too few customers for an AUROC are null."""
    rows = made_up(3_000, seed=5)
    found = fairness(harmed(rows, "percentages"), {"Region": halves(rows, 0), "Nothing": {}})
    few = fairness(rows.where(np.arange(len(rows.y)) < 60), {"Nothing": {}})
    for each in (found, few):
        quality = wire(report_facts(replace(FOUND, fairness=each)))
        assert quality_answered(shop, quality) == quality
    answered = quality_answered(shop, wire(report_facts(replace(FOUND, fairness=found))))["fairness"]
    worse = [one for one in answered["comparisons"] if one["is_worse"]]
    assert [(one["column"], one["group"], one["measure"]) for one in worse] == [("Region", "north", "percentages")]
    assert answered["warnings"][0].startswith("Region north: percentages are too low")


def test_a_model_of_before_answers_null_for_what_its_bundle_lacks(shop: SmallShop) -> None:
    """No backtest, and a grade from before the cases were told."""
    nothing = {"grade": None, "list": None, "bands": None, "warnings": None, "fairness": None}
    assert quality_answered(shop, {}) == nothing
    quality = wire(report_facts(FOUND))
    del quality["grade"]["cases"], quality["fairness"]
    lacking = {"grade": quality["grade"] | {"cases": None}, "fairness": None}
    assert quality_answered(shop, quality) == quality | lacking


@pytest.mark.parametrize("operation", TYPED, ids=lambda operation: operation.name)
def test_the_examples_show_every_field(operation: Operation) -> None:
    """Down to the innermost; numbers too look as they are answered."""
    answer = wire(msgspec.convert(operation.example, operation.gives, strict=True))
    assert answer == operation.example
    assert blank(answer) == blank(wire(operation.example))


def test_the_examples_add_up() -> None:
    """Groups make the whole, and rates follow from counts."""
    counts = ("active_at_start", "active_at_end", "kept", "lost", "gained", "recovered", "joined", "dormant_at_end",
              "ordering", "orders")  # fmt: skip
    parts = (figures.BUSINESS, figures.PRIVATE)
    assert {name: sum(part[name] for part in parts) for name in counts} == {
        name: figures.EVERYBODY[name] for name in counts
    }
    for row in (figures.EVERYBODY, *parts):
        assert list(row) == list(figures.EVERYBODY)
        assert row["retention_percent"] == pytest.approx(100 * row["kept"] / row["active_at_start"])
        assert float(row["average_order_value"]) == pytest.approx(float(row["spend"]) / row["orders"], abs=0.005)


def bare(schema: Any, place: str) -> list[str]:
    """Return where a schema has an object of which nothing is said."""
    if isinstance(schema, list):
        return [found for number, each in enumerate(schema) for found in bare(each, f"{place}.{number}")]
    if not isinstance(schema, dict):
        return []
    here = schema.get("type") == "object" and not {"properties", "additionalProperties"} & set(schema)
    inside = [found for name, each in schema.items() for found in bare(each, f"{place}.{name}")]
    return [place, *inside] if here else inside


def test_no_answer_has_an_object_of_which_nothing_is_said() -> None:
    """A generated client sees every field; the records of a customer's history are tables of the book."""
    schemas = openapi(OPERATIONS)["components"]["schemas"]
    found = [place for name, schema in schemas.items() for place in bare(schema, name)]
    of_tables = ["CustomerAnswer.properties.history", "CustomerData.properties.book"]
    assert [re.sub(r"\.additionalProperties.*", "", place) for place in found] == of_tables

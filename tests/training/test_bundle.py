"""The folder that serving loads, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.attributes import Attributes, with_attributes
from features.build import feature_table
from features.clock import date_of, day_number
from features.codes import CodeTable
from features.definitions import features_for
from features.errors import ModelRefused
from features.feature import FeatureSet
from features.log import Coded
from tests.bundles import bundle_of
from tests.training.conftest import DEFINITION, SHOP
from training import bundle as bundle_module
from training.bundle import Bundle
from training.dataset import build_dataset
from training.drift_reference import references
from training.forecasts.level import Levels
from training.models.calibration import Calibration
from training.models.candidates import CANDIDATES
from training.splits import latest_dates

DAY = date(2024, 1, 1)
FILES = ("bundle.json", "trees.json", "trees_1.txt", "value.json", "timing.json", "probe.json")


@pytest.fixture
def folder(bundles, tmp_path):
    bundles["lightgbm"].save(tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.mark.parametrize("name", tuple(CANDIDATES))
def test_a_round_trip_changes_no_bit(bundles, data, name, tmp_path):
    saved = replace(bundles[name], reference=references(data.features.names, data.values))
    saved.save(tmp_path)
    again = Bundle.load(tmp_path)
    assert np.array_equal(again.probability(data.X, DAY), saved.probability(data.X, DAY))
    assert np.array_equal(again.expected_spend(data.X, DAY), saved.expected_spend(data.X, DAY))
    predicted = saved.expected_spend(data.X, DAY)
    assert np.array_equal(again.spend_interval(predicted), saved.spend_interval(predicted))
    assert np.array_equal(
        again.no_order_probability(data.X, DAY, [7, 90]), saved.no_order_probability(data.X, DAY, [7, 90])
    )
    assert np.array_equal(again.next_order(data.X, DAY).median_days, saved.next_order(data.X, DAY).median_days)
    assert (again.features.names, again.features.kinds) == (saved.features.names, saved.features.kinds)
    assert (again.definition, again.shop, again.calibration) == (saved.definition, saved.shop, saved.calibration)
    assert (again.reference, again.metrics, again.why) == (saved.reference, saved.metrics, saved.why)
    assert again.training_dates == saved.training_dates


def test_what_was_learnt_of_attributes_is_kept_and_proved_at_each_load(log, tmp_path):
    """As JSON, read back to the bit, and computed for the made-up customers as in training."""
    regions = Coded.of(["north" if place % 3 else "south" for place in range(log.n_customers)])
    known = with_attributes(log, Attributes(log.customer_ids, {"region": regions}))
    learnt = build_dataset(known, latest_dates(known, DEFINITION), DEFINITION, features_for(known))
    saved = bundle_of("logistic", learnt, known, SHOP)
    saved.save(tmp_path)
    again = Bundle.load(tmp_path)
    assert (again.features.codes, again.features.attributes) == (learnt.features.codes, ("region",))
    assert len(again.features.codes.tables["region"]) == len(learnt.days)
    served = feature_table(known, [date_of(learnt.days[-1])], again.features, DEFINITION.active_days)
    newest = learnt.on([learnt.days[-1]])
    assert np.array_equal(served[list(again.features.names)].to_numpy(), newest.values, equal_nan=True)
    probe = json.loads((tmp_path / "probe.json").read_text(encoding="utf-8"))
    assert set(probe["attributes"]["region"]) == {"north", "south", "?", ""}
    place = again.features.names.index("customer_region_log_odds")
    assert len({row[place] for row in probe["values"]}) == 4  # two groups, all other values together, and unknown


def test_other_codes_than_the_models_are_refused(log, tmp_path, monkeypatch):
    regions = Coded.of(["north" if place % 3 else "south" for place in range(log.n_customers)])
    known = with_attributes(log, Attributes(log.customer_ids, {"region": regions}))
    learnt = build_dataset(known, latest_dates(known, DEFINITION), DEFINITION, features_for(known))
    bundle_of("logistic", learnt, known, SHOP).save(tmp_path)
    monkeypatch.setattr(CodeTable, "number", lambda *_: 0.5)
    refused(tmp_path, "computed otherwise than in training: customer_region_share, customer_region_log_odds")


def test_calibrated_contributions_are_exact(bundles, data):
    for bundle in bundles.values():
        found = bundle.explained(data.values[:20], DAY)
        assert found.added.sum(axis=1) + found.base == pytest.approx(found.log_odds, abs=1e-9)
        assert found.log_odds == pytest.approx(bundle.log_odds(data.values[:20], DAY), abs=1e-12)


def test_silence_over_the_horizon_is_the_probability(bundles, data):
    for bundle in bundles.values():
        predicted = bundle.no_order_probability(data.X, DAY, [28, 14, 90])
        assert np.array_equal(predicted[:, 0], bundle.probability(data.X, DAY))
        assert (predicted[:, 1] >= predicted[:, 0]).all()
        assert (predicted[:, 2] <= predicted[:, 0]).all()


def test_the_interval_holds_the_expected_spend(bundles, data):
    predicted = bundles["lightgbm"].expected_spend(data.X, DAY)
    low, high = bundles["lightgbm"].spend_interval(predicted)
    assert ((low >= 0) & (low <= predicted) & (predicted <= high)).all()


def test_the_spend_has_the_level_of_its_window_and_an_ordinary_one_beside_it(bundles, data):
    day = day_number(DAY)
    dear = Levels(np.arange(day - 84, day - 28, 7), np.full(8, np.log(1.5)), 28, carry=1.0)
    bundle = replace(bundles["lightgbm"], spend_level=dear, base_rates=dear, calibration=Calibration("season"))
    plain = bundle.at_ordinary_level
    assert np.allclose(bundle.expected_spend(data.X, DAY), 1.5 * plain.expected_spend(data.X, DAY))
    assert np.allclose(plain.expected_spend(data.X, DAY), bundle.value.expected_spend(data.values))
    assert np.allclose(bundle.log_odds(data.X, DAY), plain.log_odds(data.X, DAY) + np.log(1.5))


def test_a_bundle_of_before_expects_the_ordinary_spend(folder, data):
    """It says nothing of a level of spend: as it was written, with the checksums of what it holds."""
    (folder / "spend_level.json").unlink()
    facts = json.loads((folder / "bundle.json").read_text())
    del facts["files"]["spend_level.json"], facts["checksum"], facts["calibration"]["scale"]
    (folder / "bundle.json").write_text(json.dumps({**facts, "checksum": bundle_module._checksum_of(facts)}))
    again = Bundle.load(folder)
    assert np.array_equal(again.expected_spend(data.X, DAY), again.value.expected_spend(data.values))
    assert again.calibration.scale == 1


def test_columns_are_taken_by_name(bundles, data):
    shuffled = data.X[list(data.X.columns)[::-1]]
    bundle = bundles["logistic"]
    assert np.array_equal(bundle.probability(shuffled, DAY), bundle.probability(data.values, DAY))


def refused(folder: Path, said: str | None = None) -> None:
    """Load the bundle, and see it refused in these words."""
    with pytest.raises(ModelRefused, match=said):
        Bundle.load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    refused(folder, f"{name}.* missing")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [b"", b"\x00\xff", b"[]", b"{}"])
def test_a_corrupt_file_is_named(folder, name, damage):
    (folder / name).write_bytes(damage)
    refused(folder, name if damage != b"{}" else "bundle")


def edit(folder, name, **changes):
    content = json.loads((folder / name).read_text())
    content.update(changes)
    content.pop("checksum")
    (folder / name).write_text(json.dumps({**content, "checksum": bundle_module._checksum_of(content)}))


def test_features_that_are_computed_otherwise_are_named(bundles, folder, monkeypatch):
    def changed(kinds=(), attributes=()):
        known = bundles["lightgbm"].features
        half = {"last_spend", "tenure_days"}
        values = dict.fromkeys(half, known["frequency"].value)
        return FeatureSet(tuple(replace(f, value=values[f.name]) if f.name in half else f for f in known), kinds)

    monkeypatch.setattr(bundle_module, "default_features", changed)
    refused(folder, r"otherwise than in training: .*tenure_days.*last_spend")


def test_a_feature_that_is_gone_is_named(folder):
    names = json.loads((folder / "bundle.json").read_text())["features"]
    edit(folder, "bundle.json", features=[*names[:-1], "spend_91d"])
    refused(folder, r'no longer defined: spend_91d\. Did you mean "spend_90d"')


def test_a_model_that_scores_otherwise_is_refused(folder):
    edit(folder, "bundle.json", calibration={"method": "platt", "slope": 0.5, "intercept": 0.0})
    refused(folder, "other scores")


def test_an_edited_bundle_json_is_refused(folder):
    text = (folder / "bundle.json").read_text()
    (folder / "bundle.json").write_text(text.replace('"horizon_days": 28', '"horizon_days": 29'))
    refused(folder, "checksum")


def test_another_format_is_refused(folder):
    edit(folder, "bundle.json", format=0)
    refused(folder, "format 0")


@pytest.mark.parametrize("key", ["features", "definition", "shop", "candidate", "calibration"])
@pytest.mark.parametrize("value", [None, 7, "x", {}, ["x"]])
def test_wrong_content_never_ends_in_a_traceback(folder, key, value):
    edit(folder, "bundle.json", **{key: value})
    refused(folder)


def forge(folder, name, **changes):
    """Change a file and make its checksum right, as whoever edits a bundle by hand would."""
    content = json.loads((folder / name).read_text())
    content.update(changes)
    (folder / name).write_text(json.dumps({key: value for key, value in content.items() if value != "gone"}))
    checksums = json.loads((folder / "bundle.json").read_text())["files"]
    edit(folder, "bundle.json", files={**checksums, name: bundle_module._checksum(folder / name)})


@pytest.mark.parametrize("key", ["names", "levels", "horizon_days", "follow_days", "hazard"])
@pytest.mark.parametrize("value", ["gone", None, {}, ["x"]])
def test_a_timing_of_wrong_content_is_refused(folder, key, value):
    forge(folder, "timing.json", **{key: value})
    refused(folder, "corrupt")


def test_a_timing_of_another_horizon_is_refused(folder):
    forge(folder, "timing.json", horizon_days=29)
    refused(folder, "another horizon")

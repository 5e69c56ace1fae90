"""`regulars retrain` from the next export to a model: trained, judged, and let serve or kept back with the reason."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serving.book.audit import audit_trail
from serving.config import load_settings
from serving.shop import OpenShop
from tests.serving.conftest import PASSED, Call, SmallShop
from training.tracking import CHAMPION, Record, Tracking


@pytest.fixture
def grown(month: Path, call: Call) -> Path:
    """The shop with the next export beside the former one."""
    assert call("add", month / "later.csv", "--config", month / "regulars.toml")[0] == 0
    return month / "regulars.toml"


def served(toml: Path) -> tuple[str, str]:
    """What serves by the registry, and by the last row of the audit."""
    tracking = Tracking(toml.parent)
    with OpenShop(load_settings(toml)) as shop:
        (*_, row) = audit_trail(shop.book)
    return str(tracking.champion_version()), str(row.to_version)


@pytest.mark.slow
def test_a_model_that_passes_serves_and_is_not_trained_again(grown: Path, call: Call) -> None:
    assert "40 of 28 days are over; the gate decides" in call("retrain", "--dry-run", "--config", grown)[1]
    code, out, err = call("retrain", "--config", grown)
    assert code == 0, err
    said = out.splitlines()
    assert said[0] == "trained, as the last training knew the orders until 2023-04-08: 40 of 28 days are over"
    assert re.fullmatch(r"version 2 \(\w+\) serves: the gate let it", said[1])
    assert served(grown) == ("2", "2")
    bundle, _ = Tracking(grown.parent).champion()
    assert str(bundle.trained_until) == "2023-05-18"
    code, out, _ = call("retrain", "--config", grown)
    assert (code, out.startswith("no training is due: ")) == (0, True)
    assert Tracking(grown.parent).challenger_version() == "2"


@pytest.mark.slow
@pytest.mark.whole
def test_a_model_that_fails_stays_challenger_and_says_by_which_check(grown: Path, shop: SmallShop, call: Call) -> None:
    """What serves has learnt from the same orders, and is as good."""
    tracking, empty = Tracking(grown.parent), dict[str, Any]()
    run_id = tracking.record(Record("test", empty, empty, empty, "digest", empty, empty, empty))
    tracking.register(run_id, replace(shop.bundles["logistic"]), [CHAMPION], {**PASSED, "gate_against": "1"})
    tracking.finish(run_id)
    code, out, err = call("retrain", "--config", grown, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["trained"], found["promoted"], found["serves"], found["challenger_version"]) == (
        True,
        False,
        "2",
        "3",
    )
    failed = [name for name, words in found["gate"].items() if words.startswith("failed: ")]
    assert failed
    assert [line.partition(": ")[0] for line in found["words"][2:]] == failed
    assert served(grown)[0] == "2"

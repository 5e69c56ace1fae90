"""What the training tests share: small shops made of renewal processes, and one trained run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.churn.labels import ChurnDefinition
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.log import Events, Lines, Log
from features.roll_up import roll_up
from features.sources.mapping import Shop
from tests.bundles import bundle_of
from training.bundle import Bundle
from training.dataset import Dataset, build_dataset
from training.models.candidates import CANDIDATES
from training.splits import latest_dates
from training.tracking import Tracking
from training.train import TrainingResult, train

DEFINITION = ChurnDefinition(horizon_days=28, active_days=84)
SHOP = Shop("UTC", "EUR")


def renewal_shop(customers: int, days: int, *, leaving: bool, seed: int = 1, gap_days: float | None = None) -> Log:
    """Return a shop whose customers buy after exponential gaps of their own, and leave for good or stay for ever."""
    random = np.random.default_rng(seed)
    who, when, amount, visitor, visited = [], [], [], [], []
    for place in range(customers):
        gap = gap_days or float(random.uniform(4, 25))
        day = float(random.uniform(0, days * 0.9)) if leaving else -60 + float(random.uniform(0, gap))
        spends = int(random.integers(500, 5_000))
        while day < days:
            if day >= 0:
                who.append(f"{place:04}")
                when.append(int(day))
                amount.append(spends + int(random.integers(0, 500)))
                if random.random() < 0.4:
                    visitor.append(f"{place:04}")
                    visited.append(int(day))
            day += 1 + float(random.exponential(gap))
            if leaving and random.random() < 0.1:
                break
    events = Events.of(visitor, ["visit"] * len(visitor), visited)
    return roll_up(Lines.of(who, when, amount), events)


@pytest.fixture(scope="session")
def log() -> Log:
    """350 customers over 400 days, who leave."""
    return renewal_shop(350, 400, leaving=True)


@pytest.fixture(scope="session")
def data(log: Log) -> Dataset:
    """What can be learnt from that shop."""
    return build_dataset(log, latest_dates(log, DEFINITION), DEFINITION, default_features(event_kinds(log)))


@pytest.fixture(scope="session")
def bundles(data: Dataset, log: Log) -> dict[str, Bundle]:
    """A bundle of each candidate."""
    return {name: bundle_of(name, data, log, SHOP) for name in CANDIDATES}


@pytest.fixture(scope="session")
def trained(
    log: Log, tracking_in: Callable[[Path], Tracking], tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainingResult, Tracking, Path]:
    """One whole training run on two test dates."""
    folder = tmp_path_factory.mktemp("trained")
    tracking = tracking_in(folder)
    shore = {str(who): ("left bank", "right bank")[place % 2] for place, who in enumerate(log.customer_ids)}
    return train(log, DEFINITION, SHOP, tracking=tracking, n_tests=2, groups={"Shore": shore}), tracking, folder

"""What the serving tests share: literal frames, the command line, and a small simulated shop with its real models."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from features.clock import date_of
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.log import Log
from features.simulate import simulate
from features.sources import read_log
from serving.cli import app, run
from serving.config import Settings, load_settings
from serving.scores import SCORE_NAMES, band
from tests.bundles import bundle_of
from training.bundle import Bundle
from training.calibration import Calibration
from training.dataset import dataset
from training.splits import latest_dates

AS_OF = date(2026, 3, 2)
MakeScores = Callable[..., pd.DataFrame]
Call = Callable[..., tuple[int, str, str]]


def regulars(*arguments: object) -> int:
    """Run a command of `regulars` in this process; returns its exit code."""
    return run(lambda: app([str(argument) for argument in arguments], standalone_mode=False))


def init_shop(folder: Path, *more: object) -> None:
    """Write the regulars.toml of a folder of simulated files, as a newcomer does."""
    files = (folder / "orders.csv", "--customers", folder / "customers.csv")
    assert regulars("init", *files, *more, "--out", folder / "regulars.toml") == 0


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the command line; returns exit code, stdout and stderr."""

    def calling(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["regulars", *map(str, arguments)])
        code = regulars(*arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return calling


def _score(customer_id: str, probability: float = 0.6, value: str = "12.00", **other: object) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "as_of": AS_OF,
        "horizon_days": 30,
        "probability": probability,
        "band": band(probability),
        "state": "at_risk" if probability >= 0.5 else "active",
        "days_since_order": 74,
        "usual_gap_days": 31.0,
        "overdue": 2.4,
        "overdue_days": 43.0,
        "next_order_on": date(2026, 3, 23),
        "next_order_from": date(2026, 3, 5),
        "next_order_until": date(2026, 5, 11),
        "silent_30d": probability,
        "silent_60d": probability**2,
        "silent_90d": probability**3,
        "silent_180d": probability**6,
        "expected_spend": Decimal("20.00"),
        "value_at_risk": Decimal(value),
        "value_at_risk_low": Decimal(value) / 2,
        "value_at_risk_high": Decimal(value) * 2,
        "reasons": ["no order for 74 days, usually every 31"],
        "protective": [],
        "model_version": "1",
        **other,
    }


def build_scores(
    *rows: tuple[str, float, str] | tuple[str, float, str, dict[str, object]],
) -> pd.DataFrame:
    """Return a scores frame; each row is customer_id, probability, value at risk and, if wanted, other columns."""
    made = [_score(row[0], row[1], row[2], **(row[3] if len(row) == 4 else {})) for row in rows]
    return pd.DataFrame(made, columns=list(SCORE_NAMES)).astype({"as_of": object})


def build_customers(*rows: tuple[str, str | None] | tuple[str, str | None, dict[str, object]]) -> pd.DataFrame:
    """Return a customers frame; each row is customer_id, owner and, if wanted, other columns."""
    names = ["customer_id", "name", "owner", "segment", "consent"]
    made = [{"customer_id": row[0], "owner": row[1], **(row[2] if len(row) == 3 else {})} for row in rows]
    return pd.DataFrame(made, columns=names, dtype=object)


@pytest.fixture(scope="session")
def make_scores() -> MakeScores:
    """The maker of score frames."""
    return build_scores


@pytest.fixture(scope="session")
def make_customers() -> Callable[..., pd.DataFrame]:
    """The maker of customer frames."""
    return build_customers


@dataclass(frozen=True)
class SmallShop:
    """A simulated shop: its files, what was read from them, and a model of each kind."""

    settings: Settings
    orders: pd.DataFrame
    events: pd.DataFrame
    log: Log
    as_of: date
    bundles: dict[str, Bundle]

    def copy_files(self, folder: Path) -> None:
        """Copy its files to a folder of a test's own."""
        for file in ("regulars.toml", "orders.csv", "events.csv", "customers.csv"):
            shutil.copy(self.settings.folder / file, folder)


TOML = """
[shop]
zone = "Europe/Athens"
currency = "EUR"
day_starts_at = "04:00"

[churn]
horizon_days = 30
active_days = 120

[orders]
file = "orders.csv"

[orders.columns]
order_id = "order_id"
customer_id = "customer_id"
ordered_at = "ordered_at"
amount = "amount"
quantity = "quantity"
discount = "discount"
product_id = "product_id"
returned = "returned"

[events]
file = "events.csv"

[events.columns]
customer_id = "customer_id"
kind = "kind"
happened_at = "happened_at"
value = "value"

[customers]
file = "customers.csv"

[customers.columns]
customer_id = "customer_id"
name = "name"
owner = "owner"
"""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """150 customers over 500 days, and what a logistic regression and trees learn from them."""
    folder = tmp_path_factory.mktemp("shop")
    made = simulate(150, seed=3, days=500)
    made.write(folder)
    (folder / "regulars.toml").write_text(TOML, encoding="utf-8")
    settings = load_settings(folder / "regulars.toml")
    log = read_log(settings.shop, settings.orders, settings.events).log
    dates = latest_dates(log, settings.definition)
    data = dataset(log, dates, settings.definition, default_features(event_kinds(log)))
    bundles = {
        name: replace(
            bundle_of(name, data, log, settings.shop),
            calibration=Calibration("platt", 0.9, -0.1),
            trained_until=date_of(log.last_day + 1),
            why="it is the one under test",
        )
        for name in ("logistic", "lightgbm")
    }
    return SmallShop(settings, made.orders, made.events, log, date_of(log.last_day + 1), bundles)

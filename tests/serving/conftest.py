"""What the serving tests share: literal frames, the command line, and a small simulated shop with its real models."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.clock import date_of
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.log import Log
from features.simulation.simulate import simulate
from features.sources.reader import read_log
from serving.book import Book
from serving.cli import app, run
from serving.commands.lists.list import PublishedList, make_list
from serving.config import Settings, load_settings
from serving.scores import SCORE_NAMES, band
from serving.shop import OpenShop
from tests.bundles import bundle_of
from tests.once import once
from tests.postgres import new_database as new_database
from training.bundle import Bundle
from training.dataset import build_dataset
from training.forecasts.buys_less import LESS_NAMES
from training.models.calibration import Calibration
from training.splits import latest_dates
from training.tracking import CHALLENGER, Record, Tracking

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


def in_shop(
    settings: Settings,
    command: Callable[..., Any],
    *arguments: object,
    until: date | None = None,
    book: Book | None = None,
    **options: object,
) -> Any:
    """Run a command on a shop that is opened for it, as the command line does."""
    with OpenShop(settings, until=until, book=book) as shop:
        return command(shop, *arguments, **options)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the command line; returns exit code, stdout and stderr."""

    def calling(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["regulars", *map(str, arguments)])
        code = regulars(*arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return calling


def shown(call: Call, *arguments: object) -> list[str]:
    """What a command shows to a person, which has to succeed."""
    code, out, err = call(*arguments)
    assert code == 0, err
    assert out
    return out.splitlines()


def document(call: Call, *arguments: object) -> dict[str, Any]:
    """What a program reads of a command."""
    code, out, err = call(*arguments, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def _score(customer_id: str, probability: float = 0.6, value: str = "12.00", **other: object) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "as_of": AS_OF,
        "horizon_days": 30,
        "probability": probability,
        "left_probability": probability,
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
        **dict.fromkeys(LESS_NAMES),
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

[list]
least_gain = 0

[customers]
file = "customers.csv"

[customers.columns]
customer_id = "customer_id"
name = "name"
owner = "owner"
"""


SHOP_SEED, SHOP_CUSTOMERS, SHOP_DAYS = 3, 150, 500


def _make_shop(folder: Path) -> None:
    """Write the files, and what a logistic regression and trees learn from them."""
    simulate(SHOP_CUSTOMERS, seed=SHOP_SEED, days=SHOP_DAYS).write(folder)
    (folder / "regulars.toml").write_text(TOML, encoding="utf-8")
    settings = load_settings(folder / "regulars.toml")
    log = read_log(settings.shop, settings.orders, settings.events).log
    dates = latest_dates(log, settings.definition)
    data = build_dataset(log, dates, settings.definition, default_features(event_kinds(log)))
    for name in ("logistic", "lightgbm"):
        replace(
            bundle_of(name, data, log, settings.shop),
            calibration=Calibration("platt", 0.9, -0.1),
            trained_until=date_of(log.last_day + 1),
            why="it is the one under test",
        ).save(folder / "bundles" / name)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """150 customers over 500 days, and what a logistic regression and trees learn from them."""
    folder = once(tmp_path_factory, "shop", _make_shop)
    settings = load_settings(folder / "regulars.toml")
    log = read_log(settings.shop, settings.orders, settings.events).log
    made = simulate(SHOP_CUSTOMERS, seed=SHOP_SEED, days=SHOP_DAYS)
    bundles = {name: Bundle.load(folder / "bundles" / name) for name in ("logistic", "lightgbm")}
    return SmallShop(settings, made.orders, made.events, log, date_of(log.last_day + 1), bundles)


PASSED = {"gate": "passed", "gate.log_loss": "passed: better by more than chance"}
FAILED = {
    "gate": "failed",
    "gate_against": "1",
    "gate.log_loss": "failed: not better by more than chance: log loss +0.0010",
    "gate.direction": "passed: risk falls",
}


@pytest.fixture(scope="session")
def registered(
    shop: SmallShop, tracking_in: Callable[[Path], Tracking], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A shop folder with three versions: the first serves, the second passed against it, the third failed."""

    def make(folder: Path) -> None:
        shop.copy_files(folder)
        tracking, empty = tracking_in(folder), dict[str, Any]()
        run_id = tracking.record(Record("test", empty, empty, empty, "digest", empty, empty, {}))
        tracking.register(run_id, shop.bundles["logistic"], ["champion"], {**PASSED, "gate_against": ""})
        tracking.register(run_id, shop.bundles["lightgbm"], [], {**PASSED, "gate_against": "1"})
        tracking.register(run_id, shop.bundles["logistic"], [CHALLENGER], FAILED)
        tracking.finish(run_id)

    return once(tmp_path_factory, "registered", make)


MONDAY = date(2023, 1, 9)


def list_of(folder: Path, day: date, *formats: str) -> PublishedList:
    """Make the list of a day, in the folder `list` beside the shop's files."""
    return in_shop(load_settings(folder / "regulars.toml"), make_list, folder / "list", formats, until=day)


def ask_for(folder: Path, rules: str) -> None:
    """Write rules into the section [list] of a shop, which lists whoever gains anything: it is small."""
    toml = folder / "regulars.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("[list]\n", f"[list]\n{rules}\n"), encoding="utf-8")


def in_book(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the book of a folder."""
    with closing(sqlite3.connect(folder / "book.db")) as book:
        return book.execute(query).fetchall()


@pytest.fixture(scope="session")
def listed(registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop folder with a champion and the list of a Monday."""

    def make(folder: Path) -> None:
        shutil.copytree(registered, folder, dirs_exist_ok=True)
        list_of(folder, MONDAY)

    return once(tmp_path_factory, "listed", make)


@pytest.fixture
def office(listed: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    shutil.copytree(listed, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture(scope="session")
def busy(listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a list, a key, a webhook and two models that have served."""

    from tests.serving.faults import make_busy_shop

    def make(folder: Path) -> None:
        shutil.copytree(listed, folder, dirs_exist_ok=True)
        make_busy_shop(folder)

    return once(tmp_path_factory, "busy", make)


@pytest.fixture
def changed(busy: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(busy, tmp_path / "shop"))

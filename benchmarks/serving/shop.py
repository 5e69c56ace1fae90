"""The shop that is served: a small one is simulated and learnt from, its scores stand for a great many customers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.clock import date_of
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.log import Log
from features.simulation.simulate import simulate
from serving.book import Book
from serving.book.keys import create_key
from serving.book.runs import record_scores
from serving.commands.data.init import init_shop
from serving.config import ServeSettings, Settings, load_settings, toml_text
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.scorer import score
from serving.shop import OpenShop
from serving.webhooks.outbox import publish_and_enqueue
from training.bundle import Bundle
from training.dataset import Dataset, build_dataset
from training.forecasts.buys_less import BuysLess
from training.forecasts.left import LeftModel
from training.forecasts.level_history import LevelHistory
from training.forecasts.next_order import fit_timing
from training.forecasts.spend import fit_value
from training.models.calibration import Calibration
from training.models.candidates import BLEND, fit
from training.splits import latest_dates
from training.tracking import CHAMPION, Record, Tracking

ROLES = ("scores", "lists", "outcomes")
LISTED = 200
NO_LIMIT = 1e6  # requests per second of one key: what is measured is the server, not its brake


@dataclass(frozen=True)
class Shop:
    """A shop's folder, ready to be served.

    Args:
        folder: regulars.toml, book and registry.
        key: text of a key that may read scores and lists and post orders.
        as_of: the day that scores and posted histories look from.
    """

    folder: Path
    key: str
    as_of: date

    @property
    def toml(self) -> Path:
        """Its settings."""
        return self.folder / "regulars.toml"


def made_shop(folder: Path, scored: int, simulated: int = 600) -> Shop:
    """Make a shop with a model, a key, a list and the scores of so many customers in its book."""
    settings = _settings(folder, simulated)
    with OpenShop(settings) as shop:
        log = shop.log
    as_of = date_of(log.last_day + 1)
    bundle = _bundle(log, settings)
    version = _registered(bundle, folder)
    _record(_many(score(log, bundle, version, as_of, reasons="all"), scored), settings, log)
    with OpenShop(settings) as shop:
        _, key = create_key(shop.book, "benchmark", ROLES, None, None)
    return Shop(folder, key, as_of)


def customer_ids(count: int, random: np.random.Generator, scored: int) -> list[str]:
    """Return ids of customers who have a score, at random, none twice."""
    return [_id(number) for number in random.choice(scored, count, replace=False)]


def history(as_of: date, orders: int) -> list[dict[str, Any]]:
    """Return so many order lines of one customer, one in ten of them with a discount."""
    random = np.random.default_rng(orders)
    days = np.sort(random.integers(2, 700, orders))[::-1]
    return [
        {
            "order_id": f"A-{number}",
            "ordered_at": f"{date.fromordinal(as_of.toordinal() - int(day))}T{number % 24:02}:05:00",
            "amount": f"{random.integers(500, 9000) / 100:.2f}",
            "product_id": f"P{random.integers(0, 40)}",
            **({"discount": "2.50"} if number % 10 == 0 else {}),
        }
        for number, day in enumerate(days)
    ]


def _settings(folder: Path, simulated: int) -> Settings:
    orders, events, customers, *_ = simulate(simulated, seed=11).write(folder)
    toml = folder / "regulars.toml"
    init_shop(orders, events, customers, toml, force=True, columns=())
    settings = replace(load_settings(toml), serve=ServeSettings(requests_per_second=NO_LIMIT))
    toml.write_text(toml_text(settings), encoding="utf-8")
    return load_settings(toml)


def _bundle(log: Log, settings: Settings) -> Bundle:
    """Return what a training run serves on most shops, the blend, fitted once: its backtest is not needed here."""
    definition = settings.definition_for(log)
    dates = latest_dates(log, definition)
    data: Dataset = build_dataset(log, dates, definition, default_features(event_kinds(log)))
    history, value = LevelHistory.of(log, definition, data.days[-1]), fit_value(data)
    return Bundle(
        features=data.features,
        definition=definition,
        shop=settings.shop,
        candidate=BLEND,
        fitted=fit(BLEND, data).fitted,
        calibration=Calibration("platt", 0.9, -0.1),
        base_rates=history.base_rates(data, data.days[-1]),
        value=value,
        spend_level=history.spend(value, data.days[-1]),
        timing=fit_timing(data),
        left=LeftModel(3 * data.definition.horizon_days),
        buys_less=BuysLess.off(data.definition),
        trained_until=date_of(log.last_day + 1),
        training_dates=tuple(date_of(day) for day in data.days),
        why="made for a benchmark",
    )


def _registered(bundle: Bundle, folder: Path) -> str:
    tracking, empty = Tracking(folder), dict[str, Any]()
    run_id = tracking.record(Record("benchmark", empty, empty, empty, "made up", empty, empty, {}))
    version = tracking.register(run_id, bundle, [CHAMPION])
    tracking.finish(run_id)
    return version


def _many(scores: pd.DataFrame, count: int) -> pd.DataFrame:
    repeated = scores.iloc[np.arange(count) % len(scores)].reset_index(drop=True)
    return repeated.assign(customer_id=[_id(number) for number in range(count)])


def _record(scores: pd.DataFrame, settings: Settings, log: Log) -> None:
    book, currency = Book(settings.book_place), settings.shop.currency
    try:
        run_id = record_scores(book, scores, currency=currency, data_digest=log.digest())
        publish_and_enqueue(book, plan(scores, currency=currency, policy=Policy(capacity=LISTED)), run_id)
    finally:
        book.close()


def _id(number: int) -> str:
    return f"C{number:07}"

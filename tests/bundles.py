"""A bundle without the backtest that training runs: the fits alone, with literal words about them."""

from __future__ import annotations

from features.clock import date_of
from features.log import Log
from features.sources.mapping import Shop
from training.bundle import Bundle
from training.dataset import Dataset
from training.forecasts.buys_less import BuysLess
from training.forecasts.left import LeftModel
from training.forecasts.level_history import LevelHistory
from training.forecasts.next_order import fit_timing
from training.forecasts.risk_map import count_risk_map
from training.forecasts.spend import fit_value
from training.models.calibration import Calibration
from training.models.candidates import fit


def bundle_of(name: str, data: Dataset, log: Log, shop: Shop) -> Bundle:
    """Return a bundle of a candidate with a calibration that is not trivial."""
    history, value = LevelHistory.of(log, data.definition, data.days[-1]), fit_value(data)
    return Bundle(
        features=data.features,
        definition=data.definition,
        shop=shop,
        candidate=name,
        fitted=fit(name, data).fitted,
        calibration=Calibration("platt", 0.8, -0.2),
        base_rates=history.base_rates(data, data.days[-1]),
        value=value,
        spend_level=history.spend(value, data.days[-1]),
        timing=fit_timing(data),
        left=LeftModel(3 * data.definition.horizon_days),
        buys_less=BuysLess.off(data.definition),
        trained_until=date_of(data.days[-1]),
        training_dates=tuple(date_of(day) for day in data.days),
        metrics={"auroc": 0.8},
        why="a test",
        risk_map=count_risk_map(log, data, 3 * data.definition.horizon_days, log.last_day + 1),
    )

"""Whom a contact moves, learnt from the shop's own holdout: used only once it has proved better than risk and gain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from features.build import feature_table
from features.clock import day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.feature import FeatureSet
from features.log import Log
from training.dataset import Floats
from training.forecasts.uplift import LEAST_ACCOUNTS, TLearner, UpliftBacktest, fit_uplift, uplift_backtest


@dataclass(frozen=True, eq=False)
class LearntUplift:
    """What the trial teaches of whom a contact moves.

    Args:
        verdict: the backtest, in figures and in words.
        features: what the model looks at.
        model: None unless it won.
    """

    verdict: UpliftBacktest
    features: FeatureSet = field(repr=False)
    model: TLearner | None = field(default=None, repr=False)

    def of(self, log: Log, customer_ids: Iterable[str], as_of: date) -> pd.Series | None:
        """Return by how much a contact raises P(stays), by customer id; None where no model has won."""
        if self.model is None:
            return None
        table = feature_table(log.only(customer_ids), [as_of], self.features)
        said = self.model.uplift(_values(table, self.features))
        return pd.Series(said, index=pd.Index(table["customer_id"].astype(object)))


def learn_uplift(log: Log, outcomes: pd.DataFrame) -> LearntUplift:
    """Learn whom a contact moves from the first episodes of the ranked cell, and judge that out of time.

    Args:
        log: the shop's log; of each episode only what was known on its first day is looked at.
        outcomes: what `serving.outreach.effect.settled.settled` gives.
    """
    features = default_features(event_kinds(log))
    first = outcomes[(outcomes["number"] == 1) & (outcomes["cell"] == "ranked")].reset_index(drop=True)
    kept, treated = first["kept"].to_numpy(dtype=bool), (first["arm"] == "treated").to_numpy(dtype=bool)
    risk = first["probability"].to_numpy(dtype=np.float64)
    # Too few outcomes are said without computing a feature.
    few = uplift_backtest(np.zeros((len(first), 1)), kept, treated, risk) if _is_few(kept, treated) else None
    if few is not None:
        return LearntUplift(few, features)
    X = _entered(log, first, features)
    verdict = uplift_backtest(
        X,
        kept,
        treated,
        risk,
        gain=risk * first["expected_spend"].to_numpy(dtype=np.float64),
        account_id=first["account_id"].to_numpy(dtype=object),
        began_day=np.array([day_number(day) for day in first["began_on"]], dtype=np.int64),
        horizon_days=int(first["horizon_days"].max()),
    )
    return LearntUplift(verdict, features, fit_uplift(X, kept, treated) if verdict.wins else None)


def _is_few(kept: np.typing.NDArray[np.bool_], treated: np.typing.NDArray[np.bool_]) -> bool:
    return min(int(treated.sum()), int((~treated).sum())) < LEAST_ACCOUNTS


def _entered(log: Log, first: pd.DataFrame, features: FeatureSet) -> Floats:
    """Return the features of every episode as they were on its first day, episodes × features."""
    some, parts = log.only(first["customer_id"]), []
    for day, rows in first.groupby("began_on", sort=True):
        table = feature_table(some, [day], features).set_index("customer_id")  # type: ignore[list-item]
        of_the_day = table.reindex(rows["customer_id"].tolist()).reset_index(drop=True)
        parts.append(of_the_day.set_axis(rows.index))
    return _values(pd.concat(parts).loc[first.index], features)


def _values(table: pd.DataFrame, features: FeatureSet) -> Floats:
    return table[list(features.names)].to_numpy(dtype=np.float64, na_value=np.nan)

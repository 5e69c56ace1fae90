"""Learns from the shop's own holdout whom a contact moves; used only once it ranks better than risk and gain do."""

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
from serving.outreach.plan.candidates import SHRUNK
from training.dataset import Floats
from training.forecasts.uplift import LEAST_ACCOUNTS, TLearner, UpliftVerdict, fit_uplift, uplift_backtest


@dataclass(frozen=True, eq=False)
class LearntUplift:
    """The uplift model, if there is one, and the backtest that decided.

    Args:
        verdict: the backtest's result.
        features: the model's inputs.
        model: None unless it won the backtest.
    """

    verdict: UpliftVerdict
    features: FeatureSet = field(repr=False)
    model: TLearner | None = field(default=None, repr=False)

    def predict(self, log: Log, customer_ids: Iterable[str], as_of: date) -> pd.Series | None:
        """Return by how much a contact raises P(stays), indexed by customer id; None where no model has won."""
        if self.model is None:
            return None
        table = feature_table(log.only(customer_ids), [as_of], self.features)
        uplift = self.model.uplift(_values(table, self.features))
        return pd.Series(uplift, index=pd.Index(table["customer_id"].astype(object)))


def learn_uplift(log: Log, outcomes: pd.DataFrame) -> LearntUplift:
    """Fit an uplift model to the first episodes of the ranked cell, and backtest it out of time.

    Args:
        log: the shop's log; of each episode only what was known on its first day is used.
        outcomes: what `serving.outreach.effect.settled.settled` returns.
    """
    features = default_features(event_kinds(log))
    stays = (
        outcomes["kind"] != SHRUNK if "kind" in outcomes else True
    )  # what keeps an account's spend is another question
    first = outcomes[(outcomes["number"] == 1) & (outcomes["cell"] == "ranked") & stays].reset_index(drop=True)
    kept, treated = first["kept"].to_numpy(dtype=bool), (first["arm"] == "treated").to_numpy(dtype=bool)
    risk = first["probability"].to_numpy(dtype=np.float64)
    if min(int(treated.sum()), int((~treated).sum())) < LEAST_ACCOUNTS:
        # The backtest says "too few" whatever the features are: none is computed.
        return LearntUplift(uplift_backtest(np.zeros((len(first), 1)), kept, treated, risk), features)
    X = _on_entry(log, first, features)
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


def _on_entry(log: Log, first: pd.DataFrame, features: FeatureSet) -> Floats:
    """Return the features of every episode as they were on its first day, episodes × features."""
    some, parts = log.only(first["customer_id"]), []
    for day, rows in first.groupby("began_on", sort=True):
        table = feature_table(some, [day], features).set_index("customer_id")  # type: ignore[list-item]
        parts.append(table.reindex(rows["customer_id"].tolist()).set_axis(rows.index))
    return _values(pd.concat(parts).loc[first.index], features)


def _values(table: pd.DataFrame, features: FeatureSet) -> Floats:
    return table[list(features.names)].to_numpy(dtype=np.float64, na_value=np.nan)

"""What is known about a customer on a date.

The names below are the public ones, imported when first asked for; docs/python.md shows them at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.lazy_names import lazy_names

if TYPE_CHECKING:
    from features.build import feature_table
    from features.churn.horizon import ACTIVE_HORIZONS, GAPS_COVERED, HORIZONS_DAYS, proposed_horizon
    from features.churn.labels import ChurnDefinition, complete_until, label_table
    from features.churn.sufficiency import sufficiency
    from features.clock import date_of, day_number, future, window
    from features.definitions import default_features
    from features.errors import InputError
    from features.feature import FeatureSet
    from features.kpis.cohorts import cohorts
    from features.kpis.retention import retention_kpis
    from features.kpis.yearly import five_points_more, yearly
    from features.log import Log
    from features.money import Money
    from features.reasons import reason_sentence, value_in_words
    from features.simulation.simulate import simulate
else:
    __getattr__, __dir__ = lazy_names(__name__)

__all__ = [
    # dates
    "date_of",
    "day_number",
    "future",
    "window",
    # what is read
    "InputError",
    "Log",
    "Money",
    # features
    "feature_table",
    "default_features",
    "FeatureSet",
    "reason_sentence",
    "value_in_words",
    # churn
    "ACTIVE_HORIZONS",
    "GAPS_COVERED",
    "HORIZONS_DAYS",
    "proposed_horizon",
    "ChurnDefinition",
    "complete_until",
    "label_table",
    "sufficiency",
    # KPIs
    "cohorts",
    "retention_kpis",
    "five_points_more",
    "yearly",
    # a simulated shop
    "simulate",
]

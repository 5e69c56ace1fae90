"""The bundle that training hands to serving: a folder with everything a score needs, and a probe that verifies it.

    bundle.json       features, churn definition, shop, calibration, reference distributions, metrics, checksums
    rule.json | silence.json | logistic.json | trees.json + trees_<n>.txt | blend.json + a folder per part
                      the fitted candidate
    base_rates.json   the churn rate week by week, and the forecast of the coming window
    value.json        expected spend if retained
    spend_level.json  what those who stayed spent week by week beside it, and the forecast of the coming window
    left.json, left/  who has left: another blend, learnt on a longer window
    shrink.json, lost_category.json, and a folder each
                      which accounts buy less, of the whole or of one category
    timing.json       the shop's gaps: P(no order) over any number of days, and the date of the next order
    risk_map.json     how silent customers were, how often they had ordered, and which share was gone afterwards
    codes.json        what was learnt about the values of customer attributes, where there are any
    probe.json        twenty made-up customers with their features and log-odds

Serving has no settings of its own for any of these. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.build import FeatureColumns
from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.codes import NO_CODES, Codes
from features.definitions import default_features
from features.errors import ModelRefused, suggest
from features.feature import EventKind, FeatureSet
from features.money import Money
from features.sources.mapping import Shop
from training.bundle_probe import AS_OF as PROBE_DATE
from training.bundle_probe import Probe, made_up, made_up_attributes, probe_values
from training.dataset import Floats
from training.drift_reference import Reference
from training.forecasts.buys_less import BuysLess, read_buys_less
from training.forecasts.left import LeftModel, read_left
from training.forecasts.level import Levels
from training.forecasts.next_order import NextOrder, Timing, read_timing
from training.forecasts.risk_map import FILE as RISK_MAP_FILE
from training.forecasts.risk_map import RiskMap, read_risk_map
from training.forecasts.spend import ValueModel, read_value
from training.models.calibration import Calibration, sigmoid
from training.models.candidates import RULES, read_fitted
from training.models.fitted import Explained, Fitted, read_json, write_json

FORMAT = 2
NOT_JUDGED = "provisional"  # how the reason of such a bundle begins
FILE, PROBE_FILE, RATES_FILE, CODES_FILE = "bundle.json", "probe.json", "base_rates.json", "codes.json"
SPEND_LEVEL_FILE = "spend_level.json"
# Another version of a library may round log-odds differently; a damaged model is off by far more.
LOG_ODDS_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model that can serve: features in; probability, contributions, expected spend and next order out.

    Args:
        features: those that it takes, in order.
        definition: who can churn, and what churn is.
        shop: zone and currency that the orders were read by.
        candidate: its name.
        fitted: the fitted candidate.
        calibration: from its log-odds to calibrated ones.
        base_rates: the forecast level of a coming window; used where the calibration is `season`.
        value: the model of the expected spend if retained, at an ordinary level.
        spend_level: the forecast level of that spend in a coming window.
        timing: the model of the next order, and of the probability over other numbers of days.
        left: the model of who has left.
        buys_less: the models of which accounts buy less.
        trained_until: the first day that no label read; nothing on or after it was known.
        training_dates: the dates of the training rows.
        metrics: out-of-time means of the backtest, by name; empty where there was none.
        why: why this candidate, in words.
        quality: grade, bands and list of the backtest, as `report_facts` gives them; empty where there was none.
        importance: mean absolute contribution per feature, log-odds.
        reference: distribution per feature, and of `probability`, on the last training date.
        log_digest: fingerprint of the log.
        risk_map: where the shop's customers stood, and who was gone afterwards; None of a bundle of before.
    """

    features: FeatureSet
    definition: ChurnDefinition
    shop: Shop
    candidate: str
    fitted: Fitted
    calibration: Calibration
    base_rates: Levels
    value: ValueModel
    spend_level: Levels
    timing: Timing
    left: LeftModel
    buys_less: BuysLess
    trained_until: date
    training_dates: tuple[date, ...]
    metrics: dict[str, float] = field(default_factory=dict)
    why: str = ""
    quality: dict[str, Any] = field(default_factory=dict)
    importance: dict[str, float] = field(default_factory=dict)
    reference: dict[str, Reference] = field(default_factory=dict)
    log_digest: str = ""
    risk_map: RiskMap | None = None

    @property
    def money(self) -> Money:
        """The currency of the amounts."""
        return Money(self.shop.currency)

    @property
    def zone(self) -> str:
        """The zone in which the orders' days are counted."""
        return self.shop.zone

    @property
    def is_rule(self) -> bool:
        """Whether a rule serves, not a model."""
        return self.candidate in RULES

    @property
    def at_ordinary_level(self) -> Bundle:
        """The same without the forecast of a window's level: that of the training dates for ever."""
        flat = Levels.flat(self.definition.horizon_days)
        return replace(self, base_rates=flat, spend_level=flat)

    @property
    def is_provisional(self) -> bool:
        """Whether it serves only until something was judged."""
        return self.why.startswith(NOT_JUDGED)

    def matrix(self, X: pd.DataFrame | FeatureColumns | Floats) -> Floats:
        """Return features as an array in the model's order; named columns are taken by name."""
        if isinstance(X, FeatureColumns):
            return X.matrix(self.features.names)
        if isinstance(X, pd.DataFrame):
            X = X[list(self.features.names)].to_numpy(dtype=np.float64)
        return np.ascontiguousarray(X)

    def log_odds(self, X: pd.DataFrame | Floats, as_of: date) -> Floats:
        """Return calibrated log-odds of churn, one per row, in the window that begins on `as_of`."""
        return self.calibration.apply(self.fitted.log_odds(self.matrix(X)), self._shift(as_of))

    def probability(self, X: pd.DataFrame | Floats, as_of: date) -> Floats:
        """Return the calibrated probability of churn within the horizon, one per row."""
        return sigmoid(self.log_odds(X, as_of))

    def left_probability(self, X: pd.DataFrame | Floats, probability: Floats) -> Floats:
        """Return the probability that each customer has left, given that of no order within the horizon."""
        matrix = self.matrix(X)
        return self.left.probability(
            matrix, probability, lambda days: self.timing.no_order_probability(matrix, probability, [days])[:, 0]
        )

    def explained(self, X: pd.DataFrame | Floats, as_of: date) -> Explained:
        """Return the calibrated log-odds and what each feature adds to them."""
        raw, shift, slope = self.fitted.explained(self.matrix(X)), self._shift(as_of), self.calibration.slope
        base = slope * raw.base + self.calibration.level(shift)
        return Explained(self.calibration.apply(raw.log_odds, shift), slope * raw.added, base)

    def _shift(self, as_of: date) -> float:
        return self.base_rates.forecast(day_number(as_of)).shift

    def level_error(self, as_of: date) -> float:
        """Return the standard error of the level of the probabilities, in log-odds, in the window from `as_of` on.

        Where the calibration does not follow the forecast of the level, its shift is an error as well.
        """
        forecast = self.base_rates.forecast(day_number(as_of))
        missed = 0.0 if self.calibration.method == "season" else forecast.shift
        return self.calibration.scale * math.hypot(forecast.uncertainty, missed)

    def expected_spend(self, X: pd.DataFrame | Floats, as_of: date) -> Floats:
        """Return the expected spend of each customer if retained, over the horizon from `as_of` on, minor units."""
        return self.value.expected_spend(self.matrix(X)) * self.spend_level.factor(day_number(as_of))

    def spend_interval(self, expected_spend: Floats) -> tuple[Floats, Floats]:
        """Return low and high of an 80 % interval around the expected spend; all in minor units."""
        return self.value.bands.around(expected_spend)

    def no_order_probability(self, X: pd.DataFrame | Floats, as_of: date, days: Sequence[int]) -> Floats:
        """Return P(no order within so many days), rows × days; at the horizon it is `probability` to the bit."""
        return self.timing.no_order_probability(self.matrix(X), self.probability(X, as_of), days)

    def next_order(self, X: pd.DataFrame | Floats, as_of: date) -> NextOrder:
        """Return the wait for the next order of customers who order within `timing.follow_days`."""
        return self.timing.next_order(self.matrix(X), self.probability(X, as_of))

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder, which is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.fitted.to_files(folder)
        self.value.to_files(folder)
        self.timing.to_files(folder)
        self.left.to_files(folder)
        self.buys_less.to_files(folder)
        if self.risk_map is not None:
            self.risk_map.to_files(folder)
        write_json(folder / RATES_FILE, self.base_rates.to_dict())
        write_json(folder / SPEND_LEVEL_FILE, self.spend_level.to_dict())
        if self.features.attributes:
            write_json(folder / CODES_FILE, self.features.codes.to_dict())
        write_json(folder / PROBE_FILE, self._probe().to_dict())
        files = {name: _checksum(folder / name) for name in _files(folder) if name != FILE}
        facts = {**self._facts(), "files": files}
        write_json(folder / FILE, {**facts, "checksum": _checksum_of(facts)})

    def _probe(self) -> Probe:
        lines, events = made_up([kind.name for kind in self.features.kinds])
        attributes = made_up_attributes(self.features.codes)
        values = probe_values(lines, events, self.features, attributes)
        return Probe(lines, events, values, self.log_odds(values, PROBE_DATE), attributes)

    def _facts(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "features": list(self.features.names),
            "kinds": [asdict(kind) for kind in self.features.kinds],
            "attributes": list(self.features.attributes),
            "definition": asdict(self.definition),
            "shop": _shop_to_dict(self.shop),
            "candidate": self.candidate,
            "calibration": asdict(self.calibration),
            "trained_until": self.trained_until.isoformat(),
            "training_dates": [day.isoformat() for day in self.training_dates],
            "metrics": self.metrics,
            "why": self.why,
            "quality": self.quality,
            "importance": self.importance,
            "reference": {name: reference.to_dict() for name, reference in self.reference.items()},
            "log_digest": self.log_digest,
        }

    @classmethod
    def load(cls, folder: Path) -> Bundle:
        """Read a bundle, and verify its files and its probe.

        Raises:
            ModelRefused: a file is missing or corrupt, or features are computed differently than in training, by name.
        """
        facts = read_json(folder / FILE)
        if facts.get("format") != FORMAT:
            raise ModelRefused(
                f"{folder} has bundle format {facts.get('format')}, this is for {FORMAT}; run regulars train"
            )
        try:
            _check_facts(folder, facts)
            _check_files(folder, facts["files"])
            bundle = _bundle(folder, facts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelRefused(
                f"{folder / FILE} is corrupt ({type(error).__name__}: {error}); run regulars train"
            ) from None
        if not bundle.features.names == bundle.fitted.names == bundle.value.names == bundle.timing.names:
            raise ModelRefused(f"{folder / FILE} is corrupt: the model takes other features; run regulars train")
        if bundle.timing.horizon_days != bundle.definition.horizon_days:
            raise ModelRefused(f"{folder / FILE} is corrupt: its timing is of another horizon; run regulars train")
        _check_probe(bundle, folder)
        return bundle


def _shop_to_dict(shop: Shop) -> dict[str, Any]:
    """Return what rows are read by, as JSON holds it; how people read amounts is no matter of a model."""
    rates = {code: str(rate) for code, rate in shop.exchange_rates.items()}
    first = None if shop.new_rial_from is None else shop.new_rial_from.isoformat()
    plain = {name: getattr(shop, name) for name in ("zone", "currency", "day_starts_at")}
    return {**plain, "exchange_rates": rates, "new_rial_from": first}


def _shop(held: Mapping[str, Any]) -> Shop:
    rates = {code: Decimal(rate) for code, rate in held["exchange_rates"].items()}
    first = None if held.get("new_rial_from") is None else date.fromisoformat(held["new_rial_from"])
    return Shop(held["zone"], held["currency"], held["day_starts_at"], rates, new_rial_from=first)


def _bundle(folder: Path, facts: dict[str, Any]) -> Bundle:
    return Bundle(
        features=_features(folder, facts),
        definition=ChurnDefinition(**facts["definition"]),
        shop=_shop(facts["shop"]),
        candidate=facts["candidate"],
        fitted=read_fitted(facts["candidate"], folder),
        calibration=Calibration(**facts["calibration"]),
        base_rates=Levels.from_dict(read_json(folder / RATES_FILE)),
        value=read_value(folder),
        spend_level=_spend_level(folder, facts),
        timing=read_timing(folder),
        left=read_left(folder, facts["definition"]["horizon_days"]),
        buys_less=read_buys_less(folder, facts["definition"]["horizon_days"]),
        trained_until=date.fromisoformat(facts["trained_until"]),
        training_dates=tuple(map(date.fromisoformat, facts["training_dates"])),
        metrics=facts["metrics"],
        why=facts["why"],
        quality=facts["quality"],
        importance=facts["importance"],
        reference={name: Reference.from_dict(content) for name, content in facts["reference"].items()},
        log_digest=facts["log_digest"],
        risk_map=read_risk_map(folder) if RISK_MAP_FILE in facts["files"] else None,
    )


def _spend_level(folder: Path, facts: dict[str, Any]) -> Levels:
    if SPEND_LEVEL_FILE not in facts["files"]:  # a bundle of before December 2026: its spend has no season
        return Levels.flat(facts["definition"]["horizon_days"])
    return Levels.from_dict(read_json(folder / SPEND_LEVEL_FILE))


def _features(folder: Path, facts: dict[str, Any]) -> FeatureSet:
    kinds = tuple(EventKind(**kind) for kind in facts["kinds"])
    attributes = tuple(facts.get("attributes", ()))  # bundles of before December 2026 know none
    known = default_features(kinds, attributes)
    unknown = [name for name in facts["features"] if name not in known.names]
    if unknown:
        raise ModelRefused(
            f"the model takes features that are no longer defined: {', '.join(unknown)}."
            f"{suggest(unknown[0], known.names)} Train again"
        )
    codes = Codes.from_dict(read_json(folder / CODES_FILE)) if attributes else NO_CODES
    return FeatureSet(tuple(known[name] for name in facts["features"]), kinds, attributes, codes)


def _check_facts(folder: Path, facts: dict[str, Any]) -> None:
    rest = {name: value for name, value in facts.items() if name != "checksum"}
    if facts["checksum"] != _checksum_of(rest):
        raise ModelRefused(f"{folder / FILE} is corrupt: its checksum is another; run regulars train")


def _check_files(folder: Path, checksums: dict[str, str]) -> None:
    for name, checksum in checksums.items():
        if not (folder / name).is_file():
            raise ModelRefused(f"{name} is missing from {folder}; run regulars train")
        if _checksum(folder / name) != checksum:
            raise ModelRefused(
                f"{folder / name} is corrupt: its checksum differs from the bundle's; run regulars train"
            )


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _checksum_of(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_probe(bundle: Bundle, folder: Path) -> None:
    try:
        probe = Probe.from_dict(read_json(folder / PROBE_FILE))
        differing = probe.differing(bundle.features)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelRefused(f"{folder / PROBE_FILE} cannot be computed ({error}); run regulars train") from None
    if differing:
        raise ModelRefused(
            f"these features are computed otherwise than in training: {', '.join(differing)}; run regulars train"
        )
    if not np.allclose(bundle.log_odds(probe.values, PROBE_DATE), probe.log_odds, rtol=0, atol=LOG_ODDS_TOLERANCE):
        raise ModelRefused(f"{folder}: the model gives other scores than when it was trained; run regulars train")

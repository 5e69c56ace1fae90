"""The scorer: a log, a bundle and a date in, scores out; the only code that makes a probability, for all or for one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.build import FeatureColumns, feature_columns
from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.definitions import default_features
from features.errors import InputError
from features.feature import FeatureSet
from features.lateness import is_late, whole_days
from features.log import Ints, Log
from serving.scores import MONEY_NAMES, SCORE_NAMES, SILENT_DAYS, Score, bands, lost_after_days, states
from training.bundle import Bundle
from training.dataset import Floats
from training.explain import common_reasons
from training.explain import reasons as reasons_of
from training.forecasts.buys_less import LESS_NAMES, LESS_TEXTS
from training.forecasts.next_order import Timing

Reasons = Literal["all", "none", "auto"]

# Exact contributions cost some five hundred times a score, so a large shop explains its most valuable cases alone.
EXPLAIN_ALL_BELOW = 100_000
EXPLAIN_TOP = 10_000
CUSTOMERS_AT_ONCE = 50_000
REASON_COLUMNS = ("reasons", "protective")
FACTS = ("days_since_order", "frequency", "usual_gap_days", "long_gap_days")
RATES = ("probability", "left_probability", *(f"silent_{days}d" for days in SILENT_DAYS))
LITTLE_HISTORY = 3  # order days; below it a rhythm is a guess


def score(
    log: Log,
    bundle: Bundle,
    version: str,
    as_of: date,
    *,
    reasons: Reasons = "auto",
    common: Collection[str] | None = None,
    buys_less: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score the population of a log on a date.

    Args:
        log: the shop's log; nothing on or after `as_of` is read.
        bundle: the model, with its features and its churn definition.
        version: of the registered model.
        as_of: the day that is looked from.
        reasons: 'all' for everyone, 'none', or 'auto': everyone below 100,000 customers, else the 10,000 with the
            greatest value at risk. Who is not explained has None in `reasons` and `protective`.
        common: what is true of nearly everybody, where the log is of some customers alone; None = looked for in it.
        buys_less: which accounts buy less, by `less_of`, where the log is of some customers alone; None = looked for
            in it.

    Returns:
        One row per customer with an order in the bundle's last `active_days`, in SCORE_COLUMNS, sorted by customer;
        `as_of` as dates, money as Decimal in major units.

    Raises:
        InputError: nobody ordered in the active days before `as_of`.
    """
    everyone = reasons == "all" or (reasons == "auto" and log.n_customers < EXPLAIN_ALL_BELOW)
    if common is None and everyone:
        common = common_reasons(log, bundle, as_of)
    parts = []
    for first in range(0, max(log.n_customers, 1), CUSTOMERS_AT_ONCE):
        chunk = log.slice(first, min(first + CUSTOMERS_AT_ONCE, log.n_customers))
        table = feature_columns(chunk, [as_of], bundle.features, bundle.definition.active_days)
        columns = _columns(chunk, table, bundle, version, as_of, common if everyone else None)
        parts.append(
            pd.DataFrame(columns, index=range(len(table)), columns=list(SCORE_NAMES)).astype({"as_of": object})
        )
    scores = pd.concat(parts, ignore_index=True)
    scores = with_less(scores, less_of(log, bundle, as_of) if buys_less is None else buys_less, bundle)
    if scores.empty:
        days = bundle.definition.active_days
        raise InputError(f"nobody to score: no customer ordered in the {days} days before {as_of.isoformat()}")
    return explained(scores, log, bundle, _most_valuable(scores)) if reasons == "auto" and not everyone else scores


def less_of(log: Log, bundle: Bundle, as_of: date) -> pd.DataFrame:
    """Return which accounts of a whole shop buy less, by customer id; nobody where that is not forecast."""
    return bundle.buys_less.forecast(log, day_number(as_of), bundle.money)


def with_less(scores: pd.DataFrame, less: pd.DataFrame, bundle: Bundle) -> pd.DataFrame:
    """Return scores with the columns of who buys less: empty sentences of whoever holds, none where it is not forecast.

    Args:
        scores: in SCORE_COLUMNS.
        less: as `less_of` returns it.
        bundle: the model.
    """
    if not bundle.buys_less.is_on:
        return scores
    own = less.reindex(scores["customer_id"]).set_axis(scores.index)
    found = {name: own[name].astype(object).where(own[name].notna(), None) for name in LESS_NAMES}
    for name in ("usual_spend", "missing_spend"):
        found[name] = found[name].map(lambda value: None if value is None else bundle.money.major(value))
    for name in LESS_TEXTS:
        found[name] = found[name].map(lambda told: list(told or ()))
    return scores.assign(**found)


def explained(scores: pd.DataFrame, log: Log, bundle: Bundle, customer_ids: Iterable[str]) -> pd.DataFrame:
    """Return the scores with reasons for the given customers, where they have none yet.

    The scores must come from this log and bundle.
    """
    asked = scores["customer_id"].isin(list(customer_ids)) & scores["reasons"].isna()
    todo = scores.index[asked]
    found = scores.copy()
    common = common_reasons(log, bundle, scores["as_of"].iloc[0]) if len(todo) else ()
    for first in range(0, len(todo), CUSTOMERS_AT_ONCE):
        rows = todo[first : first + CUSTOMERS_AT_ONCE]
        some = scores.loc[rows].sort_values("customer_id")
        table = feature_columns(log.only(some["customer_id"]), [some["as_of"].iloc[0]], bundle.features)
        for name, column in _sentences(bundle, bundle.matrix(table), common).items():
            found.loc[some.index, name] = pd.Series(column, some.index, object)
    return found


def score_one(log: Log, bundle: Bundle, version: str, as_of: date) -> Score:
    """Score the only customer of a log, inside the population or not, with reasons and with what the score rests on.

    What is true of nearly everybody in the shop is not known here, and not left out.

    Raises:
        InputError: the log is not of one customer, or has no order before `as_of`.
    """
    if log.n_customers > 1:
        raise InputError(f"a history of one customer is scored here, not of {log.n_customers}")
    table = feature_columns(log, [as_of], bundle.features)
    if not len(table):
        raise InputError(f"the history holds no order before {as_of.isoformat()} that counts")
    columns = _columns(log, table, bundle, version, as_of, ())
    facts: dict[str, Any] = {name: _first(columns[name]) for name in SCORE_NAMES}
    facts |= {name: tuple(facts[name]) for name in REASON_COLUMNS}
    for name in ("usual_gap_days", "overdue", "overdue_days"):
        facts[name] = None if np.isnan(facts[name]) else float(facts[name])
    for name in ("horizon_days", "days_since_order"):
        facts[name] = int(facts[name])
    for name in RATES:
        facts[name] = float(facts[name])
    if not log.has_money:
        facts |= dict.fromkeys(set(MONEY_NAMES) & facts.keys())
    return Score(**facts, currency=bundle.money.currency, limits=limits(log, bundle, as_of))


def limits(log: Log, bundle: Bundle, as_of: date) -> tuple[str, ...]:
    """Return what the score of one customer rests on: how much history, then each weakness of it."""
    days = log.streams["orders"].day
    known = days[days < day_number(as_of)]
    since, span = day_number(as_of) - int(known.max()), day_number(as_of) - int(known.min())
    notes = [f"rests on {_count(len(known), 'order day')} over {_count(span, 'day')} of history"]
    if len(known) == 1:
        notes.append("one order day so far: there is no usual gap yet, the score is that of a typical newcomer")
    elif len(known) < LITTLE_HISTORY:
        notes.append("two order days so far: the usual gap is a single gap")
    if bundle.is_rule:
        notes.append(f"the score is of a rule, {bundle.candidate}, not of a model: none was better on this shop")
    if since > bundle.definition.active_days:
        notes.append(
            f"no order in the last {bundle.definition.active_days} days: the model has learnt from customers with one"
        )
    if later := int((days >= day_number(as_of)).sum()):
        notes.append(f"{_count(later, 'order day')} on or after {as_of.isoformat()} not read")
    learnt = {kind.name for kind in bundle.features.kinds}
    if learnt and not log.kinds:
        notes.append("no events: read as none happened")
    if strange := [kind for kind in log.kinds if kind not in learnt]:
        notes.append(f"the model does not know {', '.join(strange)}: not read")
    if unknown := unknown_attributes(log, bundle):
        notes.append(f"{', '.join(unknown)} of the customer not known: read as of an average customer")
    return tuple(notes)


def unknown_attributes(log: Log, bundle: Bundle) -> tuple[str, ...]:
    """Return the attributes that the model has learnt from and that a log came without."""
    return tuple(name.replace("_", " ") for name in bundle.features.attributes if name not in log.attributes)


def _first(column: Any) -> Any:
    """Return the only row of a column; a frame of one customer would cost more than its score."""
    return column[0] if isinstance(column, (np.ndarray, list)) else column


def _columns(
    log: Log, table: FeatureColumns, bundle: Bundle, version: str, as_of: date, common: Collection[str] | None
) -> dict[str, Any]:
    """Return the columns of scores; a value that is the same for all customers stands alone.

    Without what is common, None, there are no reasons.
    """
    facts, matrix = _facts(log, table, as_of), bundle.matrix(table)
    probability, sentences = _predicted(matrix, bundle, as_of, common)
    left = bundle.left_probability(matrix, probability)
    since, usual_gap = facts["days_since_order"], whole_days(facts["usual_gap_days"])
    return {
        "customer_id": table.customer_ids,
        "as_of": as_of,
        "horizon_days": bundle.definition.horizon_days,
        "probability": probability,
        "left_probability": left,
        "band": bands(probability),
        "state": _states(facts, probability, left, bundle.definition),
        "days_since_order": since.astype(np.int64),
        "usual_gap_days": usual_gap,
        "overdue": since / usual_gap,
        "overdue_days": since - usual_gap,
        **_times(matrix, probability, bundle.timing, as_of),
        **_values(matrix, left, bundle, as_of),
        **dict.fromkeys(LESS_NAMES),  # told of a whole shop alone: its movement is set apart
        **sentences,
        "model_version": version,
    }


def _states(
    facts: dict[str, Floats], probability: Floats, left: Floats, definition: ChurnDefinition
) -> npt.NDArray[np.object_]:
    order_days, since = facts["frequency"] + 1, facts["days_since_order"]
    lost_after = lost_after_days(order_days, facts["long_gap_days"], definition.horizon_days)
    # Not where there is no gap yet.
    late = is_late(since, facts["usual_gap_days"], facts["frequency"], definition.horizon_days)
    return states(order_days, since, probability, left, late, definition.active_days, lost_after)


def _predicted(
    matrix: Floats, bundle: Bundle, as_of: date, common: Collection[str] | None
) -> tuple[Floats, dict[str, Any]]:
    """Return the probabilities, and the columns of reasons, None where none are asked for."""
    if not len(matrix):
        return np.zeros(0), dict.fromkeys(REASON_COLUMNS)
    if common is None:
        return bundle.probability(matrix, as_of), dict.fromkeys(REASON_COLUMNS)
    found = bundle.explained(matrix, as_of)
    return found.probability, _sentences(bundle, matrix, common, found.added)


def _sentences(
    bundle: Bundle, matrix: Floats, common: Collection[str], added: Floats | None = None
) -> dict[str, list[list[str]]]:
    """Return the columns of reasons: in each row a list of sentences."""
    pairs = reasons_of(bundle, matrix, bundle.money, added=added, common=common)
    return {name: [pair[index] for pair in pairs] for index, name in enumerate(REASON_COLUMNS)}


def _times(X: Floats, probability: Floats, timing: Timing, as_of: date) -> dict[str, Any]:
    """Return the columns of the next order and of the silences."""
    wait, silent = timing.next_order(X, probability), timing.no_order_probability(X, probability, SILENT_DAYS)
    return {
        "next_order_on": _dates(as_of, wait.median_days),
        "next_order_from": _dates(as_of, wait.low_days),
        "next_order_until": _dates(as_of, wait.high_days),
        **{f"silent_{days}d": silent[:, index] for index, days in enumerate(SILENT_DAYS)},
    }


def _dates(as_of: date, days: Ints) -> npt.NDArray[np.object_]:
    # A history may be posted for the last day that a calendar has; the next order cannot be later.
    last = day_number(date.max)
    return np.minimum(day_number(as_of) + days, last).astype("datetime64[D]").astype(object)


def _values(matrix: Floats, left: Floats, bundle: Bundle, as_of: date) -> dict[str, list[Decimal]]:
    """Return the columns of money, each rounded once."""
    spend = bundle.expected_spend(matrix, as_of)
    low, high = bundle.spend_interval(spend)
    at_risk = {"": spend, "_low": low, "_high": high}
    amounts = {"expected_spend": spend} | {f"value_at_risk{end}": left * each for end, each in at_risk.items()}
    return {name: [bundle.money.major(amount) for amount in column] for name, column in amounts.items()}


def _facts(log: Log, table: FeatureColumns, as_of: date) -> dict[str, Floats]:
    """Return the features that a score shows beside its probability, also those that the model does not use."""
    if not set(FACTS) <= set(table.names):
        known = default_features()
        facts = feature_columns(log, [as_of], FeatureSet(tuple(known[name] for name in FACTS)))
        rows = np.searchsorted(facts.customer_ids, table.customer_ids)
        return {name: facts[name][rows] for name in FACTS}
    return {name: table[name] for name in FACTS}


def _most_valuable(scores: pd.DataFrame) -> list[str]:
    greatest = scores["value_at_risk"].astype(float).nlargest(EXPLAIN_TOP)
    return list(scores.loc[greatest.index, "customer_id"])


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

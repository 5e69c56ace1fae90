"""The output contract: what a score says, column by column, in every file, answer and list.

`Score` is the one place where a column is defined: the score file, the book's table, the API's messages and the lists
take name, type and meaning from it. Bands and states are defined here and nowhere else. A band follows from the
calibrated probability alone; a state also looks at how often, how lately and in which rhythm the customer ordered, and
at how likely the customer has left.
Each customer is in one state: who ordered on one day is new and never counted with the regulars; who is lost already
is lapsed, which is no news.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
from msgspec import Meta

if TYPE_CHECKING:  # the settings read bands and states, and need no frames
    import pandas as pd

Band = Literal["low", "medium", "high"]
State = Literal["new", "active", "at_risk", "lapsed"]
ColumnType = Literal["text", "date", "integer", "number", "money", "texts"]

BANDS: tuple[Band, ...] = ("low", "medium", "high")
STATES: tuple[State, ...] = ("new", "active", "at_risk", "lapsed")
MEDIUM_FROM = 0.25
HIGH_FROM = 0.5  # from here on a customer is more likely to churn than to order
LIKELY_GONE_FROM = 0.25  # one chance in four of having left; of all regulars of a usual shop one in twelve has
# Lapsed inside the population asks for all of these, because a regular who is written off is not called in time:
# a rhythm (two gaps), a silence of three gaps that are long for this customer (nine in ten were shorter) and of more
# than a whole horizon (which is what churned means), and a model that gives an order at most one chance in four.
RHYTHM_FROM = 3  # order days
LAPSED_LONG_GAPS = 3
LAPSED_FROM = 0.75
SILENT_DAYS = (30, 60, 90, 180)  # fixed, whatever the model's own horizon: a file keeps its columns
SHARE = "0 to 1"
Share = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[Decimal, Meta(description="decimal in major units, as a string", examples=["12.50"])]
TYPES: dict[Any, ColumnType] = {
    str: "text", date: "date", int: "integer", float: "number", Decimal: "money", tuple[str, ...]: "texts",
}  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a column means, and who has it.

    Args:
        text: one sentence.
        unit: of the values; "" where there is none.
        once_a_run: the same for everybody in a run, so the book holds it with the run and a list in its head.
        on_lists: whether the entries of a list have it.
        zero_if_none: the book holds 0 where there is none; then its interval is missing too.
    """

    text: str
    unit: str = ""
    once_a_run: bool = False
    on_lists: bool = True
    zero_if_none: bool = False


@dataclass(frozen=True)
class Column:
    """One column of the score file or of a list: its name, its type, its unit and what it means.

    Args:
        is_optional: whether a value may be missing.
        choices: the only texts that occur; empty where any text may.
        once_a_run, on_lists, zero_if_none: as in `Meaning`.
    """

    name: str
    type: ColumnType
    unit: str
    meaning: str
    is_optional: bool = False
    choices: tuple[str, ...] = ()
    once_a_run: bool = False
    on_lists: bool = True
    zero_if_none: bool = False


_IF_ORDERS = "given that the customer orders within the days that the model follows"
_NO_MONEY = "none: the orders hold no money"


def _silent(days: int) -> Meaning:
    return Meaning(f"P(no order within {days} days)", SHARE, on_lists=False)


@dataclass(frozen=True)
class Score:
    """The score of one customer; the fields with a meaning are the columns of the score file.

    Money is in major units of `currency`, with that currency's digits. `reasons` and `protective` are None where
    they were not computed. The next order, the silences and the interval of the value at risk are None where the book
    holds a run that was recorded before there were such columns. `limits` says what the score rests on.
    """

    customer_id: Annotated[str, Meaning("the customer's id as in the order source; leading zeros are kept")]
    as_of: Annotated[
        date,
        Meaning("the day of the score; everything before it is history", "business day", once_a_run=True),
    ]
    horizon_days: Annotated[
        int, Meaning("churned means: no order on the days as_of … as_of + horizon_days − 1", "days", once_a_run=True)
    ]
    probability: Annotated[float, Meaning("calibrated probability that the customer churns within the horizon", SHARE)]
    left_probability: Annotated[
        float | None,
        Meaning(
            "calibrated probability that the customer has left: no order within three horizons, or as many as the log "
            "could teach; never above probability",
            SHARE,
        ),
    ]
    band: Annotated[Band, Meaning("low below 0.25, medium below 0.5, high from 0.5 on, by the probability")]
    state: Annotated[
        State,
        Meaning(
            "lapsed: no order in active_days, or from 3 order days on silent for more than 3 × long_gap_days and more "
            "than horizon_days with probability from 0.75 on; new: one order day; at_risk: late and "
            "likely gone (left_probability from 0.25 on); else active"
        ),
    ]
    days_since_order: Annotated[int, Meaning("whole days from the last order day to as_of; 1 = yesterday", "days")]
    usual_gap_days: Annotated[
        float | None,
        Meaning("the customer's usual gap between order days, whole days; none before the second order day", "days"),
    ]
    overdue: Annotated[
        float | None,
        Meaning(
            "days_since_order ÷ usual_gap_days; above 1 the customer is late, with a single gap so far only when "
            "horizon_days are over too",
            "ratio",
        ),
    ]
    overdue_days: Annotated[
        float | None,
        Meaning("days_since_order − usual_gap_days; negative: not yet due; none before the second order day", "days"),
    ]
    next_order_on: Annotated[
        date | None, Meaning(f"by this day half of such customers have ordered; {_IF_ORDERS}", "business day")
    ]
    next_order_from: Annotated[
        date | None, Meaning(f"first day of an 80 % interval around next_order_on; {_IF_ORDERS}", "business day")
    ]
    next_order_until: Annotated[date | None, Meaning(f"last day of that interval; {_IF_ORDERS}", "business day")]
    silent_30d: Annotated[float | None, _silent(30)]
    silent_60d: Annotated[float | None, _silent(60)]
    silent_90d: Annotated[float | None, _silent(90)]
    silent_180d: Annotated[float | None, _silent(180)]
    expected_spend: Annotated[
        Decimal | None,
        Meaning(
            f"what the customer spends within the horizon if kept, in its season; {_NO_MONEY}",
            "major units",
            zero_if_none=True,
        ),
    ]
    value_at_risk: Annotated[
        Decimal | None, Meaning(f"left_probability × expected_spend; {_NO_MONEY}", "major units", zero_if_none=True)
    ]
    value_at_risk_low: Annotated[
        Decimal | None, Meaning("left_probability × low end of an 80 % interval of the spend", "major units")
    ]
    value_at_risk_high: Annotated[
        Decimal | None, Meaning("left_probability × high end of that interval", "major units")
    ]
    shrunk_probability: Annotated[
        float | None,
        Meaning(
            "calibrated probability that an account that still buys spends at most half of its own usual within the "
            "horizon, the shop's movement set apart; none: no steady account, or not forecast in this shop",
            SHARE,
        ),
    ]
    category_lost_probability: Annotated[
        float | None,
        Meaning(
            "calibrated probability that the account does not buy, for three months or as many as the log could "
            "teach, in the category where that is likeliest of those it bought by habit and lately did not; none: no "
            "such category, or not forecast",
            SHARE,
        ),
    ]
    usual_spend: Annotated[
        Decimal | None, Meaning("what a steady account usually spends over a horizon; none: no usual", "major units")
    ]
    missing_spend: Annotated[
        Decimal | None,
        Meaning(
            "what is expected to be missing of the usual over the horizon: shrunk_probability × what those who shrink "
            "lack, or what was spent in the categories that are likely lost, whichever is more; none: not forecast",
            "major units",
        ),
    ]
    currency: str
    lost_categories: Annotated[
        tuple[str, ...] | None,
        Meaning(
            "the categories that the account likely buys no more, at most two, those worth most first; empty: none; "
            "none: not forecast"
        ),
    ]
    shrinking: Annotated[
        tuple[str, ...] | None,
        Meaning(
            "sentences on what the account buys less of, where that is more likely than not; empty: it holds; none: "
            "not forecast"
        ),
    ]
    reasons: Annotated[
        tuple[str, ...] | None,
        Meaning(
            "up to three sentences on what differs from the own past, or from the shop's usual, and makes the risk: "
            "lateness first; none: not computed"
        ),
    ]
    protective: Annotated[
        tuple[str, ...] | None,
        Meaning("up to two such sentences on what speaks for staying; lateness is none; none: not computed"),
    ]
    model_version: Annotated[str, Meaning("version of the registered model that gave the probability", once_a_run=True)]
    limits: tuple[str, ...] = ()


def _column(name: str, hint: Any) -> Column:
    annotated, meaning = get_args(hint)
    is_optional = NoneType in get_args(annotated)
    plain = next(each for each in get_args(annotated) if each is not NoneType) if is_optional else annotated
    choices = get_args(plain) if get_origin(plain) is Literal else ()
    type_ = "text" if choices else TYPES[plain]
    facts = (meaning.once_a_run, meaning.on_lists, meaning.zero_if_none)
    return Column(name, type_, meaning.unit, meaning.text, is_optional, choices, *facts)


SCORE_COLUMNS: tuple[Column, ...] = tuple(
    _column(name, hint)
    for name, hint in get_type_hints(Score, include_extras=True).items()
    if get_origin(hint) is Annotated
)
SCORE_NAMES: tuple[str, ...] = tuple(column.name for column in SCORE_COLUMNS)


MONEY_NAMES = (
    *("expected_spend", "value_at_risk", "value_at_risk_low", "value_at_risk_high", "expected_gain"),
    *("usual_spend", "missing_spend"),
)


def without_money(rows: pd.DataFrame) -> pd.DataFrame:
    """Return scores or entries of a list whose columns of money are empty, for a shop whose files hold none."""
    return rows.assign(**dict.fromkeys((name for name in MONEY_NAMES if name in rows), None))


def with_unknown_money(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the book whose money is empty where their run knew none: the book holds 0 there, and no interval.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"expected_spend": [0, 0], "value_at_risk": [0, 0], "value_at_risk_high": [None, 5]})
    >>> with_unknown_money(rows)["expected_spend"].tolist()
    [None, 0]
    """
    if not {"expected_spend", "value_at_risk", "value_at_risk_high"} <= {*rows.columns}:
        return rows  # what an entry lacks here, nobody is told of it
    unknown = (rows["expected_spend"] == 0) & (rows["value_at_risk"] == 0) & rows["value_at_risk_high"].isna()
    if not unknown.any():
        return rows
    empty = {name: rows[name].astype(object).mask(unknown, None) for name in MONEY_NAMES if name in rows}
    return rows.assign(**empty)


def band(probability: float) -> Band:
    """Return the band of a calibrated probability; an edge belongs to the band above it.

    >>> band(0.2499), band(0.25), band(0.5)
    ('low', 'medium', 'high')
    """
    if probability >= HIGH_FROM:
        return "high"
    return "medium" if probability >= MEDIUM_FROM else "low"


def bands(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    """Return the band of every probability of an array (n,), as `band` does for one.

    >>> bands(np.array([0.1, 0.9])).tolist()
    ['low', 'high']
    """
    return np.array(BANDS, dtype=object)[np.digitize(probabilities, [MEDIUM_FROM, HIGH_FROM])]


def states(
    order_days: npt.NDArray[np.float64],
    days_since_order: npt.NDArray[np.float64],
    probabilities: npt.NDArray[np.float64],
    left: npt.NDArray[np.float64],
    is_late: npt.NDArray[np.bool_],
    active_days: int,
    lost_after: npt.NDArray[np.float64] | float = np.inf,
) -> npt.NDArray[np.object_]:
    """Return the state of every customer of arrays (n,), the first that fits: lapsed, new, at_risk, active.

    Args:
        order_days: on how many days each ordered before as_of.
        days_since_order: whole days since the last of them.
        probabilities: calibrated, of churn within the horizon.
        left: calibrated, of having left.
        is_late: silent for longer than the own usual gap, of a single gap for longer than a horizon too.
        active_days: who is silent for longer is outside the model's population.
        lost_after: days of silence, by `lost_after_days`; without it the population alone decides who has lapsed.

    >>> often, since = np.array([1.0, 5.0, 5.0, 5.0]), np.array([4.0, 4.0, 61.0, 61.0])
    >>> lost_after = lost_after_days(often, np.full(4, 20.0), horizon_days=30)
    >>> likely, late = np.array([0.9, 0.9, 0.9, 0.6]), np.array([False, True, True, True])
    >>> states(often, since, likely, likely, late, 365, lost_after).tolist()
    ['new', 'at_risk', 'lapsed', 'at_risk']
    """
    found = np.full(len(probabilities), "active", dtype=object)
    found[is_late & (left >= LIKELY_GONE_FROM)] = "at_risk"
    found[order_days == 1] = "new"
    found[(days_since_order > lost_after) & (probabilities >= LAPSED_FROM)] = "lapsed"
    found[days_since_order > active_days] = "lapsed"
    return found


def lost_after_days(
    order_days: npt.NDArray[np.float64], long_gap_days: npt.NDArray[np.float64], horizon_days: int
) -> npt.NDArray[np.float64]:
    """Return after how many days of silence each customer may be lost, by the own rhythm; never, where there is none.

    Args:
        order_days: on how many days each ordered.
        long_gap_days: nine in ten gaps of each were shorter; NaN = no gap yet.
        horizon_days: of the model.

    >>> lost_after_days(np.array([2.0, 9.0, 9.0]), np.array([20.0, 20.0, 1.5]), horizon_days=30)
    array([inf, 60., 30.])
    """
    known = (order_days >= RHYTHM_FROM) & ~np.isnan(long_gap_days)
    return np.where(known, np.maximum(LAPSED_LONG_GAPS * long_gap_days, horizon_days), np.inf)


def plain_values(column: pd.Series[Any]) -> list[Any]:
    """Return the values of a frame's column as Python's own, None where one is missing, timestamps as days.

    >>> import pandas as pd
    >>> plain_values(pd.Series([1.5, float("nan")])), plain_values(pd.Series([pd.Timestamp("2026-03-02"), pd.NaT]))
    ([1.5, None], [datetime.date(2026, 3, 2), None])
    """
    # Of its array: a list has a hundred columns of a few rows, and of each pandas' own steps would take longest.
    pairs = zip(column.to_numpy(dtype=object).tolist(), column.array.isna().tolist(), strict=True)
    return [None if missing else value.date() if isinstance(value, datetime) else value for value, missing in pairs]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as dicts by column, their values as `plain_values` gives them.

    >>> import pandas as pd
    >>> records(pd.DataFrame({"who": ["ann", "bob"], "worth": [1.5, float("nan")]}))
    [{'who': 'ann', 'worth': 1.5}, {'who': 'bob', 'worth': None}]
    """
    columns = [plain_values(frame[name]) for name in frame.columns]
    return [dict(zip(map(str, frame.columns), row, strict=True)) for row in zip(*columns, strict=True)]

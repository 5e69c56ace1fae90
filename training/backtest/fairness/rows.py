"""The rows that groups are compared on: what was said, what came, and who was on the list, on every test date."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from features.churn.labels import ChurnDefinition, label_table
from features.clock import day_number
from features.log import Log, Texts
from training.backtest.results import Backtest, CandidateResult, DateResult
from training.backtest.shortlist import listed_rows
from training.dataset import Flags, Floats
from training.forecasts.left import HORIZONS


@dataclass(frozen=True, eq=False)
class Judged:
    """One row per customer and test date.

    Args:
        customer_id: whose row it is.
        y: who ordered nothing in the horizon.
        p: the predicted probability of that, the level of each date set true: a season that the forecast missed moves
            all groups alike, and is told elsewhere.
        listed: who was on the list that would have been made.
        gone: who ordered nothing in `gone_days`; of the dates on which that is known.
        gone_days: three horizons; one where no test date lies three horizons back.
    """

    customer_id: Texts
    y: Flags
    p: Floats
    listed: Flags
    gone: Flags
    gone_days: int

    def where(self, keep: Flags) -> Judged:
        """Return the rows that are flagged."""
        names = ("customer_id", "y", "p", "listed", "gone")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})


def judged_rows(backtest: Backtest, candidate: str, log: Log, end: int, list_size: int | None) -> Judged:
    """Return the rows of a candidate's backtest.

    Args:
        backtest: the evidence.
        candidate: whose probabilities they are.
        log: the shop's log.
        end: the first day number that no label may read.
        list_size: customers on a list that the shop can handle; None for a tenth of the population.
    """
    result = backtest.candidates[candidate]
    gone, days = _gone(result, backtest.definition, log, end)
    dates = result.by_date
    return Judged(
        customer_id=np.concatenate([date.customer_id for date in dates]),
        y=result.y,
        p=np.concatenate([date.with_true_level for date in dates]),
        listed=np.concatenate(listed_rows(backtest, result, list_size)),
        gone=np.concatenate(gone),
        gone_days=days,
    )


def _gone(result: CandidateResult, definition: ChurnDefinition, log: Log, end: int) -> tuple[list[Flags], int]:
    """Return per date who is gone, nobody where that is not known yet, and what gone means, days."""
    days = HORIZONS[0] * definition.horizon_days
    known = [day_number(date.test_date) + days <= end for date in result.by_date]
    if not any(known):
        return [date.y for date in result.by_date], definition.horizon_days
    longer = ChurnDefinition(days, definition.active_days)
    return [_silent(log, date, longer, is_known) for date, is_known in zip(result.by_date, known, strict=True)], days


def _silent(log: Log, date: DateResult, longer: ChurnDefinition, is_known: bool) -> Flags:
    if not is_known:
        return np.zeros(len(date.y), dtype=bool)
    labels = label_table(log, [date.test_date], longer).set_index("customer_id")["churned"]
    return labels.reindex(date.customer_id).fillna(value=False).to_numpy(dtype=bool)

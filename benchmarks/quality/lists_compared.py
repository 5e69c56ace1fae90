"""The list of regulars that a shop would get, told apart by who has left, beside the one by the window alone.

Both are planned by the product itself, from the same model, with room for a tenth of the customers. The other one is
what lists were before: whoever will probably not order within the horizon, late or not, by what that is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.clock import date_of, day_number
from features.log import Log
from features.sources.mapping import Shop
from serving.outreach.plan.entry_rule import SIGNS
from serving.outreach.plan.plan import Chooser, plan
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.playbooks.advisor import Advisor
from serving.outreach.playbooks.playbooks import load_playbooks
from serving.scorer import score
from training.dataset import Dataset
from training.models.candidates import BLEND
from training.refit import Refit

SHOP, ROOM = Shop("UTC", "EUR"), 0.10


@dataclass(frozen=True)
class Listed:
    """A list of regulars, and what came of it.

    Args:
        regulars: on it.
        not_late: the share whose silence is shorter than their usual gap.
        other_sign: the share that stands there for another sign than lateness.
        gone: the share that had left.
        gone_of_first: the same of as many as both lists hold.
        reminders: regulars who are reminded before the due day.
    """

    regulars: int
    not_late: float
    other_sign: float
    gone: float
    gone_of_first: float
    reminders: int


def lists_compared(log: Log, train: Dataset, test_date: date, gone: pd.Series[bool]) -> tuple[Listed, Listed]:
    """Return (by who has left, by the window alone).

    Args:
        log: the shop's log; nothing on or after the date is read.
        train: rows whose labels were known on it.
        test_date: of the lists.
        gone: whether each customer had left, by id.
    """
    known = log.before(day_number(test_date))
    bundle = Refit(known, train, None, SHOP, date_of(day_number(test_date))).bundle(BLEND)
    scores = score(known, bundle, "1", test_date, reasons="none")
    advisor = Advisor(
        playbooks=load_playbooks(),
        log=known,
        customers=None,
        snapshot=Snapshot(),
        as_of=test_date,
        money=bundle.money,
        typical_spend=float(scores["expected_spend"].astype(float).median()) * 100,
    )

    def by_window(rows: pd.DataFrame) -> pd.DataFrame:
        return advisor(rows).assign(usual_gap_days=np.nan, before_due=False)

    now = _entries(scores, advisor, advisor.reading_cost)
    before = _entries(scores.assign(left_probability=scores["probability"]), by_window, advisor.reading_cost)
    shorter = min(len(now[0]), len(before[0]))
    # By the usual gap alone, as it was counted when lists began to ask.
    late = pd.Series((scores["overdue"] > 1).to_numpy(), index=scores["customer_id"])
    first, second = (_listed(*each, late, gone, shorter) for each in (now, before))
    return first, second


def _entries(scores: pd.DataFrame, choose: Chooser, reading_cost: int) -> tuple[pd.DataFrame, int]:
    policy = Policy(capacity=round(len(scores) * ROOM), holdout_share=0.0)
    outreach = plan(scores, currency="EUR", policy=policy, choose=choose, reading_cost=reading_cost)
    return outreach.entries, len(outreach.reminders)


def _listed(
    entries: pd.DataFrame, reminders: int, is_late_of: pd.Series, gone: pd.Series[bool], shorter: int
) -> Listed:
    late = is_late_of.loc[list(entries["customer_id"])].to_numpy(dtype=bool)
    left = gone.loc[list(entries["customer_id"])].to_numpy(dtype=bool)
    signs = entries["listed_for"].isin(SIGNS).mean()
    return Listed(len(entries), 1 - late.mean(), float(signs), left.mean(), left[:shorter].mean(), reminders)

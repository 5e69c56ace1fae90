"""Accounts that buy less: the forecasts against rules, on an open log and on wholesale shops whose truth is known.

python -m benchmarks.quality.shrinking

Both forecasts are judged as `regulars train` judges them: on dates that they had not seen, against the best of the
rules, which are calibrated on the same rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.published import write_page
from benchmarks.quality.logs import JOURNEY, complete_journey
from features.churn.categories import silent_habits
from features.churn.labels import ChurnDefinition, complete_until
from features.churn.shrinking import own_windows
from features.clock import date_of
from features.log import CATEGORIES, Lines, Log
from features.roll_up import roll_up
from features.simulation.accounts import SimulatedAccounts, simulate_accounts
from training.backtest.own_past import LIST_SHARE, MODEL, Judged, judge
from training.dataset import Flags, Floats
from training.forecasts import lost_category, shrink
from training.forecasts.own_past import Question, learn
from training.metrics import at_top, auroc, ece

RESULTS = Path(__file__).with_name("shrinking.md")
ACCOUNTS = 1_500
HORIZON_DAYS = 30


@dataclass(frozen=True, eq=False)
class Case:
    """A log with its name; and the truth of a simulated one."""

    name: str
    log: Log
    horizon_days: int
    truth: SimulatedAccounts | None = None

    @property
    def questions(self) -> Iterator[Question]:
        """What is asked of it: of the whole account, and of each category where the log has them."""
        end = complete_until(self.log)
        yield shrink.question_of(self.log, ChurnDefinition(self.horizon_days, 3 * self.horizon_days), end)
        if CATEGORIES in self.log.streams:
            yield lost_category.question_of(self.log, end)


def simulated(accounts: int, seed: int) -> Case:
    """Return a wholesale shop of so many accounts."""
    shop = simulate_accounts(accounts, seed)
    rows = shop.orders
    day = rows["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    cents = (rows["amount"] * 100).round().astype(int)
    lines = Lines.of(
        rows["customer_id"].tolist(),
        day.tolist(),
        cents.tolist(),
        order_id=rows["order_id"].tolist(),
        category=rows["category"].tolist(),
    )
    return Case(f"Wholesale shop of {accounts:,} accounts, simulated", roll_up(lines), HORIZON_DAYS, shop)


def cases(accounts: int, only_simulated: bool) -> Iterator[Case]:
    """Yield the open log by two horizons, and the simulated shop."""
    if not only_simulated:
        yield Case(f"{JOURNEY}, 14 d", complete_journey(), 14)
        yield Case(f"{JOURNEY}, 30 d", complete_journey(categories=True), 30)
    yield simulated(accounts, 1)


def section(case: Case) -> Iterator[str]:
    """Yield the lines on one log."""
    yield f"## {case.name}"
    for question in case.questions:
        print(case.name, question.what, file=sys.stderr, flush=True)
        yield from ("", f"**{question.what}**: {judge(question).words.partition(': ')[2]}.", "")
        if question.tests:
            yield from _table(Judged.of(question))
        if case.truth is not None and question.tests:
            yield from ("", _against_truth(case, case.truth, question))
    yield ""


def _table(judged: Judged) -> Iterator[str]:
    rows = judged.predicted[MODEL]
    yield (
        f"{len(rows)} test dates of {np.mean([len(y) for y, _, _ in rows]):,.0f} cases on average, "
        f"{np.mean([y.mean() for y, _, _ in rows]):.1%} of which came true."
    )
    yield from ("", HEAD)
    for name in judged.predicted:
        cells = [f"{value:.3f}" for value in _measures(judged, name)]
        yield f"| {f'**{name}: served**' if name == MODEL else name} | {' | '.join(cells)} |"


def _measures(judged: Judged, name: str) -> tuple[float, ...]:
    rows = judged.predicted[name]
    return (
        judged.log_loss(name),
        float(np.mean([auroc(y, p) for y, p, _ in rows])),
        float(np.mean([ece(y, p) for y, p, _ in rows])),
        float(np.mean([_of_first(y, p) for y, p, _ in rows])),
    )


def _of_first(true: Flags, p: Floats) -> float:
    """Return the share that is true of the first fifth."""
    top = at_top(true, p, max(1, round(len(true) * LIST_SHARE)))
    return top.hits / top.picked


def _against_truth(case: Case, truth: SimulatedAccounts, question: Question) -> str:
    """Say how much of the first fifth had really shrunk, or been dropped, by the last test date."""
    day = question.tests[-1]
    p = learn(question, day).probability(question.on(day).values)
    really = _shrunk(case, truth, day) if question.what == shrink.WHAT else _dropped(case, truth, day)
    return (
        f"By the simulation's own record, on {date_of(day)}: of the first fifth {_of_first(really, p):.1%} had really "
        f"gone down for good, of all {really.mean():.1%}; AUROC {auroc(really, p):.3f}."
    )


def _shrunk(case: Case, truth: SimulatedAccounts, day: int) -> Flags:
    """Return which accounts had shrunk in the last half year, or had left."""
    who = case.log.customer_ids[own_windows(case.log, day, case.horizon_days).customer]
    own = truth.truth.set_index("customer_id").loc[list(who)]
    on, now = own["shrunk_on"], pd.Timestamp(date_of(day))
    lately = (on < now) & (on >= now - pd.Timedelta(days=180))
    return np.asarray(lately | (own["left_on"] < now), dtype=bool)


def _dropped(case: Case, truth: SimulatedAccounts, day: int) -> Flags:
    """Return which habits had been dropped, or their account had left."""
    habits, now = silent_habits(case.log, day), pd.Timestamp(date_of(day))
    words = case.log.words[CATEGORIES]
    pairs = list(zip(case.log.customer_ids[habits.customer], words[habits.category], strict=True))
    lost = truth.habits.set_index(["customer_id", "category"])["lost_on"].loc[pairs]
    left = truth.truth.set_index("customer_id")["left_on"].loc[[who for who, _ in pairs]]
    return np.asarray((lost.to_numpy() < now.to_numpy()) | (left.to_numpy() < now.to_numpy()), dtype=bool)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="of the simulated shop")
    parser.add_argument("--simulated", type=int, metavar="ACCOUNTS", help="only the simulated shop, of so many")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    accounts = chosen.simulated or chosen.accounts
    lines = [line for case in cases(accounts, bool(chosen.simulated)) for line in section(case)]
    write_page(chosen.out, PAGE.format(sections="\n".join(lines), accounts=chosen.accounts))


HEAD = "| forecast | log loss | AUROC | ECE | true of the first 20 % |\n" + "|---" * 5 + "|"
PAGE = """# Accounts that buy less

`python -m benchmarks.quality.shrinking --accounts {accounts}` writes this page. *Accounts that shrink*: P(spend within
the horizon at most half of the own usual), of accounts that still buy, the shop's movement set apart. *Categories
bought no more*: P(not for three months, or two where the log is short), of habits that have been silent for a month
while the account still buys. The rules are each calibrated on the rows that the model learns from; every figure is a
mean over dates that nothing here had seen. In the simulated shop it is known which accounts have shrunk for good and
which habits were dropped.

{sections}
"""

if __name__ == "__main__":
    main()

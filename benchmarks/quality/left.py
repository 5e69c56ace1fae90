"""Gone or merely slow: ways to say that a customer has left, out of time, on open logs and shops whose truth is known.

python -m benchmarks.quality.left --cdnow CDNOW_master.txt

Regulars (three order days or more) on one date that nothing here had seen. *Gone* is, in a simulated shop, who had left
by the simulation; in an open log who ordered nothing in the rest of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.published import write_page
from benchmarks.quality.lists_compared import Listed, lists_compared
from benchmarks.quality.logs import CDNOW, JOURNEY, cdnow, complete_journey
from features.churn.labels import ChurnDefinition, complete_until, label_table
from features.clock import date_of, day_number
from features.definitions import default_features
from features.lateness import is_late
from features.log import Lines, Log
from features.roll_up import roll_up
from features.simulation.simulate import SimulatedShop, simulate
from training.dataset import Dataset, Flags, Floats, build_dataset
from training.forecasts.left import HORIZONS, fit_left, with_window
from training.forecasts.next_order import fit_timing
from training.metrics import auroc, ece
from training.models.btyd import fit_bgnbd
from training.models.calibration import sigmoid
from training.models.candidates import BLEND, fit
from training.models.history import Histories, followed_histories, inputs
from training.models.silence import some_customers
from training.splits import training_dates

RESULTS = Path(__file__).with_name("left.md")
TOPS = (0.05, 0.10, 0.20)
REGULAR_FROM = 2  # repeat orders
MIXED_GAP_DAYS, MIXED_SPREAD = 24.5, 0.8  # usual gaps: nineteen in twenty from 5 to 120 days
SEEN_AFTER = 150  # days of a simulated log after the judged date


@dataclass(frozen=True, eq=False)
class Question:
    """A log, a definition and a date; and who had left by then, where that is known."""

    name: str
    log: Log
    definition: ChurnDefinition
    test_date: date
    left_on: pd.Series | None = None


@dataclass(frozen=True, eq=False)
class Asked:
    """What is known on the date, and what came of its regulars."""

    question: Question
    train: Dataset
    test: Dataset
    regular: Flags
    late: Flags
    silent: Flags  # no order in three horizons
    gone: Flags

    @classmethod
    def of(cls, question: Question) -> Asked:
        """Ask a question."""
        log, definition, day = question.log, question.definition, day_number(question.test_date)
        dates = training_dates(log.first_day, day, definition)
        both = build_dataset(log, [*dates, question.test_date], definition, default_features())
        train, test = both.on(day_number(each) for each in dates), both.on([day])
        rest = label_table(log, [question.test_date], replace(definition, horizon_days=complete_until(log) - day))
        waited, never = rest["wait_days"].to_numpy(), rest["churned"].to_numpy(dtype=bool)
        gone = never if question.left_on is None else _left_by(question, test)
        names = ("days_since_order", "usual_gap_days", "frequency")
        since, gap, frequency = (test.X[name].to_numpy() for name in names)
        silent = waited >= HORIZONS[0] * definition.horizon_days
        late = is_late(since, gap, frequency, definition.horizon_days)
        return cls(question, train, test, frequency >= REGULAR_FROM, late, silent, gone)


def _left_by(question: Question, test: Dataset) -> Flags:
    assert question.left_on is not None
    left_on = question.left_on.reindex(list(test.customer_id)).to_numpy(dtype="datetime64[D]")
    return np.asarray(left_on < np.datetime64(question.test_date, "D"))  # not where it is no day: still a customer


def open_questions(cdnow_path: Path | None) -> Iterator[Question]:
    """Yield the cases of open logs."""
    journey = complete_journey()
    end = complete_until(journey)
    yield Question(f"{JOURNEY}, 14 d", journey, ChurnDefinition(14, 90), date_of(end - 60))
    yield Question(f"{JOURNEY}, 30 d", journey, ChurnDefinition(30, 90), date_of(end - 90))
    yield Question(f"{CDNOW}, 30 d", cdnow(cdnow_path), ChurnDefinition(30, 180), date(1998, 1, 2))


def simulated_questions(customers: int) -> Iterator[Question]:
    """Yield the cases of simulated shops, of so many customers."""
    yield _simulated("One rhythm, 30 d", simulate(customers, 1, with_events=False), 30)
    mixed = simulate(customers, 2, usual_gap_days=MIXED_GAP_DAYS, gap_spread=MIXED_SPREAD, with_events=False)
    yield _simulated("Mixed rhythms, 30 d", mixed, 30)
    yield _simulated("Mixed rhythms, 14 d", mixed, 14)


def _simulated(name: str, shop: SimulatedShop, horizon_days: int) -> Question:
    rows = shop.orders[~shop.orders["returned"].astype(bool)]
    day = rows["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    cents = (rows["amount"].astype(float) * 100).round().astype(int)
    ids = rows["order_id"].astype(str).tolist()
    log = roll_up(Lines.of(rows["customer_id"].tolist(), day.tolist(), cents.tolist(), order_id=ids))
    left_on = shop.truth.set_index("customer_id")["left_on"]
    definition = ChurnDefinition(horizon_days, 4 * horizon_days if horizon_days >= 30 else 90)
    return Question(name, log, definition, date_of(complete_until(log) - SEEN_AFTER), left_on)


def ways(asked: Asked) -> Mapping[str, Floats]:
    """Return each way's score of every customer; probabilities where it is one."""
    question, train, X = asked.question, asked.train, asked.test.values
    horizon, day = question.definition.horizon_days, day_number(question.test_date)
    long_days = HORIZONS[0] * horizon
    once = sigmoid(fit(BLEND, train).fitted.log_odds(X))
    timing = fit_timing(train)
    served = fit_left(question.log.before(day), train, day)
    carried = timing.no_order_probability(X, once, [long_days])[:, 0]
    alive = _silent_if_alive(train, X)
    long = served.probability(X, once, lambda days: timing.no_order_probability(X, once, [days])[:, 0])
    return {
        "P(no order in one horizon)": once,
        f"**P(no order in {served.window_days} days), learnt: served**": long,
        "the same, carried on by the shop's gaps": carried,
        "P(one horizon), less what BG/NBD expects of the alive": _less(once, alive(horizon)),
        "P(three horizons), less what BG/NBD expects of the alive": _less(long, alive(long_days)),
        "learnt on each one's own window: two horizons, three usual gaps": _own_window(asked, day),
        "the own long gap is over (rule)": asked.test.X["overdue_long"].to_numpy(dtype=np.float64),
    }


def _silent_if_alive(train: Dataset, X: Floats) -> Callable[[int], Floats]:
    """Return P(no order in so many days | still a customer) by BG/NBD: the rate is gamma, given the own history."""
    law = fit_bgnbd(some_customers(followed_histories(train)))
    seen = Histories.of(*inputs(train.features.names, X).T)
    waited = law.alpha + seen.age
    return lambda days: (waited / (waited + days)) ** (law.r + seen.frequency)


def _less(p: Floats, slow: Floats) -> Floats:
    return np.clip((p - slow) / (1 - slow), 0, 1)


def _own_window(asked: Asked, day: int) -> Floats:
    """Return P(no order in the own window) by LightGBM, learnt from the rows whose window had ended by the day."""
    train, horizon = asked.train, asked.question.definition.horizon_days
    gap = np.nan_to_num(train.X["usual_gap_days"].to_numpy(dtype=np.float64))
    window = np.maximum(2 * horizon, np.ceil(3 * gap)).astype(np.int64)
    waits = with_window(asked.question.log, train, int(day - train.days[0]), 10**9).wait_days
    ended = train.as_of + window <= day
    own = replace(train, y=waits >= window, wait_days=np.minimum(waits, window)).where(ended)
    return sigmoid(fit("lightgbm", own).fitted.log_odds(asked.test.values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--customers", type=int, default=3_000, help="of the simulated shops")
    parser.add_argument("--simulated", type=int, metavar="CUSTOMERS", help="only the simulated shops, of so many")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    sections = []
    known = () if chosen.simulated else open_questions(chosen.cdnow)
    for question in (*known, *simulated_questions(chosen.simulated or chosen.customers)):
        print(question.name, file=sys.stderr, flush=True)
        sections.append(section(Asked.of(question)))
    write_page(chosen.out, PAGE.format(sections="\n".join(sections), customers=chosen.customers))


def section(asked: Asked) -> str:
    """Return the table of one case."""
    of, question = asked.regular, asked.question
    gone, silent, late = (each[of] for each in (asked.gone, asked.silent, asked.late))
    facts = (
        f"{question.test_date}: {int(of.sum()):,} regulars, {silent.mean():.1%} silent for three horizons, "
        f"{gone.mean():.1%} gone, {1 - late.mean():.0%} not late."
    )
    rows = [_row(name, score[of], gone, silent, late) for name, score in ways(asked).items()]
    gone_of = pd.Series(asked.gone, index=list(asked.test.customer_id))
    lists = zip(LISTS, lists_compared(question.log, asked.train, question.test_date, gone_of), strict=True)
    made = [_list_row(name, each) for name, each in lists]
    return "\n".join([f"## {question.name}", "", facts, "", HEAD, *rows, "", LIST_HEAD, *made, ""])


def _list_row(name: str, listed: Listed) -> str:
    shares = (listed.not_late, listed.other_sign, listed.gone, listed.gone_of_first)
    return f"| {name} | {listed.regulars:,} | {' | '.join(f'{each:.1%}' for each in shares)} | {listed.reminders:,} |"


def _row(name: str, score: Floats, gone: Flags, silent: Flags, late: Flags) -> str:
    order, late_first = np.argsort(-score, kind="stable"), np.lexsort((-score, ~late))
    tops = [f"{gone[order[: int(len(order) * top)]].mean():.3f}" for top in TOPS]
    tops_late = [f"{gone[late_first[: int(len(order) * top)]].mean():.3f}" for top in TOPS]
    not_late = 1 - late[order[: int(len(order) * TOPS[1])]].mean()
    truth = f"{ece(silent, score):.3f}" if score.max() <= 1 else "–"
    cells = [
        name,
        f"{auroc(silent, score):.3f}",
        f"{auroc(gone, score):.3f}",
        *tops,
        f"{not_late:.2f}",
        *tops_late,
        truth,
    ]
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| score | AUROC, three horizons | AUROC, gone | gone of the first 5 % | 10 % | 20 % | not late of 10 % "
    "| late first: gone of 5 % | 10 % | 20 % | ECE, three horizons |\n" + "|---" * 11 + "|"
)
LISTS = ("by who has left: served", "by the window alone: before")
LIST_HEAD = (
    "| list of regulars | on it | not late | for another sign | gone | gone, of as many as both hold | reminders |\n"
    + "|---" * 7
    + "|"
)
PAGE = """# Gone or merely slow

`python -m benchmarks.quality.left --customers {customers}` writes this page. Each score ranks the regulars (three
order days or more) of one date that nothing here had seen. *Three horizons* is whether an order came in them. *Gone*
is, in an open log, no order in the rest of it; in a simulated shop, who had left by the simulation's own record. "Late
first" puts those whose silence is at least their usual gap before all others, as a list of regulars does. The lists are
those of the product, with room for a tenth of the customers.

{sections}
"""

if __name__ == "__main__":
    main()

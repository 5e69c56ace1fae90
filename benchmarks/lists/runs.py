"""One database: a shop is made up, and its list planned and published."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from features.clock import day_number
from features.log import Coded, Lines, Log
from features.money import Money
from features.roll_up import roll_up
from serving.book import Book
from serving.book.runs import record_scores
from serving.book.snapshot import snapshot_on
from serving.outreach.exports.folder import write_list
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.outreach.playbooks.advisor import Advisor
from serving.outreach.playbooks.playbooks import load_playbooks
from serving.scores import SCORE_NAMES, bands
from serving.webhooks.outbox import publish_and_enqueue

AS_OF, HORIZON_DAYS, OWNERS, PER_OWNER, ORDERS_EACH = date(2026, 3, 2), 30, 200, 50, 5
CURRENCY = "EUR"
MIB = 1024


@dataclass(frozen=True)
class Took:
    """Seconds of one step, of wall clock and of this process's CPU."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Measured:
    """One database: what each step took, and the peak of memory with scores and log in it."""

    database: str
    steps: dict[str, Took]
    entries: int
    suppressed: int
    peak_mib: float


def measured(database: str, customers: int, url: str | None) -> Measured:
    random = np.random.default_rng(1)
    ids = np.array([f"C{number:07}" for number in range(customers)], dtype=object)
    scores, people, log = made_up_scores(ids, random), people_of(ids, random), _log(ids, random)
    steps: dict[str, Took] = {}
    with tempfile.TemporaryDirectory() as folder:
        book = Book(url or folder)
        with _timed(steps, "record the scores"):
            run_id = record_scores(book, scores, currency=CURRENCY, data_digest="made up")
        with _timed(steps, "plan"):
            outreach = _planned(book, scores, people, log)
        with _timed(steps, "publish"):
            publish_and_enqueue(book, outreach, run_id)
        with _timed(steps, "write csv"):
            write_list(outreach, Path(folder) / "list")
        book.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    return Measured(database, steps, len(outreach.everyone), len(outreach.suppressed), peak)


@contextmanager
def _timed(steps: dict[str, Took], name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    steps[name] = Took(time.perf_counter() - wall, time.process_time() - cpu)


def _planned(book: Book, scores: pd.DataFrame, people: pd.DataFrame, log: Log) -> OutreachList:
    knows, money = snapshot_on(book, AS_OF), Money(CURRENCY)
    advisor = Advisor(
        playbooks=load_playbooks(),
        log=log,
        customers=people,
        snapshot=knows,
        as_of=AS_OF,
        money=money,
        typical_spend=float(scores["expected_spend"].astype(float).median()) * 100,
    )
    outreach = plan(
        scores,
        people,
        currency=CURRENCY,
        policy=Policy(capacity=PER_OWNER),
        snapshot=knows,
        choose=advisor,
        reading_cost=advisor.reading_cost,
    )
    return outreach.with_groups(lambda frame: frame.assign(opening=advisor.openings(frame)))


def made_up_scores(ids: np.typing.NDArray[np.object_], random: np.random.Generator) -> pd.DataFrame:
    """Return made-up scores; three in ten are at risk."""
    n, money = len(ids), Money(CURRENCY)
    probability = np.where(random.random(n) < 0.3, random.uniform(0.25, 0.98, n), random.uniform(0.01, 0.25, n))
    spend = np.exp(random.normal(8.0, 1.0, n))
    amounts = {
        "expected_spend": spend,
        "value_at_risk": probability * spend,
        "value_at_risk_low": probability * spend / 2,
        "value_at_risk_high": probability * spend * 2,
    }
    gap, since = random.integers(5, 60, n).astype(float), random.integers(2, 90, n)
    state = np.where(probability >= 0.5, "at_risk", "active").astype(object)
    state[random.random(n) < 0.1] = "new"
    facts = {
        "customer_id": ids,
        "as_of": AS_OF,
        "horizon_days": HORIZON_DAYS,
        "probability": probability,
        "left_probability": probability,
        "band": bands(probability),
        "state": state,
        "days_since_order": since,
        "usual_gap_days": gap,
        "overdue": since / gap,
        "overdue_days": since - gap,
        **{name: [money.major(value) for value in values] for name, values in amounts.items()},
        **{f"silent_{days}d": probability ** (days / HORIZON_DAYS) for days in (30, 60, 90, 180)},
        "model_version": "1",
    }
    return pd.DataFrame({**dict.fromkeys(SCORE_NAMES), **facts}, columns=list(SCORE_NAMES))


def people_of(ids: np.typing.NDArray[np.object_], random: np.random.Generator) -> pd.DataFrame:
    owners = np.array([f"Owner {number:03}" for number in range(OWNERS)], dtype=object)
    owner = owners[random.integers(0, OWNERS, len(ids))]
    consent = pd.Series("no", range(len(ids))).where(random.random(len(ids)) < 0.1, None).to_numpy(object)
    return pd.DataFrame({"customer_id": ids, "name": "A customer", "owner": owner, "segment": None, "consent": consent})


def _log(ids: np.typing.NDArray[np.object_], random: np.random.Generator) -> Log:
    lines = len(ids) * ORDERS_EACH
    first = day_number(AS_OF) - 400
    none, zeros = Coded(np.array([""], dtype=object), np.zeros(lines, dtype=np.int64)), np.zeros(lines, dtype=np.int64)
    return roll_up(
        Lines(
            customer_id=Coded(ids, np.repeat(np.arange(len(ids)), ORDERS_EACH)),
            day=random.integers(first, day_number(AS_OF) - 1, lines),
            amount=random.integers(500, 9_000, lines),
            order_id=none,
            product_id=none,
            category=none,
            discount=zeros,
            units=zeros + 1,
            returned=np.zeros(lines, dtype=bool),
            refund=np.zeros(lines, dtype=bool),
        )
    )

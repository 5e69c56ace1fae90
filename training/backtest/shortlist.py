"""What a list as long as the shop can handle would have held: who left, false alarms; beside a rule's and chance's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from training.backtest.results import Backtest, CandidateResult, plain
from training.metrics import TOP_SHARE, Top, at_top, mean_of_known

A_TENTH = "a tenth of the customers, as no capacity is set"
EVERY = {7: "every week", 14: "every fortnight"}


@dataclass(frozen=True)
class Held:
    """What a list by one candidate would have held, the mean over the test dates.

    Args:
        name: of the candidate.
        picked: customers on the list.
        hits: of them, who left.
        false_alarms: of them, who stayed.
        capture: hits over all who left.
        precision: hits over picked.
        lift: precision over everyone's churn rate.
    """

    name: str
    picked: float
    hits: float
    false_alarms: float
    capture: float
    precision: float
    lift: float


@dataclass(frozen=True)
class Shortlist:
    """Lists of the same length by a candidate, by the best rule and by chance.

    Args:
        sizes: how long the list is, per test date.
        why: where that length comes from.
        horizon_days: a list per horizon.
        by: the candidate's.
        rule: the best rule's.
        random: what picking anybody would give.
    """

    sizes: tuple[int, ...]
    why: str
    horizon_days: int
    by: Held
    rule: Held
    random: Held

    @property
    def over_rule(self) -> float:
        """How many times as many who left as on the best rule's list; NaN where that held none."""
        return self.by.hits / self.rule.hits if self.rule.hits else float("nan")

    @property
    def sentence(self) -> str:
        """The list in words."""
        every = EVERY.get(self.horizon_days, f"every {self.horizon_days} days")
        held = f"a list of {self.by.picked:,.0f} {every} would have held {self.by.hits:,.0f} who left and "
        said = f"{held}{self.by.false_alarms:,.0f} false alarms: {self.by.lift:.1f} × as many as picking at random"
        return said if self.by.name == self.rule.name else f"{said}, {self.over_rule:.1f} × {self.rule.name}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The list in words, and what it misses."""
        return (
            self.sentence,
            f"{self.by.precision:.0%} of that list left, and it held {self.by.capture:.0%} of all who left "
            f"(its length: {self.why})",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        lists = {name: _facts(held) for name, held in (("by", self.by), ("rule", self.rule), ("random", self.random))}
        times = plain({"over_rule": self.over_rule})
        return {"sizes": list(self.sizes), "why": self.why, **lists, **times, "sentence": self.sentence}


def _facts(held: Held) -> dict[str, Any]:
    facts = asdict(held)
    return {"name": facts.pop("name"), **plain(facts)}


def shortlist(backtest: Backtest, candidate: str, size: int | None = None, why: str = "") -> Shortlist:
    """Return what lists of the riskiest would have held.

    Args:
        backtest: the evidence.
        candidate: whose probabilities rank the customers.
        size: customers on the list of a test date; None for a tenth of the population.
        why: where the size comes from, in words.
    """
    result, rule = backtest.candidates[candidate], backtest.candidates[backtest.best_rule]
    sizes = tuple(
        min(date.customers, round(date.customers * TOP_SHARE) if size is None else size) for date in result.by_date
    )
    said = A_TENTH if size is None else why or "as asked"
    days = backtest.definition.horizon_days
    return Shortlist(sizes, said, days, held(result, sizes), held(rule, sizes), by_chance(result, sizes))


def held(result: CandidateResult, sizes: Sequence[int]) -> Held:
    """Return what the list of a candidate would have held, the mean over the dates; ties stand in row order.

    Args:
        result: of the candidate.
        sizes: customers on the list, per date.
    """
    tops = [at_top(date.y, date.p, size) for date, size in zip(result.by_date, sizes, strict=True)]
    return _mean(result.name, tops, [top.hits for top in tops])


def by_chance(result: CandidateResult, sizes: Sequence[int]) -> Held:
    """Return what lists of anybody would hold on average."""
    tops = [
        Top(size, 0, size / date.customers, 1.0) if date.churned else Top(size, 0, float("nan"), float("nan"))
        for date, size in zip(result.by_date, sizes, strict=True)
    ]
    hits = [date.churned * size / max(date.customers, 1) for date, size in zip(result.by_date, sizes, strict=True)]
    return _mean("random", tops, hits)


def _mean(name: str, tops: Sequence[Top], hits: Sequence[float]) -> Held:
    picked, found = float(np.mean([top.picked for top in tops])), float(np.mean(hits))
    precision = found / picked if picked else float("nan")
    capture, lift = (mean_of_known([getattr(top, measure) for top in tops]) for measure in ("capture", "lift"))
    return Held(name, picked, found, picked - found, capture, precision, lift)

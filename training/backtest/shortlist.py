"""The outreach list that a backtest would have made, as long as the shop can handle, beside a rule's and chance's.

It is the list that `regulars list` makes: the same customers may enter, in the same order (`listing.py`). The best
rule's list is made in the same way, by the rule's probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from training.backtest.listing import Listing
from training.backtest.results import Backtest, CandidateResult, plain
from training.dataset import Flags
from training.metrics import TOP_SHARE, Top, at_top, mean_of_known, on_list

A_TENTH = "a tenth of the customers, as no capacity is set"
EVERY = {7: "every week", 14: "every fortnight"}


@dataclass(frozen=True)
class ListResult:
    """The list that one candidate would have made, the mean over the test dates.

    Args:
        name: of the candidate.
        picked: customers on the list.
        hits: those of them who left.
        false_alarms: those of them who stayed.
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
    """Lists of at most the same length by a candidate, by the best rule and by chance.

    Args:
        sizes: how long the list is, per test date.
        why: where that length comes from.
        horizon_days: a list per horizon.
        candidate: the candidate's list.
        rule: the best rule's list.
        random: what picking at random gives on average.
        riskiest: of as many customers as the list has room for, the riskiest, late or not and whatever they spend;
            None where the candidate's list is just that.
    """

    sizes: tuple[int, ...]
    why: str
    horizon_days: int
    candidate: ListResult
    rule: ListResult
    random: ListResult
    riskiest: ListResult | None = None

    @property
    def over_rule(self) -> float:
        """Churned customers on the list over those on the best rule's; NaN where the rule found none."""
        return self.candidate.hits / self.rule.hits if self.rule.hits else float("nan")

    @property
    def sentence(self) -> str:
        """The list in words."""
        every = EVERY.get(self.horizon_days, f"every {self.horizon_days} days")
        own = self.candidate
        words = (
            f"a list of {own.picked:,.0f} {every} would have held {own.hits:,.0f} who left and "
            f"{own.false_alarms:,.0f} false alarms: {own.lift:.1f} × as many as picking at random"
        )
        return words if own.name == self.rule.name else f"{words}, {self.over_rule:.1f} × {self.rule.name}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The list in words, its precision and its capture."""
        own, most = self.candidate, self.riskiest
        words = (
            self.sentence,
            f"{own.precision:.0%} of that list left, and it held {own.capture:.0%} of all who left (its length: "
            f"{self.why})",
        )
        if most is None:
            return words
        beside = (
            "it holds who is late by the own rhythm, by what those who have left are worth; the riskiest "
            f"{most.picked:,.0f}, late or not, would have held {most.hits:,.0f} who ordered nothing in the horizon"
        )
        return (*words, beside)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        named = (("by", self.candidate), ("rule", self.rule), ("random", self.random))
        lists: dict[str, Any] = {name: _facts(result) for name, result in named}
        lists["riskiest"] = None if self.riskiest is None else _facts(self.riskiest)
        ratio = plain({"over_rule": self.over_rule})
        return {"sizes": list(self.sizes), "why": self.why, **lists, **ratio, "sentence": self.sentence}


def _facts(result: ListResult) -> dict[str, Any]:
    facts = asdict(result)
    return {"name": facts.pop("name"), **plain(facts)}


def shortlist(backtest: Backtest, candidate: str, size: int | None = None, why: str = "") -> Shortlist:
    """Return the lists that would have been made, and what came of them.

    Args:
        backtest: the evidence.
        candidate: whose probabilities rank the customers.
        size: customers on the list of a test date; None for a tenth of the population.
        why: where the size comes from, in words.

    Where customers were drawn, lists are judged on as large a part of their length, and counted for all customers.
    """
    result, rule = backtest.candidates[candidate], backtest.candidates[backtest.best_rule]
    share = backtest.share
    sizes = _sizes(backtest, result, size)
    reason = A_TENTH if size is None else why or "as asked"
    lengths, days = tuple(round(each / share) for each in sizes), backtest.definition.horizon_days
    riskiest = candidate_list(result, sizes)
    if not backtest.listings:
        lists = (riskiest, candidate_list(rule, sizes), random_list(result, sizes))
        return Shortlist(lengths, reason, days, *(_of_all(one, share) for one in lists))
    own, by_rule = (made_list(each, backtest.listings, sizes) for each in (result, rule))
    dates = zip(result.by_date, backtest.listings, sizes, strict=True)
    as_long = [len(listing.picked(date.p, size)) for date, listing, size in dates]
    lists = (own, by_rule, random_list(result, as_long))
    first, second, third = (_of_all(one, share) for one in lists)
    return Shortlist(lengths, reason, days, first, second, third, _of_all(riskiest, share))


def listed_rows(backtest: Backtest, result: CandidateResult, size: int | None = None) -> list[Flags]:
    """Return who would have been on the list of each test date.

    Args:
        backtest: the evidence.
        result: of the candidate whose probabilities rank the customers.
        size: customers on the list of a test date; None for a tenth of the population.
    """
    found = []
    for number, (date, most) in enumerate(zip(result.by_date, _sizes(backtest, result, size), strict=True)):
        by_risk = np.argsort(-date.p, kind="stable")[:most]
        rows = backtest.listings[number].picked(date.p, most) if backtest.listings else by_risk
        found.append(np.isin(np.arange(date.customers), rows))
    return found


def _sizes(backtest: Backtest, result: CandidateResult, size: int | None) -> tuple[int, ...]:
    """Return how long the list of each test date may be, of the customers that were drawn."""
    return tuple(
        min(date.customers, round(date.customers * TOP_SHARE if size is None else size * backtest.share))
        for date in result.by_date
    )


def made_list(result: CandidateResult, listings: Sequence[Listing], sizes: Sequence[int]) -> ListResult:
    """Return the list that would have been made by a candidate's probabilities, the mean over the dates.

    Args:
        result: of the candidate.
        listings: who may enter, and what each is worth, per date.
        sizes: the most customers on the list, per date.
    """
    dates = zip(result.by_date, listings, sizes, strict=True)
    tops = [on_list(date.y, listing.picked(date.p, size)) for date, listing, size in dates]
    return _mean(result.name, tops, [top.hits for top in tops])


def _of_all(found: ListResult, share: float) -> ListResult:
    """Return a list of the customers drawn as one of all customers."""
    counts = {name: getattr(found, name) / share for name in ("picked", "hits", "false_alarms")}
    return replace(found, **counts)


def candidate_list(result: CandidateResult, sizes: Sequence[int]) -> ListResult:
    """Return the list of a candidate's riskiest, the mean over the dates; ties stand in row order.

    Args:
        result: of the candidate.
        sizes: customers on the list, per date.
    """
    tops = [at_top(date.y, date.p, size) for date, size in zip(result.by_date, sizes, strict=True)]
    return _mean(result.name, tops, [top.hits for top in tops])


def random_list(result: CandidateResult, sizes: Sequence[int]) -> ListResult:
    """Return what lists picked at random would hold on average."""
    tops = [
        Top(size, 0, size / date.customers, 1.0) if date.churned else Top(size, 0, float("nan"), float("nan"))
        for date, size in zip(result.by_date, sizes, strict=True)
    ]
    hits = [date.churned * size / max(date.customers, 1) for date, size in zip(result.by_date, sizes, strict=True)]
    return _mean("random", tops, hits)


def _mean(name: str, tops: Sequence[Top], hits: Sequence[float]) -> ListResult:
    picked, found = float(np.mean([top.picked for top in tops])), float(np.mean(hits))
    precision = found / picked if picked else float("nan")
    capture, lift = (mean_of_known([getattr(top, measure) for top in tops]) for measure in ("capture", "lift"))
    return ListResult(name, picked, found, picked - found, capture, precision, lift)

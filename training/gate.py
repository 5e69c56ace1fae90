"""The gate: whether a challenger replaces the champion, by which checks, in words.

A champion is replaced only where the challenger is better by more than chance on dates that neither was trained on, or
no worse there and has learnt at least a week more; its risk must fall with a recent order, and no segment may get
clearly worse. Without a champion that answers the same question, the chosen candidate serves if it keeps the direction
law. See docs/decisions/0007-champion-and-challenger.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.log import Log
from training.backtest.paired import LEAST_CHURNED, LEAST_ROWS, Interval, Paired
from training.backtest.results import Backtest, DateResult
from training.bundle import Bundle
from training.dataset import Dataset, Floats, build_dataset
from training.direction_law import direction
from training.log_odds import sigmoid, with_true_level
from training.models.fitted import Fitted

PASSED, FAILED = "passed", "failed"
LONGEST_TAG = 1000
# A champion that is so many horizons older than the challenger is mentioned as old.
OLD_HORIZONS = 4
# So many days of orders that the champion has not learnt from are enough to judge it by.
LEAST_NEW_DAYS = 7
ANYWAY = "to promote it anyway: regulars promote --force --by NAME --why TEXT"
# The tags of a rule that serves because nothing served yet and no model passed the gate.
RULE_TAGS = {"gate": FAILED, "gate_against": "", "gate.model": f"{FAILED}: a rule, which serves for want of a model"}


@dataclass(frozen=True)
class Check:
    """One condition of the gate.

    Args:
        name: `model`, `log_loss`, `recency`, `direction` or `segments`.
        passed: whether it holds.
        words: the finding.
        figures: the finding in numbers.
    """

    name: str
    passed: bool
    words: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{PASSED if self.passed else FAILED}: {self.words}"


@dataclass(frozen=True)
class GateDecision:
    """Whether a challenger becomes the champion, and why.

    Args:
        promoted: whether it does.
        checks: all checks, in their order.
        why: the decision in words.
        against: the champion's version; None where there was none to compare with.
        verdict: the decision in words for whoever reads the checks beside it, whose findings it does not repeat.
    """

    promoted: bool
    checks: tuple[Check, ...]
    why: str
    against: str | None = None
    verdict: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the version in the registry: the verdict, and each check in words."""
        verdict = {"gate": PASSED if self.promoted else FAILED, "gate_against": self.against or ""}
        return {**verdict, **{f"gate.{check.name}": str(check)[:LONGEST_TAG] for check in self.checks}}

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        checks = [asdict(check) for check in self.checks]
        return {"promoted": self.promoted, "against": self.against, "why": self.why, "checks": checks}


@dataclass(frozen=True, eq=False)
class Champion:
    """The model that serves while a challenger is judged."""

    bundle: Bundle
    version: str

    @property
    def name(self) -> str:
        """Version and candidate, in words."""
        return f"version {self.version} ({self.bundle.candidate})"


def first_gate(challenger: Bundle, tested: Backtest | None, log: Log, why: str) -> GateDecision:
    """Decide without a comparable champion: what was chosen serves, unless it is a rule or breaks the direction law.

    Args:
        challenger: the model to judge.
        tested: its backtest; None where the log is too short for one.
        log: the shop's log.
        why: the choice in words.
    """
    if challenger.is_rule or tested is None:
        return GateDecision(False, (Check("model", False, why),), why, verdict="the rule serves")
    checks = (Check("model", tested.beats_rule, tested.why), _direction(challenger, log))
    if all(check.passed for check in checks):
        return GateDecision(True, checks, f"{tested.why}: promoted", verdict="every check passed")
    broken = "" if checks[1].passed else f", but {checks[1].words}"
    return GateDecision(False, checks, f"{tested.why}{broken}: the rule serves", verdict="the rule serves")


def gate(
    challenger: Bundle,
    champion: Champion,
    tested: Backtest | None,
    log: Log,
    segments: Mapping[str, str] | None = None,
    learn: Learn | None = None,
) -> GateDecision:
    """Decide whether a challenger replaces a champion that answers the same question.

    Args:
        challenger: the chosen candidate, fitted on the latest dates.
        champion: the model that serves.
        tested: the challenger's backtest; None where the log is too short for one.
        log: the log of the backtest.
        segments: customer → the shop's own segment, besides those that every shop has.
        learn: fits the challenger's recipe on what was known on a day; without it the champion is only asked about
            windows that are over.
    """
    pairs = evidence(challenger, champion, tested, log, learn)
    law = (_recency(challenger, champion), _direction(challenger, log))
    checks: tuple[Check, ...]
    if isinstance(pairs, Paired):
        checks = (_log_loss(pairs, champion, _new_days(challenger, champion)), *law, _segments(pairs, segments))
    else:
        checks = (Check("log_loss", False, pairs), *law)
    promoted = all(check.passed for check in checks)
    replaced, stays, age = _verdicts(challenger, champion)
    if promoted:
        return GateDecision(True, checks, f"{replaced}: {checks[0].words}: promoted", champion.version, replaced)
    failed = "; ".join(check.words for check in checks if not check.passed)
    why, verdict = f"{stays}: {failed}{age}; {ANYWAY}", f"{stays}{age}; {ANYWAY}"
    return GateDecision(False, checks, why, champion.version, verdict)


# Fits a challenger's recipe on what was known on a day number.
Learn = Callable[[int], Fitted]


def evidence(
    challenger: Bundle, champion: Champion, tested: Backtest | None, log: Log, learn: Learn | None = None
) -> Paired | str:
    """Return the predictions of both for rows that neither was trained on, or why there are none, in words.

    On test dates after the champion was trained, its own bundle predicts. Where no whole horizon has ended since, both
    are asked on the day it was trained, and judged on the days since. Without either its recipe represents it: the
    candidate of its name in the challenger's backtest, trained on the same earlier dates as the challenger's.
    """
    if tested is None:
        return "the history is too short to judge anything by"
    mine = tested.candidates[challenger.candidate].by_date
    new = [result for result in mine if result.test_date >= champion.bundle.trained_until]
    if new:
        rows = _rows(log, new, champion.bundle.features, tested)
        days = [(rows.on([day_number(each.test_date)]).values, each.test_date) for each in new]
        predicted = np.concatenate([champion.bundle.probability(values, day) for values, day in days])
        return _paired(new, predicted, rows, f"asked on {_dates(new)} that lie after it was trained")
    if learn is not None and tested.in_time and _new_days(challenger, champion) >= LEAST_NEW_DAYS:
        return _since_it_was_trained(challenger, champion, log, learn)
    if _recipe(champion.bundle) == _recipe(challenger):
        return f"nothing new to judge by: the same recipe, and {nothing_new(champion)}"
    theirs, served = tested.candidates.get(champion.bundle.candidate), champion.bundle
    same = served.features.names == challenger.features.names
    if theirs is None or served.candidate == challenger.candidate or not same:
        return f"nothing new to judge by: {nothing_new(champion)}, and its recipe is not in the test"
    predicted = np.concatenate([result.p for result in theirs.by_date])
    rows = _rows(log, mine, challenger.features, tested)
    how = f"represented by its recipe on {_dates(mine)}, as none lies after it was trained"
    return _paired(mine, predicted, rows, how)


def nothing_new(champion: Champion) -> str:
    """Return that the log has nothing to judge a champion by, in words."""
    return f"fewer than {LEAST_NEW_DAYS} days of orders lie after {champion.bundle.trained_until}, when it was trained"


def _new_days(challenger: Bundle, champion: Champion) -> int:
    return (challenger.trained_until - champion.bundle.trained_until).days


def _since_it_was_trained(challenger: Bundle, champion: Champion, log: Log, learn: Learn) -> Paired | str:
    """Return both as asked on the day the champion was trained, judged on who has not ordered since.

    The window is shorter than the horizon that they speak of, so each one's level is set to what came.
    """
    served, days = champion.bundle, _new_days(challenger, champion)
    day, window = served.trained_until, ChurnDefinition(days, served.definition.active_days)
    try:
        mine = learn(day_number(day))
    except InsufficientHistory as trouble:
        return f"nothing to judge by: {trouble}"
    rows = build_dataset(log, [day], window, challenger.features)
    theirs = build_dataset(log, [day], window, served.features)
    said, known = sigmoid(mine.log_odds(rows.values)), served.probability(theirs.values, day)
    return Paired(
        dates=(day,),
        date_index=np.zeros(len(rows), dtype=np.int64),
        customer_id=rows.customer_id,
        y=rows.y,
        challenger=with_true_level(said, rows.y),
        champion=with_true_level(known, rows.y),
        values=rows.X,
        how=f"both asked on {day}, when it was trained, and judged on the {days} days since, the level set true",
    )


def _recipe(bundle: Bundle) -> tuple[str, str, tuple[str, ...]]:
    return bundle.candidate, bundle.calibration.method, bundle.features.names


def _rows(log: Log, results: Sequence[DateResult], features: FeatureSet, tested: Backtest) -> Dataset:
    """Return the features of the test dates, in the order of the results."""
    return build_dataset(log, [result.test_date for result in results], tested.definition, features)


def _paired(results: Sequence[DateResult], champion: Floats, rows: Dataset, how: str) -> Paired:
    parts = [rows.on([day_number(result.test_date)]) for result in results]
    for result, part in zip(results, parts, strict=True):
        if not np.array_equal(result.customer_id, part.customer_id):
            raise ValueError(f"the log is not the one that was tested: it has other customers on {result.test_date}")
    return Paired(
        dates=tuple(result.test_date for result in results),
        date_index=np.repeat(np.arange(len(results)), [len(result.y) for result in results]),
        customer_id=np.concatenate([result.customer_id for result in results]),
        y=np.concatenate([result.y for result in results]),
        challenger=np.concatenate([result.p for result in results]),
        champion=champion,
        values=pd.concat([part.X for part in parts], ignore_index=True),
        how=how,
    )


def _dates(results: Sequence[DateResult]) -> str:
    return f"{len(results)} test date{'' if len(results) == 1 else 's'}"


def _log_loss(pairs: Paired, champion: Champion, new_days: int) -> Check:
    if not pairs.is_enough:
        few = f"{len(pairs)} rows of whom {int(pairs.y.sum())} churned"
        return Check("log_loss", False, f"{few} are too few to judge by: it takes {LEAST_ROWS} and {LEAST_CHURNED}")
    gap = pairs.overall()
    passed, verdict = _passes(gap, new_days)
    words = f"{verdict}: log loss {gap.words} against {champion.name}, {pairs.how}"
    dates = [day.isoformat() for day in pairs.dates]
    return Check("log_loss", passed, words, {**asdict(gap), "dates": dates, "rows": len(pairs)})


def _passes(gap: Interval, new_days: int) -> tuple[bool, str]:
    """Return whether a gap lets the challenger pass, and how to call it: of two equals the fresher one serves."""
    if gap.is_below:
        return True, "better by more than chance"
    if gap.is_noise and new_days >= LEAST_NEW_DAYS:
        return True, f"no worse by more than one standard error, and it has learnt {new_days} days more"
    return False, "worse by more than one standard error" if not gap.is_noise else "not better by more than chance"


def _recency(challenger: Bundle, champion: Champion) -> Check:
    """Check that the challenger was trained on data at least as recent as the champion's."""
    mine, theirs = challenger.trained_until, champion.bundle.trained_until
    passed = mine >= theirs
    words = f"it has learnt until {mine}, {'no earlier than' if passed else 'earlier than'} the champion, {theirs}"
    return Check("recency", passed, words, {"trained_until": str(mine), "champion_trained_until": str(theirs)})


def _direction(challenger: Bundle, log: Log) -> Check:
    found = direction(challenger, log, day_number(challenger.trained_until))
    return Check("direction", found.holds, found.words, asdict(found))


def _segments(pairs: Paired, given: Mapping[str, str] | None) -> Check:
    found = pairs.by_segment(given)
    worse = sorted((name for name, gap in found.items() if gap.is_above), key=lambda name: -found[name].mean)
    losses = "; ".join(f"{name}: log loss {found[name].words}" for name in worse[:3])
    words = f"clearly worse for {losses}" if worse else f"no segment of {len(found)} gets clearly worse"
    return Check("segments", not worse, words, {name: asdict(gap) for name, gap in found.items()})


def _verdicts(challenger: Bundle, champion: Champion) -> tuple[str, str, str]:
    """Return what either decision is called, and how old the champion is where that is worth a word."""
    mine, served = challenger.candidate, champion.name
    horizons = (challenger.trained_until - champion.bundle.trained_until).days // challenger.definition.horizon_days
    age = f"; the champion was trained {horizons} horizons earlier" if horizons >= OLD_HORIZONS else ""
    return f"{mine} replaces {served}", f"{served} serves on; {mine} stays challenger", age

"""The grade of a candidate against the best rule: one letter, A to C.

    A   the mean log loss is at least 5 % lower than the best rule's, and lower by more than chance (95 %); the
        percentages are true: the calibration error is at most 3 points, or twice what chance alone shows; and there
        are at least two test dates, with at least a hundred who left and a hundred who stayed
    B   the mean log loss is lower than the best rule's by more than one standard error
    C   no better than the best rule by more than one standard error

Log loss measures ranking and calibration in one number, and a calibrated rule is hard to beat. Models of each
customer's rhythm alone win 6 to 18 % on open logs (benchmarks/quality), so a lead below 5 % is not clear. Value at risk
multiplies by the percentage, so a calibration error above 3 points rules out an A.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from training.backtest.bands import Floor, noise_floor
from training.backtest.choice import Difference
from training.backtest.results import Backtest, plain

Letter = Literal["A", "B", "C"]

LEAST_SKILL = 0.05
MOST_ECE, MOST_FLOORS = 0.03, 2.0
LEAST_DATES, LEAST_CASES = 2, 100
# A model that ranks churn better than this has seen the future, or what the label is made of.
SUSPICIOUS_AUROC = 0.95
WORDS: dict[Letter, str] = {
    "A": "clearly better than the best rule, and its percentages are true",
    "B": "better than the best rule by more than chance",
    "C": "no better than the best rule by more than chance",
}


@dataclass(frozen=True)
class Grade:
    """A candidate against the best rule, over all test dates.

    Args:
        candidate: who is graded.
        rule: the best rule.
        skill: 1 − its mean log loss over the rule's.
        difference: how much higher its mean log loss is than the rule's, nats; below 0 is better.
        rule_log_loss: the rule's mean log loss, nats.
        auroc: mean over the dates.
        ece: mean over the dates.
        floor: what the ECE would be by chance if the percentages were true.
        dates: how many test dates.
        cases: customers who left or who stayed over all dates, whichever are fewer: they bound what chance can do.
    """

    candidate: str
    rule: str
    skill: float
    difference: Difference
    rule_log_loss: float
    auroc: float
    ece: float
    floor: Floor
    dates: int
    cases: int

    @property
    def letter(self) -> Letter:
        """The grade."""
        if self.candidate == self.rule or not self.difference.mean < -self.difference.standard_error:
            return "C"
        return "B" if self.missing else "A"

    @property
    def missing(self) -> tuple[str, ...]:
        """The conditions of an A that do not hold, in words."""
        conditions = {
            f"log loss {LEAST_SKILL:.0%} lower than the rule's": self.skill >= LEAST_SKILL,
            "a lead that chance does not explain (95%)": self.difference.high < 0,
            "percentages that are true": self.is_true,
            f"{LEAST_DATES} test dates": self.dates >= LEAST_DATES,
            f"{LEAST_CASES} who left and {LEAST_CASES} who stayed": self.cases >= LEAST_CASES,
        }
        return tuple(words for words, holds in conditions.items() if not holds)

    @property
    def is_true(self) -> bool:
        """Whether the calibration error is at most 3 points or twice what chance shows."""
        return self.ece <= max(MOST_ECE, MOST_FLOORS * self.floor.mean)

    @property
    def is_suspicious(self) -> bool:
        """Whether the ranking is better than churn can honestly be predicted."""
        return self.auroc > SUSPICIOUS_AUROC

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the skill, the rule's log loss taken as known."""
        return -self.difference.high / self.rule_log_loss, -self.difference.low / self.rule_log_loss

    @property
    def words(self) -> str:
        """The grade in words."""
        lacking = f"; for an A it lacks {' and '.join(self.missing)}" if self.letter == "B" else ""
        return f"{self.letter}: {WORDS[self.letter]}{lacking}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The grade in words, the evidence for it, and what is suspicious."""
        chance = f"ECE {self.ece:.3f}; a perfect model would show {self.floor.mean:.3f} by chance"
        if self.candidate == self.rule:
            return (f"grade {self.words}", chance, *self.warnings)
        low, high = self.interval
        than = "lower than" if self.skill >= 0 else "higher than"
        interval = f"95%: {100 * low:.1f} to {100 * high:.1f}%"
        against = f"log loss {abs(self.skill):.1%} {than} that of {self.rule} ({interval})"
        return (f"grade {self.words}", f"{against}; {chance}", *self.warnings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A warning where the result is too good to be true."""
        if not self.is_suspicious:
            return ()
        return (f"careful: AUROC {self.auroc:.3f} is too good for churn: a leak, or a log that tells too much",)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        numbers = {
            "skill": self.skill,
            "skill_low": self.interval[0],
            "skill_high": self.interval[1],
            "log_loss_difference": self.difference.mean,
            "log_loss_difference_error": self.difference.standard_error,
            "auroc": self.auroc,
            "ece": self.ece,
            "ece_floor": self.floor.mean,
            "ece_floor_95": self.floor.most,
        }
        verdict = {"letter": self.letter, "words": self.words, "candidate": self.candidate, "against": self.rule}
        evidence = {"test_dates": self.dates, "cases": self.cases}
        return {**verdict, **plain(numbers), "suspicious": self.is_suspicious, **evidence}


def grade(backtest: Backtest, candidate: str | None = None) -> Grade:
    """Return the grade of a candidate against the best rule.

    Args:
        backtest: the evidence.
        candidate: who is graded; by default the chosen one.
    """
    result = backtest.candidates[candidate or backtest.chosen]
    rule = backtest.candidates[backtest.best_rule]
    mean, rival = result.mean, rule.mean["log_loss"]
    return Grade(
        candidate=result.name,
        rule=rule.name,
        skill=1 - mean["log_loss"] / rival,
        difference=result.against(rule),
        rule_log_loss=rival,
        auroc=mean["auroc"],
        ece=mean["ece"],
        floor=noise_floor([date.p for date in result.by_date]),
        dates=len(result.by_date),
        cases=int(min(result.y.sum(), (~result.y).sum())),
    )

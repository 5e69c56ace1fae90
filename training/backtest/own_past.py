"""Judges the small models of an own past: on dates that they had not seen, against the best of a few calibrated rules.

A model serves where enough cases are known and it beats that rule; else a sentence says why not. The grade is that of
`training/backtest/grade.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.backtest.bands import noise_floor
from training.backtest.choice import Rows, difference
from training.backtest.grade import LEAST_CASES, Grade
from training.dataset import Flags, Floats
from training.forecasts.own_past import LEAST_TESTS, Cases, Question, Verdict, learn, learn_rule
from training.metrics import at_top, auroc, ece, log_loss

LIST_SHARE = 0.2  # of the rows: the list by which its precision is told
MODEL = "own past"


@dataclass(frozen=True, eq=False)
class Judged:
    """The predictions of the model and of each rule on the test dates."""

    question: Question
    days: tuple[int, ...]
    predicted: Mapping[str, Sequence[Rows]]

    @classmethod
    def of(cls, question: Question) -> Judged:
        """Fit and predict on each test date."""
        found: dict[str, list[Rows]] = {name: [] for name in (MODEL, *question.rules)}
        for day in question.tests:
            test = question.on(day)
            found[MODEL].append((test.y, learn(question, day).probability(test.values), test.who))
            for name in question.rules:
                found[name].append((test.y, learn_rule(question, name, day).probability(test.values), test.who))
        return cls(question, tuple(question.tests), found)

    def log_loss(self, name: str) -> float:
        """Return the mean log loss over the dates, nats."""
        return float(np.mean([log_loss(y, p) for y, p, _ in self.predicted[name]]))

    @cached_property
    def best_rule(self) -> str:
        """The rule with the lowest log loss."""
        return min(self.question.rules, key=self.log_loss)

    @property
    def measures(self) -> dict[str, float]:
        """Means over the dates of the model, and beside them of the best rule."""
        found = {}
        for prefix, name in (("", MODEL), ("rule_", self.best_rule)):
            rows = self.predicted[name]
            found[f"{prefix}log_loss"] = self.log_loss(name)
            found[f"{prefix}auroc"] = float(np.mean([auroc(y, p) for y, p, _ in rows]))
            found[f"{prefix}ece"] = float(np.mean([ece(y, p) for y, p, _ in rows]))
            found[f"{prefix}precision"] = float(np.mean([_precision(y, p) for y, p, _ in rows]))
        found["share"] = float(np.mean([y.mean() for y, _, _ in self.predicted[MODEL]]))
        found["rows"] = float(np.mean([len(y) for y, _, _ in self.predicted[MODEL]]))
        return found

    @property
    def grade(self) -> Grade:
        """The model against the best rule."""
        rows, measures = self.predicted[MODEL], self.measures
        came_true = sum(int(y.sum()) for y, _, _ in rows)
        return Grade(
            candidate=MODEL,
            rule=self.best_rule,
            skill=1 - measures["log_loss"] / measures["rule_log_loss"],
            difference=difference(rows, self.predicted[self.best_rule]),
            rule_log_loss=measures["rule_log_loss"],
            auroc=measures["auroc"],
            ece=measures["ece"],
            floor=noise_floor([p for _, p, _ in rows]),
            dates=len(rows),
            cases=min(came_true, sum(len(y) for y, _, _ in rows) - came_true),
        )


def _precision(y: Flags, p: Floats) -> float:
    top = at_top(y, p, max(1, round(len(y) * LIST_SHARE)))
    return top.hits / top.picked


def judge(question: Question) -> Verdict:
    """Judge the model on the test dates: it serves where enough is known, and where it beats the best rule."""
    days = question.tests
    tested = [question.on(day) for day in days]
    cases = [sum(int((each.y == truth).sum()) for each in tested) for truth in (True, False)]
    if len(days) < LEAST_TESTS or any(not _both(question.until(day)) for day in days):
        return Verdict(False, f"{question.what}: off, as the log is too short to learn and to judge it")
    if min(cases) < LEAST_CASES or any(not _both(each) for each in tested):
        return Verdict(
            False,
            f"{question.what}: off, as only {cases[0]:,} cases of it and {cases[1]:,} without are known where "
            f"{LEAST_CASES} of each are needed",
        )
    judged = Judged.of(question)
    grade, measures = judged.grade, judged.measures
    against = f"log loss {measures['log_loss']:.3f} against {measures['rule_log_loss']:.3f} of the rule {grade.rule}"
    if grade.letter == "C":
        words = f"{question.what}: off, as it is no better than a rule: {against}"
        return Verdict(False, words, grade.letter, grade.rule, measures)
    words = f"{question.what}: on, grade {grade.letter}, {against}"
    return Verdict(True, words, grade.letter, grade.rule, measures)


def _both(cases: Cases) -> bool:
    return bool(cases.y.any() and not cases.y.all())

"""The grade of a model, its list beside a rule's, its bands of probability and its groups: what a backtest measured."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from serving.api.quality.fairness import FAIRNESS, ModelFairness
from serving.scores import Share


class ModelGrade(msgspec.Struct, frozen=True):
    """The model against the best rule, means over the test dates; a measure that could not be taken is null."""

    letter: Annotated[
        Literal["A", "B", "C"],
        Meta(description="A: clearly better than the best rule; B: better beyond chance; C: no better beyond chance"),
    ]
    words: Annotated[str, Meta(description="the grade in words, and what is missing for an A")]
    candidate: Annotated[str, Meta(description="the candidate that is graded")]
    against: Annotated[str, Meta(description="the best rule")]
    skill: Annotated[float | None, Meta(description="1 − log loss over the rule's; above 0 is better, 1 the best")]
    skill_low: Annotated[float | None, Meta(description="lower end of its 95 % interval")]
    skill_high: Annotated[float | None, Meta(description="upper end")]
    log_loss_difference: Annotated[float | None, Meta(description="log loss − the rule's, nats; below 0 is better")]
    log_loss_difference_error: Annotated[float | None, Meta(description="its standard error, nats")]
    auroc: Annotated[float | None, Meta(description="0 to 1; 0.5 ranks like chance")]
    ece: Annotated[float | None, Meta(description="calibration error of the probabilities, 0 to 1; 0.03 = 3 points")]
    ece_floor: Annotated[float | None, Meta(description="what that would be by chance if the probabilities were true")]
    ece_floor_95: Annotated[float | None, Meta(description="by chance it stays below this 95 times in a hundred")]
    suspicious: Annotated[
        bool, Meta(description="better than churn can be predicted: a leak, or a log that knows the future")
    ]
    test_dates: int
    cases: Annotated[
        int | None,
        Meta(
            description="over all dates, those who left or those who stayed, whichever are fewer; null: an older model"
        ),
    ] = None


class ListMeasures(msgspec.Struct, frozen=True):
    """What a list would have held, means over the test dates."""

    name: Annotated[str, Meta(description='whose list: a candidate, or "random" for picking anybody')]
    picked: Annotated[float, Meta(description="customers on the list")]
    hits: Annotated[float, Meta(description="of these, those who left")]
    false_alarms: Annotated[float, Meta(description="of these, those who stayed")]
    capture: Annotated[float | None, Meta(description="hits ÷ all who left, 0 to 1; null: nobody left")]
    precision: Annotated[float | None, Meta(description="hits ÷ picked, 0 to 1; null: nobody was picked")]
    lift: Annotated[float | None, Meta(description="precision ÷ everyone's churn rate; null: nobody left")]


class ListComparison(msgspec.Struct, frozen=True):
    """Lists by the model, by the best rule and by chance: of who is late, by what those who have left are worth."""

    sizes: Annotated[list[int], Meta(description="customers on the list of each test date")]
    why: Annotated[str, Meta(description="where that length comes from")]
    by: Annotated[ListMeasures, Meta(description="the list by the model")]
    rule: Annotated[ListMeasures, Meta(description="the list by the best rule")]
    random: Annotated[ListMeasures, Meta(description="a list of customers picked at random")]
    over_rule: Annotated[
        float | None, Meta(description="hits of the model ÷ hits of the rule; null: the rule had none")
    ]
    sentence: Annotated[str, Meta(description="the list in words")]
    riskiest: Annotated[
        ListMeasures | None,
        Meta(description="as many of the riskiest customers, late or not; null: an older model, whose list that was"),
    ] = None


class ProbabilityBand(msgspec.Struct, frozen=True):
    """Of the customers with a probability in this band, how many left; a customer counts on each test date."""

    name: Annotated[str, Meta(examples=["60 to 70%"])]
    low: Annotated[Share, Meta(description="lower end of the band, included")]
    high: Annotated[Share, Meta(description="upper end, excluded except for 1")]
    customers: int
    said: Annotated[Share | None, Meta(description="their mean probability; null: nobody is in it")]
    left: Annotated[Share | None, Meta(description="the share that left; null: nobody is in it")]
    interval: Annotated[
        list[float | None],
        Meta(description="95 % interval of that share, the lower end first; null: nobody is in it"),
    ]
    is_merged: Annotated[bool, Meta(description="it includes neighbouring bands that held too few customers")]


class ModelQuality(msgspec.Struct, frozen=True):
    """How well the model did out of time, on dates after its training; null where there was no backtest."""

    grade: ModelGrade | None = None
    list: Annotated[ListComparison | None, Meta(description="the list that it would have made")] = None
    bands: Annotated[tuple[ProbabilityBand, ...] | None, Meta(description="by probability, the lowest first")] = None
    warnings: Annotated[
        tuple[str, ...] | None, Meta(description="how far to trust all this, in sentences; empty: nothing to warn of")
    ] = None
    fairness: Annotated[
        ModelFairness | None, Meta(description="whether a group is served worse; null: no groups were compared")
    ] = None


GRADE: dict[str, Any] = {
    "letter": "A", "words": "A: clearly better than the best rule, and its percentages are true",
    "candidate": "lightgbm", "against": "recency_rule", "skill": 0.143, "skill_low": 0.114, "skill_high": 0.172,
    "log_loss_difference": -0.0652, "log_loss_difference_error": 0.0067, "auroc": 0.86, "ece": 0.021,
    "ece_floor": 0.018, "ece_floor_95": 0.023, "suspicious": False, "test_dates": 5, "cases": 674,
}  # fmt: skip
LIST: dict[str, Any] = {
    "sizes": [47, 48, 45, 46, 47],
    "why": "a tenth of the customers, as no capacity is set",
    "by": {"name": "lightgbm", "picked": 46.6, "hits": 40.6, "false_alarms": 6.0, "capture": 0.309, "precision": 0.871,
           "lift": 3.09},
    "rule": {"name": "recency_rule", "picked": 46.6, "hits": 36.4, "false_alarms": 10.2, "capture": 0.277,
             "precision": 0.781, "lift": 2.77},
    "random": {"name": "random", "picked": 46.6, "hits": 13.1, "false_alarms": 33.5, "capture": 0.1,
               "precision": 0.282, "lift": 1.0},
    "riskiest": {"name": "lightgbm", "picked": 46.6, "hits": 42.1, "false_alarms": 4.5, "capture": 0.32,
                 "precision": 0.903, "lift": 3.2},
    "over_rule": 1.12,
    "sentence": "a list of 47 every 30 days would have held 41 who left and 6 false alarms: 3.1 × as many as picking "
    "at random, 1.1 × recency_rule",
}  # fmt: skip
BAND: dict[str, Any] = {
    "name": "60 to 70%", "low": 0.6, "high": 0.7, "customers": 65, "said": 0.656, "left": 0.631,
    "interval": [0.509, 0.738], "is_merged": False,
}  # fmt: skip

WARNINGS = [*FAIRNESS["warnings"]]
QUALITY: dict[str, Any] = {
    "grade": GRADE, "list": LIST, "bands": [BAND], "warnings": WARNINGS, "fairness": FAIRNESS,
}  # fmt: skip

"""Whether groups of customers are served worse than the others beyond chance: counts of groups, never of a customer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from serving.scores import Share


class GroupServed(msgspec.Struct, frozen=True):
    """How one group is served, over all test dates; what too few customers leave unknown is null."""

    group: Annotated[str, Meta(description="its value; quarters of a column of numbers; groups of few are one group")]
    customers: Annotated[int, Meta(description="a customer counts on each test date")]
    gone: Annotated[int, Meta(description="of these, those who ordered nothing in gone_days")]
    churned: Annotated[Share | None, Meta(description="the share that ordered nothing within the horizon")]
    said: Annotated[Share | None, Meta(description="their mean probability, the level of each date set true")]
    auroc: Annotated[float | None, Meta(description="0 to 1; null: fewer than 20 churned, or fewer stayed")]
    auroc_promised: Annotated[
        float | None, Meta(description="the AUROC that the group's own percentages would show if they were true")
    ]
    ece: Annotated[float | None, Meta(description="calibration error of the probabilities, 0 to 1; 0.03 = 3 points")]
    ece_floor: Annotated[float | None, Meta(description="what that would be by chance if the probabilities were true")]
    listed: Annotated[Share | None, Meta(description="the share that was on the list")]
    gone_found: Annotated[Share | None, Meta(description="of those gone, the share that was on the list")]
    auroc_interval: Annotated[
        list[float | None], Meta(description="95 % interval of the AUROC, the lower end first; null: as for auroc")
    ]


class GroupComparison(msgspec.Struct, frozen=True):
    """One measure of one group beside that of all other customers."""

    column: Annotated[str, Meta(description="of the customers file")]
    group: str
    measure: Annotated[
        Literal["ranking", "percentages", "list"],
        Meta(
            description="ranking: the AUROC; percentages: the share that churned − the mean probability; list: of "
            "those gone, the share that was on the list"
        ),
    ]
    here: Annotated[float | None, Meta(description="in the group")]
    elsewhere: Annotated[float | None, Meta(description="of everybody else")]
    chance: Annotated[Share | None, Meta(description="of so large a difference where there is none")]
    is_worse: Annotated[
        bool, Meta(description="served worse beyond chance, all comparisons taken together, and enough to matter")
    ]


class ModelFairness(msgspec.Struct, frozen=True):
    """How the groups of the shop's columns are served: of [fairness], else the segment and what is a feature."""

    verdict: Annotated[str, Meta(description="whether any group is served worse, and how that was tested")]
    warnings: Annotated[
        tuple[str, ...], Meta(description="by how much a group is served worse, and what may help; empty: none is")
    ]
    columns: Annotated[dict[str, tuple[GroupServed, ...]], Meta(description="column → its groups")]
    comparisons: tuple[GroupComparison, ...]
    gone_days: Annotated[int, Meta(description="gone = no order in so many days")]


NORTH: dict[str, Any] = {
    "group": "north", "customers": 4305, "gone": 858, "churned": 0.335, "said": 0.226, "auroc": 0.774,
    "auroc_promised": 0.783, "ece": 0.109, "ece_floor": 0.014, "listed": 0.198, "gone_found": 0.406,
    "auroc_interval": [0.759, 0.79],
}  # fmt: skip
SOUTH: dict[str, Any] = {
    "group": "south", "customers": 4695, "gone": 927, "churned": 0.326, "said": 0.323, "auroc": 0.78,
    "auroc_promised": 0.778, "ece": 0.019, "ece_floor": 0.015, "listed": 0.201, "gone_found": 0.4,
    "auroc_interval": [0.765, 0.795],
}  # fmt: skip


def _beside(
    group: str, measure: str, here: float, elsewhere: float, chance: float, *, worse: bool = False
) -> dict[str, Any]:
    shown = {"here": here, "elsewhere": elsewhere, "chance": chance}
    return {"column": "Region", "group": group, "measure": measure, **shown, "is_worse": worse}


# What the percentages of the north, set too low, are found to be among 3,000 made-up customers.
FAIRNESS: dict[str, Any] = {
    "verdict": "1 group served worse beyond chance: 6 comparisons by Region, taken together (Holm, 95%)",
    "warnings": [
        "Region north: percentages are too low (22.6% said, 33.5% came), so their value at risk counts too little; a "
        "column that is no feature yet can be one under [features] use, unless it is sensitive"
    ],
    "columns": {"Region": [NORTH, SOUTH]},
    "comparisons": [
        _beside("north", "ranking", 0.774, 0.78, 0.288),
        _beside("north", "percentages", 0.109, 0.003, 0.0, worse=True),
        _beside("north", "list", 0.406, 0.4, 0.576),
        _beside("south", "ranking", 0.78, 0.774, 0.712),
        _beside("south", "percentages", 0.003, 0.109, 0.0),
        _beside("south", "list", 0.4, 0.406, 0.424),
    ],
    "gone_days": 90,
}

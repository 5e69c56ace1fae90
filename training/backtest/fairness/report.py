"""How each group of the columns asked for is served, and which is served worse than the others beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from training.backtest.bands import Floor, noise_floor
from training.backtest.clustered import Estimate, auroc_estimate, promised_auroc
from training.backtest.fairness.comparison import LEAST_CASES, Comparison, compared, judged_together
from training.backtest.fairness.groups import group_of, in_order
from training.backtest.fairness.rows import Judged
from training.backtest.results import plain
from training.metrics import ece, known

# Customer → what a column says, by column.
Columns = Mapping[str, Mapping[str, str]]
NOTHING_ASKED: Columns = MappingProxyType({})


@dataclass(frozen=True)
class Served:
    """How one group is served, over all test dates.

    Args:
        group: its name.
        customers: once per test date.
        churned: the share that did.
        predicted: the mean probability, the level of each date set true.
        auroc: within the group, with its error; NaN where fewer than 20 churned or stayed.
        promised: the AUROC that its percentages would show if they were true.
        ece: calibration error.
        floor: what the ECE would be by chance if the percentages were true.
        listed: the share that was on the list.
        gone: how many are gone.
        gone_listed: how many of them were on the list.
    """

    group: str
    customers: int
    churned: float
    predicted: float
    auroc: Estimate
    promised: float
    ece: float
    floor: Floor
    listed: float
    gone: int
    gone_listed: int

    @property
    def found(self) -> float:
        """The share of those gone that was on the list; NaN where nobody is known to be."""
        return self.gone_listed / self.gone if self.gone else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        numbers = {
            "churned": self.churned,
            "said": self.predicted,
            "auroc": self.auroc.value,
            "auroc_promised": self.promised,
            "ece": self.ece,
            "ece_floor": self.floor.mean,
            "listed": self.listed,
            "gone_found": self.found,
        }
        ends = [known(end) for end in self.auroc.interval]
        return {
            "group": self.group,
            "customers": self.customers,
            "gone": self.gone,
            **plain(numbers),
            "auroc_interval": ends,
        }


@dataclass(frozen=True)
class Fairness:
    """How the groups of every column asked for are served.

    Args:
        columns: column → its groups.
        comparisons: of each group with everybody else, judged together.
        gone_days: gone = no order in so many days.
    """

    columns: Mapping[str, tuple[Served, ...]]
    comparisons: tuple[Comparison, ...]
    gone_days: int

    @property
    def worse(self) -> tuple[Comparison, ...]:
        """The comparisons in which a group is served worse, the surest first."""
        return tuple(sorted((one for one in self.comparisons if one.is_worse), key=lambda one: one.chance))

    def of(self, comparison: Comparison) -> Served:
        """Return the group that a comparison is of."""
        return next(one for one in self.columns[comparison.column] if one.group == comparison.group)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: groups only, no customer."""
        return {
            "columns": {name: [group.to_dict() for group in groups] for name, groups in self.columns.items()},
            "comparisons": [one.to_dict() for one in self.comparisons],
            "gone_days": self.gone_days,
        }


def fairness(rows: Judged, columns: Columns) -> Fairness:
    """Return how the groups of columns are served.

    Args:
        rows: of a backtest.
        columns: by which it is asked.
    """
    served: dict[str, tuple[Served, ...]] = {}
    comparisons: list[Comparison] = []
    for name, value_of in columns.items():
        group = group_of(value_of, rows.customer_id)
        names = in_order(group.tolist())
        served[name] = tuple(_served(each, rows.where(group == each)) for each in names)
        if len(names) > 1:
            for each in names:
                comparisons += compared(name, each, rows.where(group == each), rows.where(group != each))
    return Fairness(served, judged_together(comparisons), rows.gone_days)


def _served(group: str, rows: Judged) -> Served:
    unknown = Estimate(float("nan"), float("nan"))
    enough = min(int(rows.y.sum()), int((~rows.y).sum())) >= LEAST_CASES
    return Served(
        group=group,
        customers=len(rows.y),
        churned=float(rows.y.mean()),
        predicted=float(rows.p.mean()),
        auroc=auroc_estimate(rows.y, rows.p, rows.customer_id) if enough else unknown,
        promised=promised_auroc(rows.p),
        ece=ece(rows.y, rows.p),
        floor=noise_floor([rows.p]),
        listed=float(rows.listed.mean()),
        gone=int(rows.gone.sum()),
        gone_listed=int((rows.gone & rows.listed).sum()),
    )


def fairness_metrics(found: Fairness) -> Iterator[tuple[str, float]]:
    """Yield what MLflow shows of it: how many comparisons there were, and in how many a group is served worse."""
    yield "fairness/comparisons", float(len(found.comparisons))
    yield "fairness/served_worse", float(len(found.worse))

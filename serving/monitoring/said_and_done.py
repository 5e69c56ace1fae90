"""What was said and what came, side by side: by run, month, list, band, segment, owner and playbook, with counts.

Windows overlap where runs are made every week, and a customer would count many times. So bands, segments, owners and
playbooks are counted over windows that do not overlap, and a month by its last run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from serving.monitoring.windows import Window
from training.backtest.bands import wilson

GROUPS = ("month", "run", "list", "band", "segment", "owner", "playbook")
BANDS = ("low", "medium", "high")
NOBODY = "nobody"


@dataclass(frozen=True)
class SaidAndDone:
    """Customers whose horizon has ended: how many were expected to order nothing, and how many did.

    Args:
        name: of the group.
        customers: in it.
        expected: the sum of their probabilities.
        churned: how many ordered nothing.
    """

    name: str
    customers: int
    expected: float
    churned: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share that ordered nothing, by chance alone."""
        return wilson(self.churned, self.customers)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; shares beside counts."""
        low, high = self.interval
        return {
            "name": self.name,
            "customers": self.customers,
            "said": self.expected / self.customers,
            "came": self.churned / self.customers,
            "low": low,
            "high": high,
            "churned": self.churned,
        }


def said_and_done(windows: Sequence[Window], segment_of: Mapping[str, str]) -> dict[str, tuple[SaidAndDone, ...]]:
    """Return each of GROUPS with its rows; empty where nothing has ended.

    Args:
        windows: oldest first; only those that have ended count.
        segment_of: customer → segment, of those that have one.
    """
    ended = [each for each in windows if each.has_ended]
    people = [_people(window, segment_of) for window in apart(ended)]
    listing = [row for window in apart([each for each in ended if each.lists]) for row in _entries(window)]
    everybody, listed = _joined(people), _joined([frame for _, frame in listing])
    in_month = {f"{each.run.as_of:%Y-%m}": each for each in ended}
    lists = [(str(each.run.as_of), frame) for each in ended for _, frame in _entries(each)]
    return {
        "month": tuple(_of(name, _people(window, {})) for name, window in in_month.items()),
        "run": tuple(_of(str(window.run.as_of), _people(window, {})) for window in ended),
        "list": tuple(_of(name, frame) for name, frame in lists if len(frame)),
        "band": _by(everybody, "band", BANDS),
        "segment": _by(everybody, "segment"),
        "owner": _by(listed, "owner"),
        "playbook": _by(listed, "playbook"),
    }


def apart(windows: Sequence[Window]) -> list[Window]:
    """Return windows that do not overlap, the latest and those before it, oldest first."""
    found: list[Window] = []
    for window in reversed(windows):
        if not found or window.until <= found[-1].run.as_of:
            found.append(window)
    return found[::-1]


def _people(window: Window, segment_of: Mapping[str, str]) -> pd.DataFrame:
    told = window.said[["customer_id", "probability", "band"]].assign(churned=window.silent)
    return told.assign(segment=told["customer_id"].map(segment_of))


def _entries(window: Window) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield each list of a window with what was said of its entries, and what came."""
    people = _people(window, {}).drop(columns="segment")
    for list_id, entries in window.lists.items():
        found = entries.merge(people, on="customer_id")
        yield list_id, found.assign(owner=found["owner"].fillna(NOBODY))


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _by(frame: pd.DataFrame, column: str, order: Iterable[str] | None = None) -> tuple[SaidAndDone, ...]:
    if frame.empty:
        return ()
    known = frame[frame[column].notna()]
    names = sorted(known[column].unique()) if order is None else order
    return tuple(_of(name, some) for name in names if len(some := known[known[column] == name]))


def _of(name: str, frame: pd.DataFrame) -> SaidAndDone:
    expected = float(np.asarray(frame["probability"], dtype=np.float64).sum())
    return SaidAndDone(name, len(frame), expected, int(frame["churned"].sum()))

"""What slow answers had beside them: for each cause, the share of all answers that met it, and of the slowest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.float64]
LOOK_UP = "a look-up of one id"
SLOWEST = 99.0  # per cent: what is slower is explained
WORTH_SECONDS = 0.001  # what is shorter delays nobody by much
MOST_PLACES = 6


@dataclass(frozen=True)
class Answered:
    """All answers of a load: what was asked, when each was due, how long it took."""

    kinds: npt.NDArray[np.str_]
    due: Seconds
    took: Seconds

    @property
    def slow(self) -> npt.NDArray[np.bool_]:
        """Which are the slowest hundredth."""
        return self.took > np.percentile(self.took, SLOWEST)


@dataclass(frozen=True)
class Span:
    """Something that took a while: what, from when, seconds, and where."""

    kind: str
    begin: float
    seconds: float
    detail: str


def spans_in(file: Path) -> list[Span]:
    """Read what the worker wrote down, see `inside/sitecustomize.py`."""
    return [Span(*json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def met(answered: Answered, begins: Seconds, ends: Seconds) -> npt.NDArray[np.bool_]:
    """Return which answers were waited for while one of the spans lasted.

    >>> answered = Answered(np.array(["a", "a"]), np.array([0.0, 5.0]), np.array([1.0, 1.0]))
    >>> met(answered, np.array([0.5, 2.0]), np.array([0.6, 4.9])).tolist()
    [True, False]
    """
    order = np.argsort(begins)
    latest = np.concatenate([[-np.inf], np.maximum.accumulate(ends[order])])
    before = np.searchsorted(begins[order], answered.due + answered.took)
    found: npt.NDArray[np.bool_] = latest[before] > answered.due
    return found


def kinds_table(answered: Answered) -> Iterator[str]:
    """Yield a line per kind of request."""
    slow = answered.slow
    for kind in np.unique(answered.kinds):
        of_kind = answered.kinds == kind
        p50, p99 = np.percentile(answered.took[of_kind], [50, 99]) * 1000
        yield f"| {kind} | {of_kind.mean():.1%} | {(of_kind & slow).sum() / slow.sum():.1%} | {p50:.1f} | {p99:.1f} |"


def causes_table(answered: Answered, spans: list[Span]) -> Iterator[str]:
    """Yield a line per cause: how often, how long, and the shares of all look-ups and of the slowest that met it.

    Only look-ups are counted, since an answer that takes long meets everything.
    """
    look_ups = _only(answered, answered.kinds == LOOK_UP)
    others = _only(answered, answered.kinds != LOOK_UP)
    causes = {f"{kind} worked on": _only(others, others.kinds == kind) for kind in np.unique(others.kinds)}
    for name, group in causes.items():
        yield _cause(name, group.due, group.took, look_ups)
    for name, seconds in _by_kind(spans).items():
        yield _cause(name, *seconds, look_ups)


def places(spans: list[Span]) -> str:
    """Return the code that held the interpreter most, by the seconds that others waited."""
    held: Counter[str] = Counter()
    for span in spans:
        if span.kind == "the interpreter held":
            held[span.detail] += span.seconds  # type: ignore[assignment]  # a Counter adds any number
    whole = sum(held.values()) or 1.0
    return "; ".join(f"{place} {seconds / whole:.0%}" for place, seconds in held.most_common(MOST_PLACES))


def _by_kind(spans: list[Span]) -> Mapping[str, tuple[Seconds, Seconds]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for span in spans:
        if span.seconds >= WORTH_SECONDS:
            found.setdefault(span.kind, []).append((span.begin, span.seconds))
    return {kind: (np.array(rows)[:, 0], np.array(rows)[:, 1]) for kind, rows in sorted(found.items())}


def _cause(name: str, begins: Seconds, seconds: Seconds, look_ups: Answered) -> str:
    beside, slow = met(look_ups, begins, begins + seconds), look_ups.slow
    middle, longest = np.median(seconds) * 1000, seconds.max() * 1000
    shares = f"{beside.mean():.1%} | {(beside & slow).sum() / max(1, slow.sum()):.1%}"
    return f"| {name} | {len(seconds):,} | {middle:.1f} | {longest:.0f} | {shares} |"


def _only(answered: Answered, which: npt.NDArray[np.bool_]) -> Answered:
    return Answered(answered.kinds[which], answered.due[which], answered.took[which])

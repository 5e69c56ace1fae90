"""What each command does, from settings to a result; the command line and the demo both call these.

A job reads the shop's files, walks through the rooms and records what it did in MLflow and in the book. It prints
nothing: its result says everything, as a document for machines (`to_dict`) and as lines for people (`lines`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from features.build import feature_table
from features.log import Log
from features.shell import shell_line
from features.simulation.simulate import simulate
from serving.book.runs import record_scores
from serving.config import Settings
from serving.outreach.exports import write_table
from serving.scorer import score
from serving.scores import STATES
from serving.shop import check_agrees, chosen_day, features_of, open_book, read
from training.bundle import Bundle
from training.tracking import Tracking


@dataclass(frozen=True, eq=False)
class Written:
    """A table that was written to a file."""

    frame: pd.DataFrame
    path: Path
    as_of: date
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what was written where."""
        return {"file": str(self.path), "as_of": str(self.as_of), "rows": len(self.frame)}

    def lines(self) -> Iterator[str]:
        """Say it in one line."""
        yield from self.notes
        yield f"{len(self.frame):,} customers as of {self.as_of} written to {self.path}"


def write_features(settings: Settings, as_of: date | None, out: Path) -> Written:
    """Compute the features of the population on a date and write them."""
    log = read(settings, until=as_of).log
    day = chosen_day(log, as_of)
    definition = settings.definition_for(log)
    frame = feature_table(log, [day], features_of(log), definition.active_days)
    frame["as_of"] = frame["as_of"].dt.date
    write_table(frame, out)
    return Written(frame, out, day, settings.said_auto(definition))


@dataclass(frozen=True, eq=False)
class Scored:
    """One scoring run: the scores, the model behind them and the log they were made from."""

    scores: pd.DataFrame
    as_of: date
    bundle: Bundle
    version: str
    log: Log
    run_id: int

    @property
    def totals(self) -> str:
        """How many are at risk and for how much, in one line."""
        money, definition = self.bundle.money, self.bundle.definition
        high = int((self.scores["band"] == "high").sum())
        at_risk = money.text(money.minor(sum(self.scores["value_at_risk"])))
        return (
            f"{len(self.scores):,} customers scored as of {self.as_of}: {high:,} are more likely to stop than to order "
            f"within {definition.horizon_days} days; value at risk {at_risk} in all"
        )


def score_all(settings: Settings, as_of: date | None, *, reasons: str = "auto") -> Scored:
    """Score the population with the champion and record the run in the book."""
    bundle, version = Tracking(settings.folder).champion()
    check_agrees(settings, bundle, version)
    log = read(settings, until=as_of).log
    day = chosen_day(log, as_of)
    scores = score(log, bundle, version, day, reasons=reasons)  # type: ignore[arg-type]
    with open_book(settings) as book:
        run_id = record_scores(book, scores, currency=bundle.money.currency, data_digest=log.digest())
    return Scored(scores, day, bundle, version, log, run_id)


@dataclass(frozen=True, eq=False)
class ScoresWritten:
    """A scoring run, and the file that holds it."""

    scored: Scored
    path: Path

    @property
    def states(self) -> dict[str, int]:
        """How many customers are in each state."""
        return {state: int((self.scored.scores["state"] == state).sum()) for state in STATES}

    def to_dict(self) -> dict[str, Any]:
        """Return what was written where."""
        scored = self.scored
        bands = scored.scores["band"].value_counts().to_dict()
        return {
            "file": str(self.path),
            "as_of": scored.as_of,
            "rows": len(scored.scores),
            "horizon_days": scored.bundle.definition.horizon_days,
            "follow_days": scored.bundle.timing.follow_days,
            "model_version": scored.version,
            "bands": {str(band): int(count) for band, count in bands.items()},
            "states": self.states,
            "value_at_risk": sum(scored.scores["value_at_risk"]),
            "currency": scored.bundle.money.currency,
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield self.scored.totals
        yield "of these " + ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in self.states.items())
        yield from hindsight(self.scored.bundle, self.scored.version, self.scored.as_of)
        follow = self.scored.bundle.timing.follow_days
        yield f"next_order_on is the date to expect of those who order within {follow:,} days"
        yield f"written to {self.path}"


def write_scores(settings: Settings, as_of: date | None, out: Path, *, all_reasons: bool = False) -> ScoresWritten:
    """Score the population, record the run in the book and write the score file."""
    scored = score_all(settings, as_of, reasons="all" if all_reasons else "auto")
    write_table(scored.scores, out)
    return ScoresWritten(scored, out)


@dataclass(frozen=True, eq=False)
class Simulated:
    """The files of a simulated shop."""

    files: Sequence[Path]
    customers: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"customers": self.customers, "seed": self.seed, "files": list(self.files)}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from (f"wrote {path}" for path in self.files)
        orders, events, customers, *_ = self.files
        toml = orders.parent / "regulars.toml"
        files = (orders, "--events", events, "--customers", customers)
        yield f"next: {shell_line('regulars', 'init', *files, '--out', toml)}"


def simulate_shop(customers: int, seed: int, out: Path) -> Simulated:
    """Write the files of a shop whose truth is known."""
    return Simulated(simulate(customers, seed).write(out), customers, seed)


def hindsight(bundle: Bundle, version: str, as_of: date) -> Iterator[str]:
    """Say in one line that the model knew the future of a day; nothing where it did not.

    Args:
        bundle: the model.
        version: of the model.
        as_of: the day that is looked from.
    """
    if as_of < bundle.trained_until:
        yield (
            f"careful: version {version} learnt from orders until {bundle.trained_until}, so it knew what came after "
            f"{as_of}: how right this is says nothing of how right it will be"
        )

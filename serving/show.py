"""The result of each command in words for a person, or as one document for a machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from features.money import Money
from serving.jobs import records

if TYPE_CHECKING:
    from serving.horizon import HorizonProposed
    from serving.jobs import Checked, Listed, ScoresWritten, Simulated, Trained, Written
    from serving.screen import Screen
    from serving.setup import Initialised
    from training.results import Backtest

MEASURES = {"auroc": "AUROC", "log_loss": "log loss", "brier": "Brier", "ece": "ECE"}


def show_init(done: Initialised, screen: Screen) -> None:
    """Say what was assumed and where it was written."""
    screen.say(f"wrote {done.path}; it assumes:")
    screen.say(*(f"  - {line}" for line in done.assumptions))
    screen.say("next: regulars check")
    screen.document(done.to_dict())


def show_check(report: Checked, screen: Screen) -> None:
    """Say every broken rule, what the stated rules touched, and whether the history is sufficient."""
    screen.say(*report.lines())
    screen.document(report.to_dict())


def show_horizon(done: HorizonProposed, screen: Screen) -> None:
    """Say what is proposed and what follows, with the table of windows."""
    from serving.horizon import COLUMNS

    screen.say(*done.lines(), "")
    screen.table(COLUMNS, done.rows())
    screen.say("", *([f"drawn to {done.picture}"] if done.picture else []))
    screen.document(done.to_dict())


def show_written(done: Written, screen: Screen) -> None:
    """Say what was written where."""
    screen.say(*done.lines())
    screen.document(done.to_dict())


def show_backtest(result: Backtest, screen: Screen) -> None:
    """Show the candidates over all test dates and on the last one."""
    show_candidates(result, screen)
    screen.say("", result.why, *result.notes)
    screen.document(result.to_dict())


def show_candidates(result: Backtest | None, screen: Screen) -> None:
    """Show the measures of each candidate: the mean over the dates, and the last date."""
    if result is None:
        screen.say("no backtest: the history is too short to judge anything by")
        return
    last = result.splits[-1].test_date
    rows = [
        [
            f"{name} ◄" if name == result.chosen else name,
            *(f"{candidate.mean[key]:.3f}" for key in MEASURES),
            *(f"{candidate.by_date[-1].metrics[key]:.3f}" for key in ("auroc", "brier")),
        ]
        for name, candidate in result.candidates.items()
    ]
    dates = f"mean over {len(result.splits)} test dates, {result.splits[0].test_date} to {last}"
    screen.say(f"out of time, {result.definition.horizon_days} days ahead ({dates}; ◄ = chosen):", "")
    screen.table(["candidate", *MEASURES.values(), f"AUROC {last}", f"Brier {last}"], rows)


def show_training(done: Trained, screen: Screen) -> None:
    """Say who won, whether it was promoted and where it is recorded."""
    show_candidates(done.result.backtest, screen)
    screen.say("", *done.lines())
    screen.document(done.to_dict())


def show_scores(done: ScoresWritten, screen: Screen) -> None:
    """Say how many were scored and what they add up to."""
    screen.say(*done.lines())
    screen.document(done.to_dict())


def show_list(done: Listed, screen: Screen) -> None:
    """Show the top of the list, who is not on it and why, and the files."""
    show_top(done, screen)
    screen.say("", *done.lines())
    screen.document(done.to_dict())


def show_top(done: Listed, screen: Screen, most: int = 10) -> None:
    """Show the first entries with their reasons."""
    entries = done.outreach.entries.head(most)
    money = Money(done.outreach.currency)
    columns = ["#", "customer", "owner", "risk", "at stake", "why"]
    screen.say(f"Monday's list, as of {done.outreach.as_of}, {done.outreach.horizon_days} days ahead:", "")
    screen.table(columns, [_entry(row, money) for row in records(entries)], wide="why")


def _entry(row: dict[str, Any], money: Money) -> list[str]:
    who = row["name"] if isinstance(row["name"], str) and row["name"] else row["customer_id"]
    why = "; ".join(row["reasons"]) if isinstance(row["reasons"], Sequence) else ""
    stake = money.text(money.minor(row["value_at_risk"]))
    return [str(row["position"]), str(who), str(row["owner"]), f"{row['probability']:.0%}", stake, why]


def show_simulated(done: Simulated, screen: Screen) -> None:
    """Say which files were written."""
    screen.say(*done.lines())
    screen.document(done.to_dict())

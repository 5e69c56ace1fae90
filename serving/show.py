"""The result of each command in words for a person, or as one document for a machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from features.money import Money

if TYPE_CHECKING:
    from serving.cli.screen import Screen
    from serving.commands.data.horizon import HorizonProposed
    from serving.commands.data.init import Initialised
    from serving.commands.lists.effect import Saving
    from serving.commands.lists.kpis import ShopKpis
    from serving.commands.lists.list import Listed
    from serving.commands.models.backtest import Told
    from serving.commands.models.train import Trained
    from training.backtest.results import Backtest

WORTH = "worth = expected gain: risk × P(saved | contacted) × expected spend − cost"
MEASURES = {"auroc": "AUROC", "log_loss": "log loss", "brier": "Brier", "ece": "ECE"}


def show_init(done: Initialised, screen: Screen) -> None:
    """Say what was assumed and where it was written."""
    screen.say(f"wrote {done.path}; it assumes:")
    screen.say(*(f"  - {line}" for line in done.assumptions))
    screen.say("next: regulars check")
    screen.document(done.to_dict())


def show_horizon(done: HorizonProposed, screen: Screen) -> None:
    """Say what is proposed and what follows, with the table of windows."""
    from serving.commands.data.horizon import COLUMNS

    screen.say(*done.lines(), "")
    screen.table(COLUMNS, done.rows())
    screen.say("", *([f"drawn to {done.picture}"] if done.picture else []))
    screen.document(done.to_dict())


class Said(Protocol):
    """A result that says itself: as a document for machines, as lines for people."""

    def to_dict(self) -> dict[str, Any]: ...  # noqa: D102

    def lines(self) -> Iterable[str]: ...  # noqa: D102


def show(done: Said, screen: Screen) -> None:
    """Say a result that needs no table."""
    screen.say(*done.lines())
    screen.document(done.to_dict())


def show_effect(done: Saving, groups: Sequence[str], screen: Screen) -> None:
    """Say what acting saved, overall and for each of some groups."""
    from serving.outreach.effect.group import COLUMNS

    screen.say(*done.lines())
    for group in groups:
        if rows := done.effect.rows(group):
            screen.say("", f"by {group}:", "")
            screen.table((group, *COLUMNS[1:]), rows)
    screen.document(done.to_dict())


def show_kpis(done: ShopKpis, screen: Screen) -> None:
    """Show the retention figures, period by period."""
    screen.table(done.columns, done.rows())
    screen.say("", *done.lines())
    screen.document(done.to_dict())


def show_backtest(done: Told, screen: Screen) -> None:
    """Show the candidates, and how well the chosen one does: grade, bands, list, dates and segments."""
    from training.backtest.report_text import (
        DATE_COLUMNS,
        SEGMENT_COLUMNS,
        band_lines,
        date_rows,
        season_lines,
        segment_rows,
    )

    result, report = done.backtest, done.report
    screen.say(*done.notes)
    show_candidates(result, screen)
    screen.say("", result.why, *result.notes, *report.grade.lines, *report.warnings)
    screen.say("", f"what {report.candidate} said, over all test dates (a customer counts once on each):", "")
    screen.say(*(f"  {line}" for line in band_lines(report)), "", *report.shortlist.lines, "", "date by date:", "")
    screen.table(DATE_COLUMNS, date_rows(report))
    screen.say("", *season_lines(report), "", "by segment (! = said lies outside the interval of what left):", "")
    screen.table(SEGMENT_COLUMNS, segment_rows(report))
    if done.files:
        screen.say("", f"written to {done.files[0].parent}: {', '.join(path.name for path in done.files)}")
    screen.document(done.to_dict())


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
    """Say who won, what the gate made of it and where it is recorded."""
    show_candidates(done.result.backtest, screen)
    screen.say("", *done.lines())
    screen.document(done.to_dict())


def show_list(done: Listed, screen: Screen) -> None:
    """Show the top of the list, who is not on it and why, and the files."""
    show_top(done, screen)
    screen.say("", *done.lines())
    screen.document(done.to_dict())


def show_top(done: Listed, screen: Screen, most: int = 10) -> None:
    """Show the first entries with their reasons."""
    from serving.book.history import records

    entries, every = done.outreach.entries.head(most), len(done.outreach.entries)
    money = Money(done.outreach.currency)
    part = f", the first {len(entries)} of {every:,}" if every > len(entries) else ""
    columns = ["#", "customer", "owner", "risk", "worth", "what to do", "why"]
    screen.say(f"The list of {done.outreach.as_of}, {done.outreach.horizon_days} days ahead{part}:", WORTH, "")
    screen.table(columns, [_entry(row, money) for row in records(entries)], wide="why")


def _entry(row: dict[str, Any], money: Money) -> list[str]:
    who = row["name"] if isinstance(row["name"], str) and row["name"] else row["customer_id"]
    why = "; ".join(row["reasons"]) if isinstance(row["reasons"], Sequence) else ""
    worth, risk = money.text(money.minor(row["expected_gain"])), f"{row['probability']:.0%}"
    return [str(row["position"]), str(who), str(row["owner"]), risk, worth, str(row["title"]), why]

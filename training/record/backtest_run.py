"""The record of a backtest for MLflow: the figures of the chosen candidate, each candidate apart, and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features.log import Log
from features.money import Money
from training.backtest.report import Report
from training.backtest.report_text import markdown
from training.backtest.results import Backtest
from training.plots.backtest import report_figures
from training.record.candidates import record_candidates
from training.record.training_run import log_source, measures_of
from training.tracking import Record, Run
from training.tracking.records import BACKTEST, BACKTEST_EXPERIMENT
from training.tracking.sources import Source


def record_backtest(
    run: Run,
    log: Log,
    tested: Backtest,
    found: Report,
    money: Money,
    sources: Sequence[Source],
    asked: Mapping[str, str],
) -> None:
    """Write a backtest and its candidates to a run.

    Args:
        run: that goes on.
        log: the shop's log.
        tested: the backtest.
        found: the report on the chosen candidate.
        money: of the shop.
        sources: the files or tables that the log was read from.
        asked: what else was asked for, such as a day to look until.
    """
    run.write(_record(log, tested, found, money, (log_source(log), *sources), asked))
    record_candidates(run, tested, found.candidate)


def _record(
    log: Log,
    tested: Backtest,
    found: Report,
    money: Money,
    sources: Sequence[Source],
    asked: Mapping[str, str],
) -> Record:
    days, figures = [split.test_date for split in tested.splits], report_figures(tested, found)
    page = markdown(found, tested.why, [f"{name}.png" for name in figures])
    return Record(
        name=f"{found.candidate}, {tested.definition.horizon_days} days, {days[0]} to {days[-1]}",
        params={
            "horizon_days": tested.definition.horizon_days,
            "active_days": tested.definition.active_days,
            "test_dates": ", ".join(map(str, days)),
            "candidate": found.candidate,
            "calibration": tested.candidates[found.candidate].calibration,
            **asked,
        },
        metrics=measures_of(tested, found, found.candidate, money),
        data={"customers": log.n_customers},
        data_digest=log.digest(),
        figures=figures,
        documents={"backtest": tested.to_dict(), "report": found.to_dict()},
        tags={"why": tested.why, "grade": found.grade.letter},
        experiment=BACKTEST_EXPERIMENT,
        kind=BACKTEST,
        sources=sources,
        pages={"report": page},
        note=f"{tested.why}.\n\n**Grade {found.grade.words}.**",
    )

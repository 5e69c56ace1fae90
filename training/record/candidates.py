"""The candidates of a backtest in MLflow: a run each, within the run of the work, with its figures by test date."""

from __future__ import annotations

from training.backtest.results import Backtest, CandidateResult
from training.record.measures import date_measures, quality_measures
from training.tracking import Record, Run
from training.tracking.records import CANDIDATE


def record_candidates(run: Run, tested: Backtest | None, chosen: str) -> None:
    """Write each candidate of a backtest to a run of its own; nothing where there was no backtest.

    Args:
        run: of the work.
        tested: the backtest.
        chosen: the name of the candidate that the work went on with.
    """
    for name, result in tested.candidates.items() if tested else ():
        seconds = tested.seconds.get(name, 0.0) if tested else 0.0
        run.write_within(_record(result, chosen, seconds), CANDIDATE, seconds)


def _dates(result: CandidateResult) -> str:
    return ", ".join(str(one.test_date) for one in result.by_date)


def _record(result: CandidateResult, chosen: str, seconds: float) -> Record:
    return Record(
        name=result.name,
        params={
            "candidate": result.name,
            "is_rule": result.is_rule,
            "calibration": result.calibration,
            "test_dates": _dates(result),
        },
        metrics={**quality_measures(result), "stage/fit_seconds": seconds},
        data={},
        data_digest="",
        figures={},
        documents={},
        tags={"chosen": "yes" if result.name == chosen else "no"},
        by_date=date_measures(result),
    )

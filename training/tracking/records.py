"""What is written to a run of MLflow: parameters, figures, documents and pictures, and under which experiment.

Names of figures are the same in every run; HOW_TO_READ says them on the experiment's page.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.clock import day_number
from features.file_access import BY_UMASK
from training.models.fitted import write_json
from training.plots.canvas import write_figures
from training.tracking.sources import Source, log_sources
from training.tracking.store import MODEL

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

EXPERIMENT = MODEL
# Apart, so that the runs of training are seen first.
WATCH_EXPERIMENT, BACKTEST_EXPERIMENT, WEEKLY_EXPERIMENT = (
    f"{MODEL} {work}" for work in ("watch", "backtest", "weekly")
)
NOTES = {
    EXPERIMENT: "Trainings of the model that tells which regular customers are about to stop buying.",
    WATCH_EXPERIMENT: "How good the model that serves is today, and what has changed in the shop.",
    BACKTEST_EXPERIMENT: "How well candidates do on dates that they have not seen; nothing of it serves.",
    WEEKLY_EXPERIMENT: "The work of a week, stage by stage.",
}
HOW_TO_READ = """ Each run holds its candidates, one run each, within it.

Names are the same in every run: `quality/` out of time, the mean over the test dates; `by_date/` the same per test
date (the step is its number, the oldest first; the axis "Time (wall)" shows the date itself); `money/` errors of the
expected spend; `level/` the churn rate as forecast; `left/` who has left; `list/` the list that would have been made;
`fairness/` groups served worse; `stage/` seconds and memory. The unit ends the name."""
KIND = "kind"
TRAINING, CANDIDATE, WATCH, BACKTEST, WEEKLY, STAGE = "training", "candidate", "watch", "backtest", "weekly", "stage"
NOTE_TAG = "mlflow.note.content"
MOST_CHARACTERS = 5000  # of a tag or parameter: the least that a database of MLflow's takes
_DAY_MS = 86_400_000


@dataclass(frozen=True, eq=False)
class Record:
    """What is written to a run, besides its bundles.

    Args:
        name: of the run, as a list of runs shows it.
        params: settings of the run and the choice.
        metrics: figures of the whole run, by name.
        data: row counts and dates of the log.
        data_digest: fingerprint of the log.
        figures: by file name, without suffix.
        documents: JSON documents, by file name, without suffix.
        tags: short facts, none about a person.
        experiment: under which it stands.
        kind: what was done.
        by_date: figures per test date, by name.
        sources: the data that it was made of; without any, the log alone is named.
        pages: Markdown, by file name, without suffix.
        note: what MLflow's page of the run says first, Markdown.
    """

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    data: Mapping[str, Any]
    data_digest: str
    figures: Mapping[str, Figure]
    documents: Mapping[str, Mapping[str, Any]]
    tags: Mapping[str, str]
    experiment: str = EXPERIMENT
    kind: str = TRAINING
    by_date: Mapping[str, Mapping[date, float]] = field(default_factory=dict)
    sources: Sequence[Source] = ()
    pages: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def write_record(client: MlflowClient, run_id: str, record: Record) -> None:
    """Write a record to a run."""
    from mlflow.entities import Param, RunTag

    tags = {**record.tags, **{f"data.{name}": value for name, value in record.data.items()}}
    if record.note:
        tags[NOTE_TAG] = record.note
    client.update_run(run_id, name=record.name)
    client.log_batch(
        run_id,
        metrics_of(record.metrics, record.by_date),
        [Param(name, str(value)[:MOST_CHARACTERS]) for name, value in record.params.items()],
        [RunTag(name, str(value)[:MOST_CHARACTERS]) for name, value in tags.items()],
    )
    sources = record.sources or ((Source("log", digest=record.data_digest),) if record.data_digest else ())
    if sources:
        log_sources(client, run_id, sources, record.kind)
    _log_files(client, run_id, record)


def metrics_of(whole: Mapping[str, float], by_date: Mapping[str, Mapping[date, float]]) -> list[Any]:
    """Return metrics of MLflow; what is not known is left out."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    alone = [Metric(name, value, now, 0) for name, value in whole.items() if value == value]
    days = [
        Metric(name, value, day_number(day) * _DAY_MS, step)
        for name, values in by_date.items()
        for step, (day, value) in enumerate(sorted(values.items()), start=1)
    ]
    return alone + [metric for metric in days if metric.value == metric.value]


def model_metrics(metrics: Mapping[str, float], sources: Sequence[Source], model_id: str, run_id: str) -> list[Any]:
    """Return figures of a model, as metrics of MLflow that name the model and the data they speak of."""
    from mlflow.entities import Metric

    now, (name, digest) = int(time.time() * 1000), sources[0].key if sources else (None, None)
    return [Metric(key, value, now, 0, model_id, name, digest, run_id) for key, value in metrics.items()]


def write_pages(folder: Path, pages: Mapping[str, str], figures: Mapping[str, Figure]) -> None:
    """Write Markdown and pictures into a folder, by file name without suffix."""
    write_figures(figures, folder, BY_UMASK)
    for name, page in pages.items():
        (folder / f"{name}.md").write_text(page, encoding="utf-8")


def _log_files(client: MlflowClient, run_id: str, record: Record) -> None:
    if not (record.figures or record.documents or record.pages):
        return
    with tempfile.TemporaryDirectory() as scratch:
        write_pages(Path(scratch), record.pages, record.figures)
        for name, document in record.documents.items():
            write_json(Path(scratch) / f"{name}.json", dict(document))
        client.log_artifacts(run_id, scratch)

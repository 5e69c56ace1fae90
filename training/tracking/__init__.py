"""MLflow: the record of what was done, and the registry that says which version of the model serves."""

from training.tracking.records import EXPERIMENT, WATCH, WATCH_EXPERIMENT, WEEKLY_EXPERIMENT, Record
from training.tracking.registry import CHALLENGER, CHAMPION, REPLACED, SERVED, Tracking
from training.tracking.runs import Run, parent_run
from training.tracking.stages import Stages
from training.tracking.store import ARTIFACTS, MODEL

__all__ = [
    "ARTIFACTS",
    "CHALLENGER",
    "CHAMPION",
    "EXPERIMENT",
    "MODEL",
    "REPLACED",
    "SERVED",
    "WATCH",
    "WATCH_EXPERIMENT",
    "WEEKLY_EXPERIMENT",
    "Record",
    "Run",
    "Stages",
    "Tracking",
    "parent_run",
]

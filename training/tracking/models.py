"""A bundle as a model of MLflow: logged with a run, registered as a version, found again in its folder."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.errors import ModelRefused
from training.bundle import FILE as BUNDLE_FILE
from training.bundle import Bundle
from training.pyfunc import AS_OF, COLUMNS, REQUIRED
from training.tracking.records import NOTE_TAG, model_metrics, write_pages
from training.tracking.runs import ANONYMOUS
from training.tracking.sources import Source
from training.tracking.store import ARTIFACTS, quiet_mlflow

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

_VERSIONS_TAG = "mlflow.modelVersions"
LIBRARIES = ("numpy", "pandas", "lightgbm", "scikit-learn")


@dataclass(frozen=True, eq=False)
class Described:
    """What MLflow's pages of a model say of it.

    Args:
        description: of the registered version, Markdown.
        metrics: figures of this model, by name.
        sources: the data that it was made of, the one that the figures speak of first.
        pages: Markdown that lies with the model, by file name without suffix.
        figures: that lie with it, by file name without suffix.
    """

    description: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    sources: Sequence[Source] = ()
    pages: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)


NOT_DESCRIBED = Described()


def log_model(client: MlflowClient, run_id: str, bundle: Bundle, said: Described) -> str:
    """Store a bundle as a model of a run, which goes on, and return the id of the model."""
    from mlflow.entities import LoggedModelOutput

    run = client.get_run(run_id)
    model = client.create_logged_model(
        run.info.experiment_id,
        f"{bundle.candidate}_bundle",
        run_id,
        tags={**ANONYMOUS, **_source_tags(said.sources), NOTE_TAG: said.description},
        params=run.data.params,
        model_type="regulars bundle",
    )
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.log_batch(run_id, model_metrics(said.metrics, said.sources, model.model_id, run_id))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        _save(folder, bundle, run_id, model.model_id)
        write_pages(folder, said.pages, said.figures)
        client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, "READY")
    return str(model.model_id)


def _source_tags(sources: Sequence[Source]) -> dict[str, str]:
    """Return the data in words: MLflow's page of a model has no place of its own for it."""
    return {f"data.{source.name}": source.words for source in sources}


def _save(folder: Path, bundle: Bundle, run_id: str, model_id: str) -> None:
    """Write the model as MLflow loads it.

    `mlflow.pyfunc.log_model` takes no run: it would need one that it began itself, and end it.
    """
    mlflow = quiet_mlflow()
    example = pd.DataFrame([["1001", "0042", "2024-01-05T10:30:00", 12.5]], columns=list(COLUMNS))
    bundle.save(folder.parent / "bundle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's hints about its own defaults
        mlflow.pyfunc.save_model(
            str(folder),
            loader_module="training.pyfunc",
            data_path=str(folder.parent / "bundle"),
            mlflow_model=mlflow.models.Model(run_id=run_id, model_id=model_id),
            signature=_signature(),
            input_example=(example, {AS_OF: "2024-01-20"}),
            pip_requirements=[f"{name}=={installed(name)}" for name in LIBRARIES],
        )


def _signature() -> Any:
    """Return the signature: orders and a date in, probabilities out; there is no column for a feature.

    Columns are of any type, as `training/pyfunc.py` reads cells itself: MLflow would refuse an id that is a number, an
    amount of pandas' nullable kinds, and the lists of a row that is a whole customer.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

    any_type = quiet_mlflow().types.schema.AnyType()
    inputs: list[ColSpec | TensorSpec] = [ColSpec(any_type, name, required=name in REQUIRED) for name in COLUMNS]
    outputs: list[ColSpec | TensorSpec] = [ColSpec("string", "customer_id"), ColSpec("double", "probability")]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema([ParamSpec(AS_OF, "string", "")]))


def new_version(
    client: MlflowClient,
    name: str,
    model_id: str,
    run_id: str,
    bundle: Bundle,
    said: Described,
    more_tags: Mapping[str, str],
) -> str:
    """Register a model of a run as a new version of the registered model of a name, and return the version."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name, description="Probability that a regular customer stops buying.")
    tags = {
        "candidate": bundle.candidate,
        "horizon_days": str(bundle.definition.horizon_days),
        "active_days": str(bundle.definition.active_days),
        "trained_until": bundle.trained_until.isoformat(),
        **more_tags,
    }
    made = client.create_model_version(
        name,
        f"models:/{model_id}",
        run_id=run_id,
        tags={**tags, **_source_tags(said.sources)},
        description=said.description or bundle.why,
        model_id=model_id,
    )
    # What MLflow's own way of registering leaves on the model: its page names its versions by it.
    client.set_logged_model_tags(model_id, {_VERSIONS_TAG: json.dumps([{"name": name, "version": made.version}])})
    return str(made.version)


def bundle_folder(artifacts: Path, source: str, version: str) -> Path:
    """Return the folder of a version's bundle; MLflow keeps absolute paths, which a moved shop folder makes wrong.

    Raises:
        ModelRefused: it is gone.
    """
    inside = source.rsplit(f"/{ARTIFACTS}/models/", 1)[-1]
    folders = [path.parent for path in (artifacts / "models" / inside).rglob(BUNDLE_FILE)]
    if len(folders) != 1:
        raise ModelRefused(f"version {version} has no bundle under {artifacts}; run regulars train")
    return folders[0]

"""A bundle as a model of MLflow: logged with a run, registered as a version, found again in its folder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.errors import ModelRefused
from training.bundle import FILE as BUNDLE_FILE
from training.bundle import Bundle
from training.pyfunc import AS_OF, COLUMNS
from training.tracking.runs import ANONYMOUS
from training.tracking.store import ARTIFACTS, MODEL, quiet_mlflow

if TYPE_CHECKING:
    from mlflow import MlflowClient

LIBRARIES = ("numpy", "pandas", "lightgbm", "scikit-learn")


def log_model(client: MlflowClient, run_id: str, bundle: Bundle, folder: Path) -> str:
    """Store a bundle's folder as a model of a run, which goes on, and return the model's address."""
    mlflow, run = quiet_mlflow(), client.get_run(run_id)
    name = f"{bundle.candidate}_bundle"
    model = client.create_logged_model(
        run.info.experiment_id, name, run_id, tags=ANONYMOUS, params=run.data.params, model_type="regulars bundle"
    )
    example = pd.DataFrame([["1001", "0042", "2024-01-05T10:30:00", 12.5]], columns=list(COLUMNS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's hints about its own defaults
        # `mlflow.pyfunc.log_model` takes no run: it would need one that it began itself, and end it.
        logged = mlflow.models.Model.log(
            None,
            mlflow.pyfunc,
            name=name,
            run_id=run_id,
            model_id=model.model_id,
            loader_module="training.pyfunc",
            data_path=str(folder),
            signature=_signature(),
            input_example=(example, {AS_OF: "2024-01-20"}),
            pip_requirements=[f"{name}=={installed(name)}" for name in LIBRARIES],
        )
    return str(logged.model_uri)


def _signature() -> Any:
    """Return the signature: orders and a date in, probabilities out; there is no column for a feature."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

    kinds = {"amount": "double"}
    optional = "order_id"
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(kinds.get(name, "string"), name, required=name != optional) for name in COLUMNS
    ]
    outputs: list[ColSpec | TensorSpec] = [ColSpec("string", "customer_id"), ColSpec("double", "probability")]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema([ParamSpec(AS_OF, "string", "")]))


def new_version(client: MlflowClient, model_uri: str, run_id: str, bundle: Bundle, more_tags: Mapping[str, str]) -> str:
    """Register a model of a run as a new version, and return the version."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(MODEL)
    except MlflowException:
        client.create_registered_model(MODEL, description="Probability that a regular customer stops buying.")
    tags = {
        "candidate": bundle.candidate,
        "horizon_days": str(bundle.definition.horizon_days),
        "active_days": str(bundle.definition.active_days),
        "trained_until": bundle.trained_until.isoformat(),
        **more_tags,
    }
    model_id = model_uri.rsplit("/", 1)[-1]
    made = client.create_model_version(
        MODEL, model_uri, run_id=run_id, tags=tags, description=bundle.why, model_id=model_id
    )
    return str(made.version)


def bundle_folder(artifacts: Path, source: str, version: str) -> Path:
    """Return the folder of a version's bundle; MLflow keeps absolute paths, which a moved shop folder makes wrong.

    Raises:
        ModelRefused: it is gone.
    """
    inside = source.rsplit(f"/{ARTIFACTS}/models/", 1)[-1]
    folders = [path.parent for path in (artifacts / "models" / inside).rglob(BUNDLE_FILE)]
    if len(folders) != 1:
        raise ModelRefused(f"version {version} of {MODEL} has no bundle under {artifacts}; run regulars train")
    return folders[0]

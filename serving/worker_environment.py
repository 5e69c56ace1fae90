"""The environment variables of the server's worker processes."""

from __future__ import annotations

from pathlib import Path

SERVICE = "serving.service:Regulars"
WORKERS_VARIABLE = "REGULARS_WORKERS"
SUPERVISOR_VARIABLE = "REGULARS_SUPERVISOR"  # the process that starts the workers: without it they end
HOST_VARIABLE = "REGULARS_HOST"  # on which the server listens: pages without a key are for this machine alone
# Read by each worker before it starts. OMP_WAIT_POLICY: idle threads must not spin while others work; the rest keeps
# the process from tracing every message and from telling anyone that it runs.
WORKER_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OTEL_SDK_DISABLED": "true",
    "BENTOML_DO_NOT_TRACK": "True",
    # Whoever connects is who they are: a header that any program on this machine can write would make them another.
    # A word that is no address matches nobody; BentoML takes an empty text for a variable that somebody must set.
    "FORWARDED_ALLOW_IPS": "nobody",
}


def environment(toml: Path, workers: int = 1, host: str = "") -> dict[str, str]:
    """Return what the service reads: whose shop, no telemetry, no tracing, threads that do not spin.

    >>> environment(Path("/shop/regulars.toml"))["BENTOML_DO_NOT_TRACK"]
    'True'
    """
    own = {"REGULARS_CONFIG": str(toml), WORKERS_VARIABLE: str(workers), HOST_VARIABLE: host}
    return {**own, **WORKER_ENVIRONMENT}

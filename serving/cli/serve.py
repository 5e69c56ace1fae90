"""`regulars serve`: hand over to BentoML with the environment that the service wants."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.cli.screen import Screen
    from serving.config import Settings

SERVICE = "serving.service:Regulars"
WORKERS_VARIABLE = "REGULARS_WORKERS"
# Read by each worker before it starts. OMP_WAIT_POLICY: idle threads must not spin while others work; the rest keeps
# the process from tracing every message and from telling anyone that it runs.
WORKER_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OTEL_SDK_DISABLED": "true",
    "BENTOML_DO_NOT_TRACK": "True",
}


def start_service(config: Path | None, settings: Settings, host: str, port: int, screen: Screen) -> None:
    """Replace this process by the server of the shop in `settings.folder`; it does not return."""
    from serving.config import FILE_NAME

    toml = (config or Path(FILE_NAME)).resolve()
    screen.say(f"serving {settings.folder} on http://{host}:{port} (the API is described there); stop with Ctrl+C")
    screen.document({"url": f"http://{host}:{port}", "config": str(toml)})
    sys.stdout.flush()
    command = [sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", host, "--port", str(port)]
    os.execve(sys.executable, command, {**os.environ, **environment(toml, settings.serve.workers)})


def environment(toml: Path, workers: int = 1) -> dict[str, str]:
    """Return what the service reads: whose shop, no telemetry, no tracing, threads that do not spin.

    >>> environment(Path("/shop/regulars.toml"))["BENTOML_DO_NOT_TRACK"]
    'True'
    """
    return {"REGULARS_CONFIG": str(toml), WORKERS_VARIABLE: str(workers), **WORKER_ENVIRONMENT}

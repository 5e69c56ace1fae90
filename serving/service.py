"""The BentoML service: a thin door.

`regulars serve` starts it, `bentoml serve serving.service:Regulars` and a built Bento do too. What each path answers
is in `serving/api/`; here is what BentoML needs to know, and nothing else.
"""

from __future__ import annotations

import gc

import bentoml

from serving.api.app import create_app
from serving.api.desk import Desk

DESK = Desk()

# Read by each worker before it starts. OMP_WAIT_POLICY: idle threads must not spin while others work; the rest keeps
# the process from tracing every message and from telling anyone that it runs.
WORKER_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OTEL_SDK_DISABLED": "true",
    "BENTOML_DO_NOT_TRACK": "True",
}


def settle_heap() -> None:
    """Take what is loaded out of the garbage collector's rounds: they are the slowest answers otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@bentoml.service(
    workers=1,
    traffic={"timeout": 60},
    http={"host": "127.0.0.1", "port": 3000},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
    envs=[{"name": name, "value": value} for name, value in WORKER_ENVIRONMENT.items()],
)
@bentoml.asgi_app(create_app(DESK, on_ready=settle_heap), path="/")
class Regulars:
    """Scores, lists and model facts over HTTP; ready once a model is loaded."""

    async def __is_ready__(self) -> bool:
        """Whether a model is loaded; answered at /readyz."""
        return DESK.ready

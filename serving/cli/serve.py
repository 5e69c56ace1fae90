"""`regulars serve`: hand over to BentoML with the environment that the service wants."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from serving.worker_environment import SERVICE, environment

if TYPE_CHECKING:
    from serving.cli.screen import Screen
    from serving.config import Settings


def start_service(config: Path | None, settings: Settings, host: str, port: int, screen: Screen) -> None:
    """Replace this process by the server of the shop in `settings.folder`; it does not return."""
    from serving.config import FILE_NAME

    toml = (config or Path(FILE_NAME)).resolve()
    screen.say(f"serving {settings.folder} on http://{host}:{port} (the API is described there); stop with Ctrl+C")
    screen.document({"url": f"http://{host}:{port}", "config": str(toml)})
    sys.stdout.flush()
    command = [sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", host, "--port", str(port)]
    os.execve(sys.executable, command, {**os.environ, **environment(toml, settings.serve.workers)})

"""`regulars serve`: hand over to BentoML with the environment that the service wants."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from serving.worker_environment import SERVICE, SUPERVISOR_VARIABLE, environment

if TYPE_CHECKING:
    from serving.cli.screen import Screen
    from serving.config import Settings


def start_service(config: Path | None, settings: Settings, host: str, port: int, screen: Screen) -> None:
    """Replace this process by the server of the shop in `settings.folder`; it does not return."""
    from serving.config import FILE_NAME
    from serving.stopping import hold_ctrl_c

    toml = (config or Path(FILE_NAME)).resolve()
    url = f"http://{host}:{port}"
    screen.say(f"serving {settings.folder}; stop with Ctrl+C", f"  the list   {settings.pages.home or f'{url}/pages/'}")
    screen.say(f"  the API    {url} (described there)")
    screen.document({"url": url, "pages": settings.pages.home or f"{url}/pages/", "config": str(toml)})
    sys.stdout.flush()
    command = [sys.executable, "-m", "serving.supervise", "serve", SERVICE, "--host", host, "--port", str(port)]
    own = {SUPERVISOR_VARIABLE: str(os.getpid())}  # it stays this process
    hold_ctrl_c()
    os.execve(sys.executable, command, {**os.environ, **environment(toml, settings.serve.workers, host), **own})

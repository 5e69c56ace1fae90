"""`regulars serve`: hand over to BentoML with the environment that the service wants."""

from __future__ import annotations

import os
import socket
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import InputError
from serving.worker_environment import SERVICE, SUPERVISOR_VARIABLE, environment

if TYPE_CHECKING:
    from serving.cli.screen import Screen
    from serving.config import Settings


def start_service(config: Path | None, settings: Settings, host: str, port: int, screen: Screen) -> None:
    """Replace this process by the server of the shop in `settings.folder`; it does not return.

    Raises:
        InputError: nobody can listen there.
    """
    from serving.config import FILE_NAME
    from serving.stopping import heed_ctrl_c, hold_ctrl_c

    _check_address(host, port)
    toml = (config or Path(FILE_NAME)).resolve()
    url = f"http://{host}:{port}"
    screen.say(f"serving {settings.folder}; stop with Ctrl+C", f"  the list   {settings.pages.home or f'{url}/pages/'}")
    screen.say(f"  the API    {url} (described there)")
    screen.document({"url": url, "pages": settings.pages.home or f"{url}/pages/", "config": str(toml)})
    sys.stdout.flush()
    command = [sys.executable, "-m", "serving.supervise", "serve", SERVICE, "--host", host, "--port", str(port)]
    own = {SUPERVISOR_VARIABLE: str(os.getpid())}  # it stays this process
    hold_ctrl_c()
    try:
        os.execve(sys.executable, command, {**os.environ, **environment(toml, settings.serve.workers, host), **own})
    finally:  # only where it fails
        heed_ctrl_c()


def _check_address(host: str, port: int) -> None:
    """Listen for a moment: BentoML would end with a traceback where it cannot."""
    try:
        version = ip_address(host).version
    except ValueError:
        raise InputError(f'--host takes an address such as 127.0.0.1, not "{host}"') from None
    try:
        socket.create_server((host, port), family=socket.AF_INET if version == 4 else socket.AF_INET6).close()
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise InputError(f"{host}, port {port}: {why}; stop what listens there, or name another --port") from None

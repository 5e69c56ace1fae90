"""Whether the server's port is free, or Regulars answers there."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

from serving.commands.doctor.finding import Examined, Finding

NAME = "port"
SECONDS = 5.0


def check_port(examined: Examined) -> Iterator[Finding]:
    """Ask on the port who is there; where nobody is, see that a server could listen."""
    place = f"{examined.host}:{examined.port}"
    answer = _answer(examined.host, examined.port)
    if answer is None:
        yield _free(examined, place)
    elif not {"ready", "model", "trouble"} <= answer.keys():
        to_do = "stop that program, or serve on another one: regulars serve --port"
        yield Finding(NAME, "problem", f"another program listens on {place}", to_do)
    elif answer["ready"]:
        yield Finding(NAME, "ok", f"Regulars serves on {place}, with the model of the {answer['model']}")
    else:
        words = f"Regulars serves on {place} and is not ready: {answer['trouble'] or 'no model is loaded'}"
        yield Finding(NAME, "problem", words, "mend what is named; the server's log says more")


def _free(examined: Examined, place: str) -> Finding:
    try:
        socket.create_server((examined.host, examined.port)).close()
    except OSError as error:
        to_do = "serve on another port or address: regulars serve --host --port"
        return Finding(NAME, "problem", f"nothing can listen on {place}: {error.strerror or error}", to_do)
    return Finding(NAME, "ok", f"{place} is free; no server runs")


def _answer(host: str, port: int) -> dict[str, Any] | None:
    """Return what is said at /readyz; an empty answer is another program's, None is nobody's."""
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/readyz")
        found = json.loads(connection.getresponse().read(100_000))
        return found if isinstance(found, dict) else {}
    except (ConnectionRefusedError, socket.gaierror):
        return None
    except (http.client.HTTPException, OSError, ValueError):
        return {}
    finally:
        connection.close()

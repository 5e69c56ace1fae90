"""Whether the server's port is free, or Regulars answers there."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

from features.language.messages import message_in, sentence
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
        to_do = sentence("stop that program, or serve on another one: {command}", command="regulars serve --port")
        yield Finding(NAME, "problem", sentence("another program listens on {server}", server=place), to_do)
    elif answer["ready"]:
        yield Finding(
            NAME,
            "ok",
            sentence(
                "Regulars serves on {server}, with the model of the {storage}",
                server=place,
                storage=str(answer["model"]),
            ),
        )
    else:
        why = message_in(answer["trouble"] or sentence("no model is loaded"))
        words = sentence("Regulars serves on {server} and is not ready: {error}", server=place, error=why)
        yield Finding(NAME, "problem", words, sentence("mend what is named; the server's log says more"))


def _free(examined: Examined, place: str) -> Finding:
    try:
        socket.create_server((examined.host, examined.port)).close()
    except OSError as error:
        to_do = sentence("serve on another port or address: {command}", command="regulars serve --host --port")
        return Finding(
            NAME,
            "problem",
            sentence("nothing can listen on {server}: {error}", server=place, error=error.strerror or str(error)),
            to_do,
        )
    return Finding(NAME, "ok", sentence("{server} is free; no server runs", server=place))


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

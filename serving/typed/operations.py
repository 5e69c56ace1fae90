"""What the typed methods do: each is an operation of the API at a path of its own, with all that it takes as one body.

So a typed method is admitted, limited, read, refused, counted and logged as every operation is: by `Endpoint`. Between
the endpoint and the operation stands the method of the service, with the values as arguments.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from features.errors import RegularsError
from serving.api import lists, scores
from serving.api.operation import Answer, Call, Nothing, Operation

TAG = "typed methods"
_BY_NAME = {operation.name: operation for operation in (*scores.OPERATIONS, *lists.OPERATIONS)}
OVER: Mapping[str, Operation] = {  # method → the operation that it asks
    "scores": _BY_NAME["stored_scores"],
    "score_history": _BY_NAME["score_history"],
    "current_list": _BY_NAME["current_list"],
}
Method = Callable[..., Awaitable[Answer]]
_CALL: ContextVar[Call] = ContextVar("the admitted request that a typed method answers")


def typed_operations(methods: Mapping[str, Method]) -> tuple[Operation, ...]:
    """Return the operations of a service's typed methods.

    Args:
        methods: by name; each is called with the fields of the body as arguments, and calls `answer`.

    >>> [(each.method, each.path) for each in typed_operations({"current_list": answer})]
    [('POST', '/current_list')]
    """
    return tuple(_typed(name, OVER[name], method) for name, method in methods.items())


def _typed(name: str, over: Operation, method: Method) -> Operation:
    async def run(call: Call) -> Answer:
        _CALL.set(call)
        return await method(**{field: getattr(call.body, field) for field in call.body.__struct_fields__})

    return replace(
        over,
        name=f"typed_{name}",
        tag=TAG,
        method="POST",
        path=f"/{name}",
        description=f"As {over.method} {over.path}. {over.description}",
        takes=over.takes or over.asks,
        sends=over.sends or {},
        asks=Nothing,
        run=run,
    )


async def answer(name: str, asked: Mapping[str, Any]) -> Answer:
    """Answer a typed method for the request under way, as its operation answers.

    Args:
        name: of the method.
        asked: its arguments by name.

    Raises:
        RegularsError: no request is under way, so nobody showed a key.
    """
    call, over = _CALL.get(None), OVER[name]
    if call is None:
        raise RegularsError(f"{name} answers who shows a key: bentoml.SyncHTTPClient(url, token=key).{name}(...)")
    if over.takes is None:
        return await over.run(replace(call, body=None, query=over.asks(**asked)))
    return await over.run(replace(call, body=over.takes(**asked)))

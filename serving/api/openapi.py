"""The OpenAPI 3.1 document, generated from the operations and their messages.

A test compares it with what `create_app` answers, and sends its examples to a server. A document that changes needs a
new version and a note, see docs/api.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from serving.api.operation import CSV, Operation
from serving.api.shared_messages import Problem

VERSION = "1.15.0"
DESCRIPTION = """What a shop's other systems ask Regulars over HTTP, and what they report back to it.

Money is a decimal in major units: answers write it as a string ("12.50"), so that no reader rounds it; requests may
send a string or a number. Dates are ISO 8601, and times carry an offset. A value that is not known is null, never left
out.
"""
# The groups of operations, in the order in which the document shows them.
TAGS = {
    "scores": "How likely a customer is to stop buying, what is at stake, and why.",
    "lists": "Whom to contact, in which order, with what to do and what to say.",
    "customers": "Everything the book knows of one customer, and its erasure.",
    "reports": "What your systems report: outcomes, contacts, consent, orders and events.",
    "figures": "Retention of the whole shop, and what acting on the lists saved.",
    "model": "The model that serves: facts, quality, drift and reload.",
    "typed methods": "The main jobs again, as BentoML's clients and services call them: all arguments in one body.",
}
REFERENCE = "#/components/schemas/{name}"
EVERYWHERE = (401, 403, 422, 429, 500, 503)
WITH_BODY = (400, 408, 413, 415)


@cache
def document(operations: tuple[Operation, ...]) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.format(msgspec.json.encode(openapi(operations)), indent=2)


def openapi(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the document.

    >>> from serving.api.app import OPERATIONS
    >>> openapi(OPERATIONS)["openapi"], len(openapi(OPERATIONS)["paths"])
    ('3.1.0', 18)
    """
    _, schemas = msgspec.json.schema_components(_messages(operations), ref_template=REFERENCE)
    used = {operation.tag for operation in operations}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Regulars",
            "version": VERSION,
            "summary": "Which regular customers are about to stop buying, why, and what they are worth.",
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": name, "description": what} for name, what in TAGS.items() if name in used],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"key": _KEY}, "responses": _PROBLEMS},
    }


def _messages(operations: Sequence[Operation]) -> list[type[msgspec.Struct]]:
    named = [each for operation in operations for each in (operation.takes, operation.gives) if each is not None]
    return [*dict.fromkeys(named), Problem]


def _operation(operation: Operation) -> dict[str, Any]:
    """Return the document's object for one operation."""
    scope = ", for the whole shop, so no key of one owner" if operation.whole else ""
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": f"{operation.description} Role: {' or '.join(operation.roles)}{scope}.".strip(),
        "parameters": [*_parts(operation), *_query(operation)],
        "responses": _responses(operation),
    }
    if operation.takes is not None:
        body = {"schema": _reference(operation.takes), "example": operation.sends}
        found["requestBody"] = {"required": True, "content": {"application/json": body}}
    return found


def _parts(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": what,
            "schema": {"type": "string", "minLength": 1},
        }
        for name, what in operation.parts.items()
    ]


def _query(operation: Operation) -> list[dict[str, Any]]:
    _, schemas = msgspec.json.schema_components([operation.asks], ref_template=REFERENCE)
    properties = schemas[operation.asks.__name__]["properties"]
    return [_parameter(name, dict(schema)) for name, schema in properties.items()]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    description = schema.pop("description", None)
    words = {} if description is None else {"description": description}
    return {"name": name, "in": "query", "required": False, **words, "schema": _without_null(schema)}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without null: a query cannot hold it, and leaves a parameter out instead."""
    if schema.get("default", 0) is None:
        schema.pop("default")
    if "anyOf" in schema:
        kept = [each for each in schema.pop("anyOf") if each.get("type") != "null"]
        schema |= kept[0] if len(kept) == 1 else {"anyOf": kept}
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    return schema


def _responses(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/json": {"schema": _reference(operation.gives), "example": operation.example}
    }
    if operation.csv:
        content[CSV] = {"schema": {"type": "string"}}
    statuses = {*EVERYWHERE, *operation.needs, *(WITH_BODY if operation.takes else ())}
    problems = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}
    return {"200": {"description": "the answer", "headers": _HEADERS, "content": content}, **problems}


def _problem(description: str, *headers: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(name="Problem")}}}
    return {
        "description": description,
        "headers": {**_HEADERS, **{name: _EXTRA[name] for name in headers}},
        "content": content,
    }


def _reference(message: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=re.sub(r"\W", "_", message.__name__))}


_HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "the id that came with the request, or a new one; the server's log shows it",
        "schema": {"type": "string"},
    }
}
_EXTRA: dict[str, Any] = {
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "Bearer", "schema": {"type": "string"}},
}
_KEY = {"type": "http", "scheme": "bearer", "description": "from `regulars keys create`; it begins with reg_"}
_PROBLEMS = {
    "400": _problem("the body is not JSON, or names a field twice"),
    "401": _problem("no key, or a key that is unknown, revoked or expired", "WWW-Authenticate"),
    "403": _problem("this key may not do this"),
    "404": _problem("it does not exist, or not for this key"),
    "408": _problem("the body came too slowly"),
    "409": _problem("the registry's champion was refused; the model before it serves on"),
    "410": _problem("the list was taken back"),
    "413": _problem("the body, or a row of it, is too large"),
    "415": _problem("the body is not application/json, or is compressed"),
    "422": _problem("a field is wrong; `errors` names the path of each"),
    "429": _problem("this key sends too many requests", "Retry-After"),
    "500": _problem("an unexpected error; the server's log holds it"),
    "503": _problem("something is not available at the moment; ask again", "Retry-After"),
}

"""Shows one of our messages to BentoML: its JSON Schema, and how a client that knows this package reads it.

BentoML describes methods by pydantic types, and our messages are msgspec's. They are named here and imported when they
are asked for: BentoML imports the service in the process that watches the workers too, which needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, TypeVar

import msgspec
from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

_REFERENCE = "#/"


class ApiMethod(Protocol):
    """What `@bentoml.api` makes of a method, as far as it is looked at here."""

    input_spec: type[BaseModel]


Method = TypeVar("Method", bound=ApiMethod)


@dataclass(frozen=True)
class ApiMessage:
    """One message of the API, as an annotation of pydantic.

    Args:
        module: where it is defined.
        name: of its class.

    >>> ApiMessage("serving.api.scores", "ScoresRequest").schema()["required"]
    ['customer_ids']
    """

    module: str
    name: str

    @property
    def type(self) -> type[msgspec.Struct]:
        """The class of the message."""
        found: type[msgspec.Struct] = getattr(import_module(self.module), self.name)
        return found

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the message as one document: BentoML's clients follow no reference.

        BentoML takes the first of several types for the only one, and its client then reads null as a list. So a list
        that may be null names both types in one word.
        """
        _, parts = msgspec.json.schema_components([self.type], ref_template=_REFERENCE + "{name}")
        found: dict[str, Any] = _inlined(parts[self.name], parts)
        return found

    def read(self, given: Any) -> msgspec.Struct:
        """Return the message that JSON's plain values stand for; a message is returned as it is."""
        return given if isinstance(given, self.type) else msgspec.convert(given, self.type)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic read the message with `read`."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Let pydantic show the message's own schema."""
        return self.schema()


def shows(asks: ApiMessage) -> Callable[[Method], Method]:
    """Let a method of BentoML show a message as what it takes: of the same fields, with what each may hold.

    Args:
        asks: the message of the method's arguments.
    """

    def mark(method: Method) -> Method:
        method.input_spec = _described(method.input_spec, asks)
        return method

    return mark


def _described(model: type[BaseModel], message: ApiMessage) -> type[BaseModel]:
    class Described(model):  # type: ignore[valid-type, misc]  # a base that BentoML makes of the method
        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            return message.schema()

    Described.__name__ = Described.__qualname__ = model.__name__
    return Described


def _inlined(schema: Any, parts: Mapping[str, Any]) -> Any:
    """Return a schema with what it refers to in the place of each reference."""
    if isinstance(schema, list):
        return [_inlined(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        own = {name: value for name, value in schema.items() if name != "$ref"}
        return {**_inlined(parts[schema["$ref"].removeprefix(_REFERENCE)], parts), **own}
    return _one_type({name: _inlined(value, parts) for name, value in schema.items()})


def _one_type(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = schema.get("anyOf", [])
    if not isinstance(kinds, list) or [each.get("type") for each in kinds] != ["array", "null"]:
        return schema
    return {**kinds[0], **{name: value for name, value in schema.items() if name != "anyOf"}, "type": ["array", "null"]}

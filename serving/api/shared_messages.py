"""Field types and messages that several resources share; each resource defines its own requests and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from features.language.languages import ENGLISH, Code, Language, language_named
from features.sources.cleaning import LONGEST_ID
from serving.config import Settings
from serving.scores import SHARE, Column

WITHOUT_NUL = r"^[^\x00]*$"
_STEP = re.compile(r"\.([^.\[\]]+)|\[[^\]]*\]")  # of a path: into a field, or into a list

Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID, pattern=WITHOUT_NUL, examples=["00123"])]
Text = Annotated[str, Meta(max_length=LONGEST_ID, pattern=WITHOUT_NUL)]
Note = Annotated[str, Meta(max_length=2000, pattern=WITHOUT_NUL)]
Kind = Annotated[str, Meta(min_length=1, max_length=64, pattern=WITHOUT_NUL, examples=["mail_clicked"])]
Moment = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=40,
        pattern=WITHOUT_NUL,
        description="ISO 8601 date or date and time; without an offset it is the shop's local time",
        examples=["2026-03-02T14:05:00+01:00"],
    ),
]
Spoken = Annotated[
    Literal["en", "fa", "el"],
    Meta(description="language of titles, reasons and details, with its own digits and calendar; left out: English"),
]
Number = Annotated[str, Meta(max_length=64, pattern=WITHOUT_NUL, examples=["12.50"])] | int | float
_PLAIN_TYPES: dict[str, Any] = {
    "text": str, "date": date, "integer": int, "number": float, "money": Decimal, "texts": tuple[str, ...],
}  # fmt: skip


def language_asked(code: Code | None, settings: Settings | None) -> Language:
    """Return the language that an answer is asked for in; English where none is named.

    >>> language_asked(None, None).code
    'en'
    """
    if code is None:
        return ENGLISH
    return language_named(code) if settings is None else settings.language_named(code)


def field_of(column: Column) -> tuple[str, Any]:
    """Return the name and the type of the message field that holds a column.

    >>> field_of(Column("cost", "money", "major units", "of the contact"))[0]
    'cost'
    """
    value = Literal[column.choices] if column.choices else _PLAIN_TYPES[column.type]
    if column.unit == SHARE:
        value = Annotated[value, Meta(ge=0, le=1)]
    if column.is_optional:
        value = value | None
    if column.type != "money":
        return column.name, Annotated[value, Meta(description=column.meaning)]
    meaning = f"{column.meaning}; decimal in major units, as a string"
    return column.name, Annotated[value, Meta(description=meaning, examples=["12.50"])]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all requests: an unknown field is refused."""


class WrongField(msgspec.Struct, frozen=True):
    """One field that cannot be used."""

    path: Annotated[str, Meta(examples=["$.orders[3].amount"])]
    message: str


class Problem(msgspec.Struct, frozen=True):
    """A refusal, as in RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] = []


def field_names(message: type[msgspec.Struct]) -> list[str]:
    """Return the fields of a message and of the messages in its lists: a misspelt name may mean any of them."""
    found: list[str] = []
    for field in msgspec.structs.fields(message):
        found.append(field.name)
        inner = getattr(msgspec.inspect.type_info(field.type), "item_type", None)
        if isinstance(inner, msgspec.inspect.StructType):
            found += field_names(inner.cls)
    return found


def words_at(message: type[msgspec.Struct], path: str) -> list[str]:
    """Return the words that a field of a message may hold; none where it holds any text.

    Args:
        message: the type of the message.
        path: the field's, as msgspec's errors tell it.

    >>> row = msgspec.defstruct("Row", [("kind", Literal["new", "regular"] | None)])
    >>> words_at(msgspec.defstruct("Rows", [("rows", list[row])]), "$.rows[3].kind")
    ['new', 'regular']
    """
    kinds = [msgspec.inspect.type_info(message)]
    for name in _STEP.findall(path):
        kinds = [inner for kind in kinds for one in _plain_kinds(kind) for inner in _inside(one, name)]
    held = [one for kind in kinds for one in _plain_kinds(kind)]
    return [str(word) for one in held for word in getattr(one, "values", ())]


def _plain_kinds(kind: Any) -> Iterator[Any]:
    if isinstance(kind, msgspec.inspect.Metadata):
        yield from _plain_kinds(kind.type)
    elif isinstance(kind, msgspec.inspect.UnionType):
        for each in kind.types:
            yield from _plain_kinds(each)
    else:
        yield kind


def _inside(kind: Any, name: str) -> list[Any]:
    if name:
        return [field.type for field in getattr(kind, "fields", ()) if field.encode_name == name]
    return [getattr(kind, held) for held in ("item_type", "value_type") if hasattr(kind, held)]

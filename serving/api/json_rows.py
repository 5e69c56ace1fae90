"""Reads JSON into a message: a small body at once, a large one row by row, so that other threads have their turns.

One decode of 16 MiB, or one conversion of its rows, holds the interpreter for hundreds of milliseconds, in whatever
thread it runs. So a large body is read in parts of 64 KiB, each checked before the next: a body that cannot be used
is refused at its first wrong part, and never becomes millions of objects. What JSON leaves undefined is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from serving.api.problems import Refusal, wrong_fields

AT_ONCE_BYTES = 64 * 1024  # takes a millisecond or two
MOST_ROW_LETTERS = 1024 * 1024
FREED_ROWS = 50
_RANGE = "Number out of range"
_OTHERS = ("[", '"', "-", "t", "f", "n", *"0123456789")  # how JSON that is no object begins
_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # as an escape; half a pair is no text

Message = TypeVar("Message", bound=msgspec.Struct)


def parse(body: bytes | bytearray, message: type[Message]) -> Message:
    """Return JSON as a message; a body of more than AT_ONCE_BYTES is read by parts, which belongs into a thread.

    Raises:
        Refusal: 400 not JSON, or the same key twice; 413 a row that is too large; 422 a wrong field.

    >>> from serving.api.scores import ScoresRequest
    >>> parse(b'{"customer_ids": ["007"]}', ScoresRequest).customer_ids
    ['007']
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise _no_json("JSON is UTF-8; these bytes are not") from None
    try:
        return msgspec.convert(_at_once(text) if len(body) <= AT_ONCE_BYTES else _by_parts(text, message), message)
    except msgspec.ValidationError as error:
        raise wrong_fields(error, message) from None


def let_go(message: msgspec.Struct) -> None:
    """Empty the lists of a message a few rows at a time; to free them all at once would hold the interpreter."""
    for name in message.__struct_fields__:
        rows = getattr(message, name)
        while isinstance(rows, list) and rows:
            del rows[-FREED_ROWS:]


def _at_once(text: str) -> Any:
    return _Cursor(text).only_value()


def _by_parts(text: str, message: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the fields of an object, the rows of its lists checked and converted already."""
    lists, cursor, found = _lists_of(message), _Cursor(text), dict[str, Any]()
    for name in cursor.names():
        if name in found:
            raise _twice()
        if name not in message.__struct_fields__:
            raise msgspec.ValidationError(f"Object contains unknown field `{name}`")
        found[name] = _rows(cursor, lists[name]) if name in lists and cursor.begins("[") else cursor.value()
    return found


@dataclass(frozen=True)
class _Rows:
    """A field that is a list: the type of its rows, how many there may be, and how many inner rows these may have."""

    name: str
    kind: Any
    most: float = math.inf
    inner: str = ""
    most_inner: float = math.inf

    def refuse_more(self, rows: int, inner_rows: int) -> None:
        if rows > self.most:
            raise msgspec.ValidationError(f"Expected `array` of length <= {self.most} - at `$.{self.name}`")
        if inner_rows > self.most_inner:
            most = f"{self.most_inner:,} {self.inner}"
            raise msgspec.ValidationError(f"Expected at most {most} in all; send them in parts - at `$.{self.name}`")


def _rows(cursor: _Cursor, of: _Rows) -> list[Any]:
    rows, inner_rows = list[Any](), 0
    for part in cursor.parts():
        try:
            more = msgspec.convert(part, list[of.kind])  # type: ignore[name-defined]  # known when it runs
        except msgspec.ValidationError as error:
            raise msgspec.ValidationError(_moved(str(error), of.name, len(rows))) from None
        rows += more
        inner_rows += sum(len(getattr(row, of.inner)) for row in more) if of.inner else 0
        of.refuse_more(len(rows), inner_rows)
    return rows


def _moved(error: str, name: str, before: int) -> str:
    """Return an error about a row of a part with the row's place in the message.

    >>> _moved("Expected `str`, got `int` - at `$[3].note`", "contacts", 100)
    'Expected `str`, got `int` - at `$.contacts[103].note`'
    """
    return re.sub(r" - at `\$\[(\d+)\]", lambda found: f" - at `$.{name}[{before + int(found[1])}]", error)


def _lists_of(message: type[msgspec.Struct]) -> dict[str, _Rows]:
    found = {}
    for name, hint in get_type_hints(message, include_extras=True).items():
        plain, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        if get_origin(plain) is list:
            meta = next((mark for mark in marks if isinstance(mark, msgspec.Meta)), msgspec.Meta())
            most = math.inf if meta.max_length is None else meta.max_length
            found[name] = _Rows(name, get_args(plain)[0], most, **(meta.extra or {}))
    return found


class _Cursor:
    """A place in a text of JSON, from where its values are read one after the other."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._window, self._begins_at = "", 0  # a part of the text, and where it begins

    def only_value(self) -> Any:
        """Return the value that is all of the text."""
        self._skip()
        value = self.value()
        self._end()
        return value

    def names(self) -> Iterator[str]:
        """Yield the names of the object that is all of the text; the caller takes the value of each."""
        self._skip()
        if self._text.startswith(_OTHERS, self._at):
            raise msgspec.ValidationError("Expected `object`")
        self._take("{")
        if not self.begins("}"):
            yield self._name()
            while self.begins(","):
                self._take(",")
                yield self._name()
        self._take("}")
        self._end()

    def parts(self) -> Iterator[list[Any]]:
        """Yield the values of an array, about AT_ONCE_BYTES of them at once."""
        self._take("[")
        part, begun, more = list[Any](), self._at, not self.begins("]")
        while more:
            part.append(self.value())
            if more := self.begins(","):
                self._take(",")
            if self._at - begun >= AT_ONCE_BYTES or not more:
                yield part
                part, begun = [], self._at
        self._take("]")

    def value(self) -> Any:
        """Return the value that begins here; the cursor stands behind it and the space that follows."""
        for letters in (0, AT_ONCE_BYTES, MOST_ROW_LETTERS + 1):
            if letters:
                self._window, self._begins_at = self._text[self._at : self._at + letters], self._at
            found = self._in_window(self._at - self._begins_at)
            if found is not None:
                return found[0]
        raise Refusal(413, "too-large", f"a row is at most {MOST_ROW_LETTERS // 1024**2} MiB")

    def _in_window(self, at: int) -> tuple[Any] | None:
        """Return the value at a place of the window; None where the window may end before the value does."""
        window, is_last = self._window, self._begins_at + len(self._window) >= len(self._text)
        try:
            value, end = _DECODER.raw_decode(window, at)
        except json.JSONDecodeError as error:
            if is_last or not _cut(error, len(window)):
                raise self._malformed(error.msg, error.pos - at) from None
            return None
        except RecursionError:
            raise msgspec.ValidationError("Nested more deeply than any field") from None
        except ValueError:  # Python's own bound on the digits of an integer
            raise msgspec.ValidationError(_RANGE) from None
        if end == len(window) and not is_last:  # a number may go on behind it
            return None
        if _SURROGATE.search(window, at, end):
            _refuse_half_pairs(value)
        self._at += end - at
        self._skip()
        return (value,)

    def begins(self, mark: str) -> bool:
        """Return whether the text goes on with a mark."""
        return self._text.startswith(mark, self._at)

    def _name(self) -> str:
        name = self.value() if self.begins('"') else None
        if name is None:
            raise self._malformed("Expecting a name in double quotes")
        self._take(":")
        return str(name)

    def _take(self, mark: str) -> None:
        if not self.begins(mark):
            raise self._malformed(f"Expecting '{mark}'")
        self._at += 1
        self._skip()

    def _skip(self) -> None:
        while (end := _end_of_space(self._text, self._at)) > self._at:
            self._at = end

    def _end(self) -> None:
        if self._at < len(self._text):
            raise self._malformed("Extra data")

    def _malformed(self, what: str, further: int = 0) -> Refusal:
        return _no_json(f"JSON is malformed: {what} (character {self._at + further + 1})")


def _end_of_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at, at + AT_ONCE_BYTES)
    return at if found is None else found.end()


def _cut(error: json.JSONDecodeError, letters: int) -> bool:
    """Return whether the end of a window, not of the text, may have caused an error."""
    return error.msg.startswith("Unterminated string") or error.pos > letters - 16


def _refuse_half_pairs(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _no_json("a text holds half of a surrogate pair") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _twice()
    return found


def _number(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise msgspec.ValidationError(_RANGE)
    return found


def _constant(name: str) -> NoReturn:
    raise _no_json(f"JSON has no {name}")


def _twice() -> Refusal:
    return _no_json("an object names a field twice")


def _no_json(detail: str) -> Refusal:
    return Refusal(400, "no-json", detail)


# Objects call back into Python, so that another thread may have its turn between two of them.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)

"""Turns every error into a refusal: problem+json by RFC 9457, with the path of each wrong field."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from features.errors import InputError, MachineFault, RegularsError, Violation, WrongBook, suggest
from features.faults import machine_fault
from serving.api.shared_messages import Problem, WrongField, field_names, words_at

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
MAX_ERRORS = 100
FILE_ADVICE = ("date_format", "decimal =", "[shop", ".format]")  # only who can edit the shop's toml can follow it
LOG = logging.getLogger("regulars.serving")
_WHERE = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_NOT_ONE = re.compile(r"^Invalid enum value '(.*)'$", re.DOTALL)
_FORMS = {
    "Invalid RFC3339 encoded date": "not a day; write it as 2026-03-31",
    "Invalid RFC3339 encoded datetime": "not a time; write it as 2026-03-31T14:05:00Z",
}
_UNKNOWN = re.compile(r"^Object contains unknown field `(.*)`$", re.DOTALL)


class Refusal(Exception):
    """An error that a request is answered with.

    Args:
        status: 4xx or 5xx.
        code: a stable word for programs; the answer's type is `urn:regulars:<code>`.
        detail: one sentence for a person.
        errors: each wrong field.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[WrongField] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = list(errors), dict(headers or {})

    def response(self) -> Response:
        """Return the answer."""
        phrase = HTTPStatus(self.status).phrase
        problem = Problem(f"urn:regulars:{self.code}", phrase, self.status, str(self.detail), self.errors)
        return Response(msgspec.json.encode(problem), self.status, self.headers, MEDIA_TYPE)


def not_ready(detail: str) -> Refusal:
    """Return the refusal for a part that is not available at the moment.

    >>> not_ready("no model is registered yet").status
    503
    """
    return Refusal(503, "not-ready", detail, headers={"Retry-After": str(RETRY_SECONDS)})


@contextmanager
def from_our_files(*, whatever: bool = False, until: date | None = None) -> Iterator[None]:
    """Answer 503 where the shop's own files are wrong: no caller can correct them.

    Args:
        whatever: blame the files for every input error; else only for those that name a cell.
        until: the day that the caller gave; that no order lies before it is the caller's mistake.

    >>> with from_our_files():
    ...     raise InputError("orders.csv cannot be used", [Violation("orders.csv", 3, "amount", "an amount", "x", "")])
    Traceback (most recent call last):
    ...
    serving.api.problems.Refusal: the order source cannot be used at the moment
    """
    try:
        yield
    except InputError as error:
        early = until is not None and not any(each.line or each.column for each in error.violations)
        if not whatever and (early or not error.violations):
            raise
        LOG.warning("the order source cannot be used: %s", error.message)
        raise not_ready("the order source cannot be used at the moment") from None


def wrong_fields(error: msgspec.ValidationError, message: type[msgspec.Struct] = msgspec.Struct) -> Refusal:
    """Return the refusal for JSON or a query that does not fit its message.

    >>> wrong_fields(msgspec.ValidationError("Expected `str`, got `int` - at `$.customer_ids[0]`")).errors
    [WrongField(path='$.customer_ids[0]', message='Expected `str`, got `int`')]
    >>> wrong_fields(msgspec.ValidationError("Invalid RFC3339 encoded date - at `$.as_of`")).detail
    '$.as_of: not a day; write it as 2026-03-31'
    """
    found = _WHERE.match(str(error))
    assert found is not None
    path, said = found["path"] or "$", found["message"]
    if unknown := _UNKNOWN.match(said):
        path, said = f"{path}.{unknown[1]}", f"unknown field.{suggest(unknown[1], field_names(message))}"
    elif not_one := _NOT_ONE.match(said):
        said = _one_of(not_one[1], words_at(message, path))
    wrong = WrongField(path, _FORMS.get(said, said))
    return Refusal(422, "wrong-field", f"{wrong.path}: {wrong.message}", errors=[wrong])


def _one_of(word: str, words: Sequence[str]) -> str:
    return f'"{word}" is not one of {", ".join(words)}.{suggest(word, words)}'


def refusal_of(error: Exception) -> Refusal:
    """Return the refusal for an error: the caller's mistake is a 4xx, a missing part of ours a 503.

    >>> refusal_of(InputError("no order counts")).status, refusal_of(KeyError("ann")).detail
    (422, "an unexpected error; it is in the server's log")
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException):
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        return Refusal(error.status_code, code, error.detail, headers=error.headers)
    if isinstance(error, InputError):
        wrong = [WrongField(_path(v.column), _rule_in_words(v)) for v in error.violations[:MAX_ERRORS]]
        return Refusal(422, "unusable", error.message, errors=wrong)
    if isinstance(error, WrongBook):
        return _machine("wrong-book", error.in_public)
    if isinstance(error, RegularsError) and not isinstance(error, MachineFault):
        return not_ready(error.in_public)
    fault = machine_fault(error, "the server")
    if fault is not None:
        return _machine(fault.code, fault.in_public)
    if isinstance(error, (SQLAlchemyError, sqlite3.Error)):  # the database's own message may hold an address
        return not_ready("the book cannot be read at the moment")
    if isinstance(error, ClientDisconnect):
        return Refusal(400, "disconnected", "the request ended early")
    return Refusal(500, "unexpected", "an unexpected error; it is in the server's log")


def _machine(code: str, detail: str) -> Refusal:
    return Refusal(503, code, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def _path(column: str) -> str:
    return f"$.{column}" if column else "$"


def _rule_in_words(violation: Violation) -> str:
    rule = f'"{violation.value}" is not {violation.rule}' if violation.value else violation.rule
    if not violation.remedy or any(word in violation.remedy for word in FILE_ADVICE):
        return str(rule)  # a sentence that knows its message is more than a text of JSON
    return f"{rule}; {violation.remedy}"

"""The page that a person is handed, with all that is stored about them, in their language."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from features.language.languages import Language
from features.language.messages import Message, Sentence, said, sentence
from features.language.minute import minute
from serving.commands.privacy.held_in_words import HELD
from serving.commands.privacy.personal_data import PersonalData

STYLE = (
    "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin-bottom:2em}"
    "td,th{border:1px solid #999;padding:.2em .5em;text-align:start;vertical-align:top}"
)
LINE = Message("line", context="column")


def data_page(found: PersonalData, told: Sequence[Sentence], language: Language) -> str:
    """Return the page as HTML; columns have the names of the files and of the book, as in the document beside it.

    Args:
        found: all that is stored.
        told: others that had parts of it.
        language: of the person.
    """
    return "\n".join(_Page(language).lines(found, told))


class _Page:
    """A page in a language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def lines(self, found: PersonalData, told: Sequence[Sentence]) -> Iterator[str]:
        lang, direction = self._language.html_lang, self._language.direction
        title = self._said(sentence("Data of one customer"))
        yield f'<!doctype html>\n<html lang="{lang}" dir="{direction}"><head><meta charset="utf-8">'
        yield f"<title>{title}</title><style>{STYLE}</style></head><body>"
        yield f"<h1>{self._said(sentence('What is stored about customer {customer}', customer=found.customer_id))}</h1>"
        yield from (f"<p>{self._said(each)}</p>" for each in _about(found))
        for file in dict.fromkeys(row.file for row in found.files):
            rows = [{said(LINE, self._language): row.line, **row.cells} for row in found.files if row.file == file]
            yield from self._table(sentence("File {file}", file=file), rows)
        for name, records in found.book.items():
            yield from self._table(sentence("{name}: {it}", name=name, it=HELD[name]), records)
        yield from (f"<p>{self._said(sentence('Told others: {it}', it=each.message))}</p>" for each in told)
        yield from (f"<p>{self._said(sentence('Not read: {it}', it=each))}</p>" for each in found.unread)
        yield "</body></html>"

    def _table(self, heading: Sentence, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        heads = "".join(f"<th>{_cell(name)}</th>" for name in columns)
        yield f"<h2>{self._said(heading)}</h2>\n<table><tr>{heads}</tr>"
        for row in rows:
            yield f"<tr>{''.join(f'<td dir=auto>{_cell(row.get(name))}</td>' for name in columns)}</tr>"
        yield "</table>"

    def _said(self, words: Sentence) -> str:
        return html.escape(said(words, self._language, isolated=self._language.is_right_to_left))


def _about(found: PersonalData) -> Iterator[Sentence]:
    yield sentence("As of {then}.", then=minute(datetime.fromisoformat(found.exported_at)))
    if found.former_ids:
        yield sentence("Former ids: {names}.", names=", ".join(found.former_ids))
    yield sentence("Amounts in tables of the book are in the currency's smallest unit.")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return html.escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

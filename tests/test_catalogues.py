"""Whatever is said is said in every language: a message that is missing, fuzzy, unused or wrong fails here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeGuard

import pytest
from babel.messages.catalog import Catalog

from features.language.catalogue import catalogue_path
from features.language.languages import ENGLISH, LANGUAGES, Language
from tools.catalogues import (
    ROOMS,
    ROOT,
    SPEAK,
    all_said,
    faults,
    fields,
    in_python,
    in_template,
    read,
    template,
    written,
)
from tools.read_messages import BY_MESSAGE, held_in
from tools.read_sentences import told

CODES = [language.code for language in LANGUAGES if language != ENGLISH]


@pytest.fixture(scope="module")
def said() -> Catalog:
    return template()


@pytest.mark.parametrize("code", CODES)
def test_all_that_is_said_has_its_wording_and_nothing_else_has(code: str, said: Catalog) -> None:
    assert list(faults(code, read(code), said)) == [], "run: python -m tools.catalogues update"


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_is_as_the_tool_writes_it(code: str) -> None:
    assert catalogue_path(code).read_bytes() == written(read(code))


@pytest.mark.parametrize(
    ("code", "forms"), [("fa", "nplurals=2; plural=(n > 1);"), ("el", "nplurals=2; plural=(n != 1);")]
)
def test_the_plural_forms_are_those_of_the_language(code: str, forms: str) -> None:
    assert read(code).plural_forms == forms


def test_messages_are_found_wherever_they_are_said() -> None:
    files = {each.file.split("/")[-1] for each in all_said()}
    assert files >= {"definitions", "playbooks.toml", "written.py", "in_words.py", "layout.py", "list.html.jinja"}
    plural = in_python('translated("{n} day", language, plural="{n} days", context="age")', "a.py")
    assert [(each.text, each.plural, each.context) for each in plural] == [("{n} day", "{n} days", "age")]
    page = b"{{ pgettext('state', 'new') }} {{ ngettext('{n} row', '{n} rows', 3) }} {{ name }}"
    assert [(each.text, each.plural, each.context) for each in in_template(page, "a.jinja")] == [
        ("new", None, "state"),
        ("{n} row", "{n} rows", None),
    ]


@pytest.mark.parametrize(
    ("wording", "why"),
    [
        ("", "without a wording"),
        ("{day} πριν", "has the fields day"),
        ("{days:long} πριν", "asks for the forms long"),
        ("πριν από {days}!", "an exclamation mark"),
    ],
)
def test_a_wrong_wording_is_named(wording: str, why: str) -> None:
    said, known = Catalog(locale="el"), Catalog(locale="el")
    said.add("{days} ago")
    known.add("{days} ago", wording)
    assert [fault for fault in faults("el", known, said) if why in fault]
    assert fields("{days:bare} and {rhythm}") == {"days": "bare", "rhythm": ""}


@pytest.mark.parametrize(
    ("wording", "why"),
    [
        ("بدون --owner", "is not set apart"),
        ("زیر [orders] بنویسید", "is not set apart"),
        ("کالایی را پس فرستاده", "a second word"),
        ("همه‌ی مشتریان", "an ezafe"),
    ],
)
def test_a_wrong_persian_wording_is_named(wording: str, why: str) -> None:
    said, known = Catalog(locale="fa"), Catalog(locale="fa")
    said.add("a")
    known.add("a", wording)
    assert [fault for fault in faults("fa", known, said) if why in fault]


def test_fuzzy_missing_and_unused_messages_are_named() -> None:
    said, known = Catalog(locale="fa"), Catalog(locale="fa")
    said.add("a")
    said.add("b")
    known.add("b", "ب", flags=["fuzzy"])
    known.add("c", "پ")
    assert list(faults("fa", known, said)) == [
        "fa: not in the catalogue: a",
        "fa: nobody says it any more: c",
        "fa: fuzzy: b",
    ]


def test_every_message_has_values_with_which_it_is_read() -> None:
    named = {name for each in all_said() if each.file.endswith((".py", ".jinja")) for name in fields(each.text)}
    assert named - held_in(ENGLISH).keys() == set(), "say in tools/read_messages.py what these fields hold"
    assert BY_MESSAGE.keys() - {each.text for each in all_said()} == set(), "nobody says it any more"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_whoever_reads_meets_every_message_filled_in(language: Language, said: Catalog) -> None:
    read = list(told(language, 0, 0))
    texts = {message.id if isinstance(message.id, str) else message.id[0] for message in said if message.id}
    assert texts - {key for _, key, _ in read} == set()
    assert [text for _, _, text in read if not text.strip() or "{" in text] == []


def test_no_question_is_put_in_english_alone() -> None:
    """The words of a question are its second argument, those of an answer its first; a zone's name is no word."""
    calls = (
        (path.name, node.lineno, node.args[{"Question": 1, "Answer": 0}[node.func.id]])
        for path in (ROOT / "features").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Question", "Answer")
    )
    plain = [
        (file, line)
        for file, line, words in calls
        if isinstance(words, ast.JoinedStr) or (isinstance(words, ast.Constant) and words.value != "UTC")
    ]
    assert plain == [], "say it as sentence(...), so that it has a wording in every language"


# Whose English is gathered from elsewhere: see `all_said` of tools/catalogues.py.
GATHERED = {
    *("features/definitions/engagement.py", "features/guess/layouts.py", "features/guess/questions.py"),
    *("features/language/messages.py", "features/language/templates.py", "features/reasons.py"),
    *("serving/commands/privacy/held_in_words.py", "serving/outreach/plan/details.py"),
    *("serving/outreach/playbooks/guidance.py", "serving/outreach/playbooks/playbook.py"),
    "serving/webhooks/outbox.py",  # its Message is that of a webhook
}


def test_whatever_is_said_is_written_where_it_is_said() -> None:
    """A text that is put together, or handed on in a variable, is in no catalogue and would stay English."""
    calls = ((path, each) for path, tree in _sources(ROOMS) for each in ast.walk(tree) if _speaks(each))
    elsewhere = {path for path, call in calls if call.args and not isinstance(call.args[0], ast.Constant)}
    assert elsewhere == GATHERED


# What speaks to the shop's people on the terminal; `tests/serving/cli/test_spoken.py` names its commands.
SPOKEN = (
    *("serving/commands/doctor", "serving/commands/privacy", "serving/commands/upkeep/backup.py"),
    *("serving/commands/upkeep/restore.py", "serving/commands/data/explain_data.py", "serving/commands/models/watch"),
    *(
        "serving/commands/lists/why",
        "serving/commands/lists/list_in_words.py",
        "serving/commands/lists/kpis_in_words.py",
    ),
    *("serving/backup/afterwards.py", "serving/monitoring", "training/data_worth/words.py"),
)

MARKUP = "serving/commands/privacy/data_page.py"  # yields HTML


def test_what_speaks_yields_no_english_of_its_own() -> None:
    """A line is a sentence, which has its wording in every language, and no plain text."""
    plain = [
        f"{path}:{each.lineno}"
        for path, tree in _sources(SPOKEN)
        for each in ast.walk(tree)
        if isinstance(each, ast.Yield) and path != MARKUP and _has_words(each.value)
    ]
    assert plain == [], "say it as sentence(...)"


def _sources(under: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
    """Yield the path and the tree of each source whose path begins so."""
    for path in sorted(each for room in ROOMS for each in (ROOT / room).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(under):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def _speaks(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAK


def _has_words(value: ast.expr | None) -> bool:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    texts = (each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return any(re.search("[A-Za-z]{3,}", re.sub("<[^>]*>?|[a-z-]+{[^}]*}", "", text)) for text in texts)


@pytest.mark.parametrize("said_so", ['sentence(f"{n} rows")', "sentence(words, n=3)"])
def test_a_text_that_is_put_together_is_seen(said_so: str) -> None:
    (call,) = (each for each in ast.walk(ast.parse(said_so)) if _speaks(each))
    assert not isinstance(call.args[0], ast.Constant)


@pytest.mark.parametrize(("line", "is_plain"), [('yield f"{n} rows"', True), ('yield f"  {line}"', False)])
def test_a_plain_line_is_seen(line: str, is_plain: bool) -> None:
    (found,) = (each for each in ast.walk(ast.parse(line)) if isinstance(each, ast.Yield))
    assert _has_words(found.value) == is_plain

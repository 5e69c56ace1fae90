"""The catalogues of messages: what can be said, gathered from where it is said, and its wording in each language.

`python -m tools.catalogues update` adds what is new to each catalogue, still without a wording, and takes out what is
said no more; `check` says what is missing, fuzzy, unused or wrong; `extract` prints every message as a template.
Messages stand in Python (`Message("…")`, `translated("…")`), in templates (`_("…")`), in the sentences of features, and
in the shipped playbooks.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from features.definitions import default_features
from features.feature import EventKind
from features.guess.layouts import layouts
from features.guess.questions import CHECKS
from features.language.catalogue import DOMAIN, catalogue_path
from features.language.languages import ENGLISH, LANGUAGES
from features.reasons import sentences
from features.sources.cells import ambiguous_zones
from features.tables import CUSTOMERS, EVENTS, ORDERS
from serving.book.privacy.holdings import HOLDINGS
from serving.outreach.playbooks.playbooks import SHIPPED, load_playbooks

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("features", "training", "serving")
SPEAK = ("Message", "translated", "sentence")  # what says a message, its first argument
IN_TEMPLATES = ("_", "gettext", "ngettext", "pgettext")
FORMS = {"", "bare", "times", "table", "month", "day", "on", "the"}
WIDTH = 110
# Heads of a catalogue that tell of people and clocks, and nothing of its messages.
PASSING = (
    *(b"Project-Id-Version", b"Report-Msgid-Bugs-To", b"POT-Creation-Date", b"PO-Revision-Date", b"Last-Translator"),
    *(b"Language-Team", b"Generated-By"),
)
# Kinds of events that bring every sentence about events.
KINDS = (
    *(EventKind("visit"), EventKind("complaint"), EventKind("review", has_value=True)),
    *(EventKind("mail_clicked", answers="mail_sent"), EventKind("mail_sent", by_shop=True)),
)
# What must not stand in a wording, and why; LANGUAGES of the project's users.
WRONG: dict[str, tuple[tuple[str, str], ...]] = {
    "fa": (
        ("[0-9]", "Latin digits"),
        ("[\u064a\u0643]", "Arabic yeh or kaf"),
        ("[!;,?]", "Latin punctuation, or an exclamation mark"),
        ("عقب‌افتاده|معوق|با تأخیر|با تاخیر|نرخ بازگشت", "a word that insults, means unpaid, or has three meanings"),
        ("ه‌ی\\b|ه ی\\b", "an ezafe that is not written هٔ"),
        (
            "پس فرست|برگشت خورد|تا به حال|پیش‌تر|مشتری‌ها|موردها",
            "a second word for مرجوع, تا حالا, قبلاً, مشتریان or موارد",
        ),
        ("(?<!\u2066)(?:--[a-z]|\\[)", "Latin that begins with a mark and is not set apart (U+2066 … U+2069)"),
    ),
    "el": (
        ("[\u037e\u0387!]", "another mark than ; and ·, or an exclamation mark"),
        ("ποσοστό απόρριψης", "bounce rate"),
    ),
}


@dataclass(frozen=True)
class Said:
    """A message where it is said: its English, its plural and its context, the file, and a word for translators."""

    text: str
    file: str
    plural: str | None = None
    context: str | None = None
    comment: str = ""


def all_said() -> Iterator[Said]:
    """Yield every message that can be said."""
    yield from _in_features()
    yield from _in_playbooks()
    yield from _in_questions()
    yield from _in_holdings()
    for path in sorted(each for room in ROOMS for each in (ROOT / room).rglob("*.py")):
        yield from in_python(path.read_text(encoding="utf-8"), _named(path))
    for path in sorted(each for room in ROOMS for each in (ROOT / room).rglob("*.jinja")):
        yield from in_template(path.read_bytes(), _named(path))


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _in_features() -> Iterator[Said]:
    for feature, words in sentences(default_features(KINDS)):
        side = "a reason for risk" if words.as_risk else "a reason for staying"
        yield Said(words.text, "features/definitions", comment=f"{side}; of {feature.family}")


def _in_playbooks() -> Iterator[Said]:
    file = _named(SHIPPED)
    for playbook in load_playbooks():
        yield Said(playbook.title, file, comment=f"title of {playbook.id}")
        for stage in playbook.stages:
            yield Said(stage.what_to_say, file, comment=f"advice to the manager, {playbook.id}")
            if stage.incentive:
                yield Said(stage.incentive, file, comment=f"what may be offered, {playbook.id}")
            yield from (Said(text, file, comment=f"said to the customer, {playbook.id}") for text in stage.openings)


def _in_questions() -> Iterator[Said]:
    """Yield what init asks with words of the input contract and of the calendar."""
    for field in (*ORDERS, *EVENTS, *CUSTOMERS):
        if field.kind in CHECKS:
            yield Said(field.meaning, "features/tables.py", comment=f"what the field {field.name} is")
    for layout in layouts():
        if layout.note:
            yield Said(layout.note, "features/guess/layouts.py", comment=f"of {layout.name}")
    for meaning in chain.from_iterable(ambiguous_zones().values()):
        yield Said(meaning.partition(" ")[2], "features/sources/cells", context="place", comment=f"of {meaning[:6]}")


def _in_holdings() -> Iterator[Said]:
    """Yield what each table of the book holds."""
    for each in HOLDINGS:
        yield Said(each.what, "serving/book/privacy/holdings.py", comment=f"what the table {each.table.name} holds")


def in_python(source: str, file: str) -> Iterator[Said]:
    """Yield the messages that a Python source says literally.

    >>> [each.text for each in in_python('said(Message("{n} " "left", {"n": 3}), it)', "a.py")]
    ['{n} left']
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in SPEAK:
            continue
        known = {each.arg: _literal(each.value) for each in node.keywords}
        text = _literal(node.args[0]) if node.args else known.get("text")
        if text is not None:
            yield Said(text, file, known.get("plural"), known.get("context"))


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def in_template(source: bytes, file: str) -> Iterator[Said]:
    """Yield the messages of a template.

    >>> [each.text for each in in_template(b"{{ _('Whom to contact') }}", "a.jinja")]
    ['Whom to contact']
    """
    for _, function, said, _ in babel_extract(BytesIO(source), IN_TEMPLATES, (), {}):
        texts = [said] if isinstance(said, str) else [each for each in said or () if each is not None]
        if function == "pgettext":
            yield Said(texts[1], file, context=texts[0])
        else:
            yield Said(texts[0], file, texts[1] if function == "ngettext" else None)


def template() -> Catalog:
    """Return every message once, with where it is said."""
    found = Catalog(project="Regulars", domain=DOMAIN)
    for said in all_said():
        key: str | tuple[str, str] = said.text if said.plural is None else (said.text, said.plural)
        comments = [said.comment] if said.comment else []
        found.add(key, locations=[(said.file, 0)], auto_comments=comments, context=said.context)
    return found


def read(code: str) -> Catalog:
    """Return the catalogue of a language; an empty one where there is none yet."""
    path = catalogue_path(code)
    if not path.exists():
        return Catalog(locale=code, project="Regulars", domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


def update(code: str) -> int:
    """Bring a catalogue to what is said today, and return how many messages wait for their wording."""
    catalogue = read(code)
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    path = catalogue_path(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(catalogue))
    return sum(not all(_wordings(entry)) for entry in entries(catalogue))


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as its file holds it: the same messages give the same bytes, whoever writes it and when."""
    catalogue.fuzzy, catalogue.header_comment = False, "# What Regulars says, and how it is worded in this language."
    for entry in catalogue:
        entry.locations.sort()  # as they are read again: messages are sorted by them
    content = BytesIO()
    write_po(content, catalogue, width=WIDTH, sort_by_file=True, include_lineno=False)
    return re.sub(rb'"(?:%b): .*\n' % b"|".join(PASSING), b"", content.getvalue())


def entries(catalogue: Catalog) -> Iterator[Entry]:
    """Yield the messages of a catalogue, without its head."""
    yield from (entry for entry in catalogue if entry.id)


def _texts(entry: Entry) -> tuple[str, ...]:
    return (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)


def _wordings(entry: Entry) -> tuple[str, ...]:
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ("",))


def faults(code: str, catalogue: Catalog, said: Catalog) -> Iterator[str]:
    """Yield what is wrong with a catalogue: missing, fuzzy or unused messages, and wrong wordings.

    Args:
        code: of its language.
        catalogue: the wordings.
        said: every message that can be said.
    """
    wanted = {(entry.context, _texts(entry)) for entry in entries(said)}
    known = {(entry.context, _texts(entry)): entry for entry in entries(catalogue)}
    yield from (f"{code}: not in the catalogue: {texts[0]}" for _, texts in sorted(wanted - known.keys(), key=str))
    yield from (f"{code}: nobody says it any more: {texts[0]}" for _, texts in sorted(known.keys() - wanted, key=str))
    for _, entry in sorted(known.items(), key=str):
        yield from (f"{code}: {fault}: {_texts(entry)[0]}" for fault in _faults_of(entry, code))


def _faults_of(entry: Entry, code: str) -> Iterator[str]:
    if entry.fuzzy:
        yield "fuzzy"
    if not all(_wordings(entry)):
        yield "without a wording"
        return
    asked = {name for text in _texts(entry) for name in fields(text)}
    for wording in _wordings(entry):
        if fields(wording).keys() != asked:
            yield f"has the fields {', '.join(sorted(fields(wording)))} in “{wording}”"
        if strange := set(fields(wording).values()) - FORMS:
            yield f"asks for the forms {', '.join(sorted(strange))} in “{wording}”"
        literal = "".join(text for text, *_ in Formatter().parse(wording))
        yield from (f"holds {why} in “{wording}”" for pattern, why in WRONG[code] if re.search(pattern, literal))


def fields(text: str) -> dict[str, str]:
    """Return the fields of a message and the form that each is asked for in.

    >>> fields("{days} since, {rhythm:bare}")
    {'days': '', 'rhythm': 'bare'}
    """
    return {name: form or "" for _, name, form, _ in Formatter().parse(text) if name is not None}


def main(arguments: Sequence[str]) -> int:
    """Run one of extract, update and check; check ends with 1 where anything is wrong."""
    what = arguments[0] if arguments else "check"
    codes = [language.code for language in LANGUAGES if language != ENGLISH]
    if what == "extract":
        write_po(sys.stdout.buffer, template(), width=WIDTH, sort_by_file=True, include_lineno=False, omit_header=True)
        return 0
    if what == "update":
        print("\n".join(f"{code}: {update(code)} without a wording" for code in codes))
        return 0
    said = template()
    found = [fault for code in codes for fault in faults(code, read(code), said)]
    print("\n".join(found) or f"{len(said)} messages are said in {', '.join(codes)} too")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

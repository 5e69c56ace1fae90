"""`regulars init`: from a shop's files to a commented regulars.toml."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.churn.horizon import proposed_definition
from features.churn.horizon_doubts import horizon_doubt
from features.errors import InputError
from features.guess.guess import guess
from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, message_in, said, sentence
from features.language.typed_values import Days
from features.log import Log
from features.questions import Question, by_setting
from features.shell import shell_line
from features.sources.databases.address import Database
from features.sources.mapping import Beside, Guess, OrdersMapping, with_paths
from features.sources.opening.opener import ALONE
from features.sources.people.attribute_settings import FeatureSettings
from features.sources.reader import CheckReport, check_files
from serving.commands.data.preview import preview_document, preview_lines
from serving.commands.data.talk import Answerer, Talk, leave_open
from serving.commands.result import WordedResult
from serving.config import FILE_NAME, Churn, Settings, answered, toml_text, usual_days


def init_shop(
    orders: Path | Sequence[Path] | Database,
    events: Path | None,
    customers: Path | None,
    out: Path,
    *,
    beside: Beside = ALONE,
    merge: Path | None = None,
    force: bool,
    columns: Sequence[str] = (),
    set_aside: bool = False,
    answer: Answerer = leave_open,
    language: Language = ENGLISH,
) -> WordedResult:
    """Guess how a shop's files are to be read, ask what cannot be known, and write both down.

    Args:
        orders: the orders as exported, in one file or several, or the database that holds them.
        events: what customers did besides ordering, if any.
        customers: names, owners, segments, consent, if any.
        out: the toml to write; the book and `mlruns/` will lie beside it.
        beside: files that hold a part of the orders.
        merge: old customer id → new one, if any.
        force: overwrite a file that is there.
        columns: what is known already, each as FIELD=HEADER.
        set_aside: whether rows that break a rule are named in a file, and the others read.
        answer: who answers the questions; each that stays open is written in place of its answer.
        language: of what it assumes and asks, on the terminal and in the toml; another than English is the shop's, too.

    Raises:
        InputError: a file that cannot be read, a toml that is there already, a required column that was neither
            recognised nor named.
    """
    if out.exists() and not force:
        raise InputError(
            f"{out} is there already; one folder is one shop: take another with --out SHOP/regulars.toml, or --force"
        )
    talk, rest = Talk(answer), _rest_of_command(out, merge, force=force)
    files = () if isinstance(orders, Database) else (orders,) if isinstance(orders, Path) else tuple(orders)
    source = orders if isinstance(orders, Database) else files[0]
    found = _guessed(
        talk, named_columns(columns), lambda named: guess(source, events, customers, named, rest, files, beside)
    )
    if merge is not None:
        found = dataclasses.replace(found, orders=dataclasses.replace(found.orders, merge=merge))
    if set_aside:
        found = dataclasses.replace(found, orders=dataclasses.replace(found.orders, on_broken="set_aside"))
    settings, report = _checked(talk, found, out.resolve().parent)
    churn, assumed = _churn(None if report is None else report.log, open_=bool(talk.open))
    settings = dataclasses.replace(settings, churn=churn)
    assumptions = (*found.assumptions, *talk.said, assumed)
    if language.code not in (ENGLISH.code, settings.shop.language):
        settings = dataclasses.replace(settings, shop=dataclasses.replace(settings.shop, language=language.code))
        assumptions = (*assumptions, sentence("Lists, mails and pages speak the language of this command."))
    with whole(out) as half:
        half.write_text(toml_text(settings, assumptions, talk.open, language), encoding="utf-8")
    document: dict[str, Any] = {
        "file": str(out),
        "zone": settings.shop.zone,
        "currency": settings.shop.currency,
        "horizon_days": churn.horizon_days,
        "active_days": churn.active_days,
        "orders": {**_source(settings.orders), "columns": dict(settings.orders.columns)},
        "features": {"use": list(settings.features.use)},
        "not_used": {table: list(headers) for table, headers in found.not_used.items()},
        "assumptions": [str(each) for each in assumptions],
        "questions": [each.to_dict() for each in by_setting(talk.open).values()],
        "answers": [each.to_dict() for each in talk.answered],
    }
    head = said(sentence("wrote {file}; it assumes:", file=str(out)), language)
    words = [head, *(f"  - {said(line, language)}" for line in assumptions), *_asked(out, talk.open, language)]
    if report is not None and report.log is not None and report.sheet is not None:
        seen = report.log, report.sheet, settings.shop.currency
        document["preview"] = preview_document(*seen)
        words += [*preview_lines(*seen, language), ""]
    end = sentence("then: regulars check") if talk.open else sentence("next: regulars check")
    return WordedResult(document, [*words, said(end, language)])


def orders_source(
    files: Sequence[Path] | None, url: str | None, table: str | None, query: str | None
) -> Sequence[Path] | Database:
    """Return what the command line names as the orders: files or a database.

    Raises:
        InputError: both, or neither, or a database without a table or query.
    """
    if (not files) == (url is None) or (url is None and (table or query)):
        raise InputError("name the orders: a file as exported, or a database with --url and --table or --query")
    if url is not None:
        return Database(url, table, query)
    assert files
    return files


def _guessed(talk: Talk, named: Mapping[str, str], guess_with: Callable[[Mapping[str, str]], Guess]) -> Guess:
    """Guess, and again with each column that an answer names: dates, money and zone follow from the columns."""
    found = guess_with(named)
    while talk.put(each for each in found.questions if each.is_of_column):
        named = {**named, **talk.columns}
        if any(_column(found, field) != header for field, header in talk.columns.items()):
            found = guess_with(named)
    talk.put(found.questions)
    return found


def _column(found: Guess, field: str) -> str | None:
    table, _, name = field.rpartition(".")
    mapping = {"": found.orders, "events": found.events, "customers": found.customers}[table]
    return None if mapping is None else mapping.columns.get(name)


def _checked(talk: Talk, found: Guess, folder: Path) -> tuple[Settings, CheckReport | None]:
    """Check the orders, put what the check asks, and again with each answer; None while a question is open."""
    guessed = Settings(
        shop=found.shop,
        orders=_absolute(found.orders),
        events=_absolute(found.events) if found.events else None,
        customers=_absolute(found.customers) if found.customers else None,
        features=FeatureSettings(use=found.use),
        list=usual_days(found.shop),
        folder=folder,
    )
    settings, report = answered(guessed, talk.settings), None
    while not talk.open:
        report = check_files(settings.shop, settings.orders)
        if not talk.put(report.questions):
            return settings, report
        settings = answered(guessed, talk.settings)
    return settings, None


def _asked(out: Path, questions: Iterable[Question], language: Language) -> Iterator[str]:
    """Say what is to be answered before anything runs."""
    asked = {setting: each.said_in(language) for setting, each in by_setting(questions).items()}
    if not asked:
        return
    head = sentence(
        "it asks, and nothing else runs before each answer stands in place of its question in {file}:", file=str(out)
    )
    yield said(head, language)
    for setting, question in asked.items():
        remedy = f" ({said(question.likely_line, language)})" if question.likely.lines else ""
        yield f"  - {setting}: {question.words}{remedy}"
    last = sentence("init --yes takes the likely answers; on a terminal init asks them one by one")
    yield f"  {said(last, language)}"


def named_columns(columns: Iterable[str]) -> dict[str, str]:
    """Read the columns that --column names.

    Args:
        columns: each FIELD=HEADER.

    Raises:
        InputError: one without a field, a header or the = between them, or a field that is given twice.

    >>> named_columns(["amount=Total = all", "events.kind=What"])
    {'amount': 'Total = all', 'events.kind': 'What'}
    """
    found: dict[str, str] = {}
    for given in columns:
        name, equals, header = (part.strip() for part in given.partition("="))
        if not (name and equals and header):
            raise InputError(f'--column {given}: write FIELD=HEADER, such as --column amount="Total price"')
        if name in found:
            raise InputError(f'--column {name} is given twice: "{found[name]}" and "{header}"')
        found[name] = header
    return found


def _rest_of_command(out: Path, merge: Path | None, *, force: bool) -> str:
    """Return the options that a repeated command needs beside its files and columns."""
    words = [] if out == Path(FILE_NAME) else ["--out", str(out)]
    words += ["--merge", str(merge)] if merge else []
    return shell_line(*words, *(["--force"] if force else []))


def _source(orders: OrdersMapping) -> dict[str, str | None]:
    if orders.database is None:
        return {"file": str(orders.file)}
    return {"url": orders.url, "table": orders.table, "query": orders.query}


def _absolute(mapping: Any) -> Any:
    if isinstance(mapping, OrdersMapping) and mapping.database is not None:
        return mapping.at(Path.cwd())
    return with_paths(mapping, Path.resolve)


def _churn(log: Log | None, *, open_: bool) -> tuple[Churn, Sentence]:
    """Propose horizon and active window from the orders, or say why not."""
    if open_:
        return Churn("auto"), sentence("horizon_days = auto: the gaps are measured once the questions are answered")
    if log is None:
        return Churn(30, 90), sentence(
            "a horizon of {days}: the orders break rules, so their gaps were not measured", days=Days(30)
        )
    definition = proposed_definition(log)
    churn = Churn(definition.horizon_days, definition.active_days)
    told = sentence(
        "churned = no order for {days}, from the gaps between the shop's own orders; who ordered in the last {horizon} "
        "can churn",
        days=Days(definition.horizon_days),
        horizon=Days(definition.active_days),
    )
    doubt = horizon_doubt(log, definition)
    return churn, sentence("{first}; {second}", first=told.message, second=message_in(doubt)) if doubt else told

"""`regulars init`: from a shop's files to a commented regulars.toml."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.churn.horizon import proposed_definition
from features.errors import InputError
from features.guess.guess import guess
from features.log import Log
from features.questions import by_setting
from features.shell import shell_line
from features.sources.reader import check_files
from serving.commands.result import WordedResult
from serving.config import FILE_NAME, Churn, Settings, toml_text

AFTER_THE_QUESTIONS = Churn("auto"), "horizon_days = auto: the gaps are measured once the questions are answered"


def init_shop(
    orders: Path,
    events: Path | None,
    customers: Path | None,
    out: Path,
    *,
    force: bool,
    columns: Sequence[str] = (),
    set_aside: bool = False,
) -> WordedResult:
    """Guess how a shop's files are to be read and write it down, with a question for what cannot be known.

    Args:
        orders: the orders as exported.
        events: what customers did besides ordering, if any.
        customers: names, owners, segments, consent, if any.
        out: the toml to write; the book and `mlruns/` will lie beside it.
        force: overwrite a file that is there.
        columns: what is known already, each as FIELD=HEADER.
        set_aside: whether rows that break a rule are named in a file, and the others read.

    Raises:
        InputError: a file that cannot be read, a toml that is there already, a required column that was neither
            recognised nor named.
    """
    if out.exists() and not force:
        raise InputError(
            f"{out} is there already; one folder is one shop: take another with --out SHOP/regulars.toml, or --force"
        )
    found = guess(orders, events, customers, named_columns(columns), _rest_of_command(out, force=force))
    settings = Settings(
        shop=found.shop,
        orders=dataclasses.replace(_absolute(found.orders), on_broken="set_aside" if set_aside else "stop"),
        events=_absolute(found.events) if found.events else None,
        customers=_absolute(found.customers) if found.customers else None,
        folder=out.resolve().parent,
    )
    questions = dict(found.questions)
    churn, assumed = AFTER_THE_QUESTIONS
    if not questions:
        report = check_files(settings.shop, settings.orders)
        questions |= {name: f"{each.words} ({each.remedy})" for name, each in by_setting(report.questions).items()}
        churn, assumed = _churn(report.log)
    settings = dataclasses.replace(settings, churn=churn)
    assumptions = (*found.assumptions, assumed)
    with whole(out) as half:
        half.write_text(toml_text(settings, assumptions, questions), encoding="utf-8")
    document = {
        "file": str(out),
        "zone": settings.shop.zone,
        "currency": settings.shop.currency,
        "horizon_days": churn.horizon_days,
        "active_days": churn.active_days,
        "orders": {"file": str(settings.orders.file), "columns": dict(settings.orders.columns)},
        "not_used": {table: list(headers) for table, headers in found.not_used.items()},
        "assumptions": assumptions,
        "questions": questions,
    }
    words = [f"wrote {out}; it assumes:", *(f"  - {line}" for line in assumptions), *_asked(out, questions)]
    return WordedResult(document, [*words, "then: regulars check" if questions else "next: regulars check"])


def _asked(out: Path, questions: Mapping[str, str]) -> Iterator[str]:
    """Say what is to be answered before anything runs."""
    if questions:
        yield f"it asks, and nothing else runs before each answer stands in place of its question in {out}:"
        yield from (f"  - {setting}: {question}" for setting, question in questions.items())


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


def _rest_of_command(out: Path, *, force: bool) -> str:
    """Return the options that a repeated command needs beside its files and columns."""
    words = [] if out == Path(FILE_NAME) else ["--out", str(out)]
    return shell_line(*words, *(["--force"] if force else []))


def _absolute(mapping: Any) -> Any:
    return dataclasses.replace(mapping, file=mapping.file.resolve())


def _churn(log: Log | None) -> tuple[Churn, str]:
    """Propose horizon and active window from the orders, or say why not."""
    if log is None:
        return Churn(30, 90), "a horizon of 30 days: the orders break rules, so their gaps were not measured"
    definition = proposed_definition(log)
    churn = Churn(definition.horizon_days, definition.active_days)
    words = f"churned = no order for {churn.horizon_days} days, from the gaps between the shop's own orders"
    return churn, f"{words}; who ordered in the last {churn.active_days} days can churn"

"""`regulars check`: every broken rule of a shop's files at once, and whether the history is sufficient.

It imports neither models nor workbooks, and the book only where there is one, so that checking a file starts at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.churn.sufficiency import Sufficiency, sufficiency
from features.errors import InputError, Violation, suggest
from features.questions import Question, by_setting
from features.sources.balance.sheet import BalanceSheet
from features.sources.balance.words import document, table
from features.sources.opening.open_file import Place
from features.sources.opening.parts import MOST_SHOWN
from features.sources.reader import check_files, places_of
from features.sources.rules import RULES, RuleCount
from features.sources.violations import BrokenRule
from serving.last_reading import asked_of_jumps, remember_reading
from serving.set_aside import write_set_aside
from serving.shop import OpenShop, calendar_day

SET_ASIDE_WAY = 'Fewer than 1 % of the rows can be set aside: on_broken = "set_aside" under [orders].'


@dataclass(frozen=True, eq=False)
class Checked:
    """What a check found: broken rules, else what the stated rules touched, and whether the history is sufficient."""

    violations: Sequence[Violation]
    rules: Sequence[RuleCount]
    sufficiency: Sufficiency | None
    notes: Sequence[str] = ()
    broken: Sequence[BrokenRule] = ()
    warnings: Sequence[str] = ()
    sheet: BalanceSheet | None = None
    questions: Sequence[Question] = ()
    set_aside: Sequence[Violation] = ()
    set_aside_file: Path | None = None
    rule: str | None = None
    rows_of_rule: Sequence[Place] = ()

    @property
    def ok(self) -> bool:
        """Whether the files can be used: no rule is broken, and no question is open."""
        return not self.violations and not self.questions

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "ok": self.ok,
            "broken": [asdict(rule) for rule in self.broken],
            "violations": [asdict(violation) for violation in self.violations],
            "warnings": list(self.warnings),
            "questions": [asdict(question) for question in self.questions],
            "rules": [{"rule": rule.rule, "rows": rule.rows, "meaning": rule.meaning} for rule in self.rules],
            "balance_sheet": document(self.sheet) if self.sheet else None,
            "set_aside": [asdict(row) for row in self.set_aside],
            "set_aside_file": str(self.set_aside_file) if self.set_aside_file else None,
            "rows_of_rule": [{"file": row.file, "line": row.line, "cells": row.record} for row in self.rows_of_rule],
            "sufficiency": asdict(self.sufficiency) if self.sufficiency else None,
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person; where the rows of a rule are asked for, nothing else."""
        if self.rule and self.sheet:
            yield f"{len(self.rows_of_rule):,} rows, {self.rule}: {RULES[self.rule]}"
            yield from (f"  {row.file}, line {row.line}: {'; '.join(row.record)}" for row in self.rows_of_rule)
            return
        for violation in self.violations:
            yield str(violation)
        yield from (f"warning: {warning}" for warning in self.warnings)
        if any(violation.line is not None and violation.value for violation in self.violations):
            yield SET_ASIDE_WAY
        if self.violations:
            yield self._verdict()
        if self.sheet:
            yield from (*table(self.sheet), "")
        if self.set_aside_file:
            yield f"rows set aside are named in {self.set_aside_file}: line, cell and rule of each"
        for rule in self.rules:
            if rule.rows:
                yield f"{rule.rows:>10,}  {rule.rule}: {rule.meaning}"
        if self.questions:
            yield from ("", "Nothing is decided in silence; no other command runs before these are answered:")
            yield from (f"  {each.words}\n    {each.remedy}" for each in self.questions)
        if self.sufficiency:
            yield from ("", *self.notes)
            yield from (self.sufficiency.verdict, *(f"  possible: {way}" for way in self.sufficiency.possible))

    def _verdict(self) -> str:
        rules, cells = len(self.broken), sum(rule.cells for rule in self.broken)
        count = f"{rules:,} rule{'s' if rules != 1 else ''} broken, in {cells:,} cell{'s' if cells != 1 else ''}"
        more = any(rule.cells > MOST_SHOWN for rule in self.broken)
        return count + (f"; the first {MOST_SHOWN} of each are shown" if more else "") + "; nothing was read"


def check_shop(shop: OpenShop, rule: str | None = None) -> Checked:
    """Check all files against the contract and the history against what training needs.

    Args:
        shop: the open shop.
        rule: of which only the rows are listed that it left out.

    Raises:
        InputError: no such rule, or a column that [features] names may not be a feature.
    """
    if rule is not None and rule not in RULES:
        raise InputError(f'no rule is called "{rule}".{suggest(rule, RULES)}')
    settings = shop.settings
    files = settings.orders, settings.events, settings.customers
    report = check_files(settings.shop, *files, latest=calendar_day(settings), forgotten=shop.forgotten)
    if report.log is None:  # nothing was read, so no rule has left out or converted anything
        return Checked(report.violations, (), None, (), report.broken, report.warnings)
    assert report.sheet is not None
    _ = shop.attributes  # a column that may not be a feature is refused here, and not in the middle of training
    compared = shop.known_at is None  # else only some of the exports are read
    jumped = asked_of_jumps(settings, report.sheet) if compared else ()
    asked = tuple(by_setting((*report.questions, *jumped)).values())
    if compared and not asked:
        remember_reading(settings, report.sheet)
    definition = settings.definition_for(report.log)
    enough = sufficiency(report.log, definition)
    rows = places_of(settings.orders, report.sheet.rows_of(rule)) if rule and report.sheet else []
    return Checked(
        report.violations,
        report.rules,
        enough,
        settings.auto_note(definition),
        sheet=report.sheet,
        questions=asked,
        set_aside=report.set_aside,
        set_aside_file=write_set_aside(settings, report.set_aside),
        rule=rule,
        rows_of_rule=rows,
    )

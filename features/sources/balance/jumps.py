"""Asks about a rule whose share of the rows or of the money is another than when this shop was last read.

A status column that lost its words, or an export of other documents, shows there first: what was left out before is
counted now, or the other way round. A share has jumped where it is more than three times what it was, or less than a
third, and more than a percentage point away; of few rows only where chance would rarely do that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from features.language.messages import Sentence, sentence
from features.language.typed_values import Digits, Number, Value
from features.questions import Question
from features.sources.balance.iran_units import mean_of_order_day, since_last_reading
from features.sources.balance.limits import (
    LEAST_ROWS,
    OUT_OF_PROPORTION,
    STATED,
    accepted_question,
    bounds,
    share_of_money,
)
from features.sources.balance.sheet import RETURNS, BalanceSheet, SheetLine

TIMES, POINTS = 3.0, 0.01


@dataclass(frozen=True)
class Shares:
    """What a rule took of an orders file: its share of the rows, and of the money."""

    rows: float
    money: float


@dataclass(frozen=True)
class FormerReading:
    """How an orders file was read before.

    Args:
        rows: of the file.
        shares: rule → what it took; a rule that took nothing is left out.
        mean_minor: what a customer bought on a day, minor units; 0 = not known.
    """

    rows: int
    shares: Mapping[str, Shares]
    mean_minor: float = 0.0

    @classmethod
    def of(cls, sheet: BalanceSheet) -> FormerReading:
        """Return what is remembered of a reading."""
        lines = {line.rule: line for line in _lines(sheet) if line.rows}
        shares = {rule: _shares(line, sheet) for rule, line in lines.items()}
        return cls(sheet.read.rows, shares, mean_of_order_day(sheet))


def jumps(sheet: BalanceSheet, before: FormerReading, accepted: Sequence[str]) -> tuple[Question, ...]:
    """Return a question for each rule whose share jumped; one alone where all amounts are in another unit.

    Args:
        sheet: of this reading.
        before: the last reading that raised no question.
        accepted: the rules that the shop has said are right.
    """
    unit = since_last_reading(sheet, before.mean_minor, accepted)
    if unit is not None:
        return (unit,)  # whatever else moved, moved with it
    if min(sheet.read.rows, before.rows) < LEAST_ROWS:
        return ()
    lines = {line.rule: line for line in _lines(sheet)}
    rules = [rule for rule in {**lines, **before.shares} if rule not in accepted]
    nothing = {rule: SheetLine(rule, 0, 0, 0, {}) for rule in rules}
    asked = (_asked(lines.get(rule, nothing[rule]), sheet, before) for rule in rules)
    return tuple(accepted_question(rule, words, accepted) for found in asked for rule, words in found)


def _lines(sheet: BalanceSheet) -> Iterator[SheetLine]:
    yield from (line for line in (*sheet.left_out, sheet.returns) if line.rule not in STATED)


def _shares(line: SheetLine, sheet: BalanceSheet) -> Shares:
    return Shares(line.rows / sheet.read.rows, share_of_money(line, sheet))


def _asked(line: SheetLine, sheet: BalanceSheet, before: FormerReading) -> Iterator[tuple[str, Sentence]]:
    now, then = _shares(line, sheet), before.shares.get(line.rule, Shares(0.0, 0.0))
    low, high = bounds(line.rows, sheet.read.rows)
    rose = low > max(TIMES * then.rows, then.rows + POINTS)
    fell = high < min(then.rows / TIMES, then.rows - POINTS)
    # A single large order moves the money of a small file: beside its rows it has to be out of proportion.
    more = now.money > max(TIMES * then.money, then.money + POINTS, OUT_OF_PROPORTION * now.rows)
    if rose or fell or more:
        yield line.rule, _compared(line, now, then)


def _compared(line: SheetLine, now: Shares, then: Shares) -> Sentence:
    shares = {"rows_now": now.rows, "money_now": now.money, "rows_then": then.rows, "money_then": then.money}
    facts: dict[str, Value] = {
        "rows": Number(line.rows),
        **{name: Digits(f"{share:.1%}"[:-1]) for name, share in shares.items()},
    }
    if line.rule == RETURNS:
        return sentence(
            "{rows_now}% of the rows ({rows}) with {money_now}% of the money are returns; when this shop was last "
            "read it was {rows_then}% with {money_then}%.",
            **facts,
        )
    return sentence(
        '{rows_now}% of the rows ({rows}) with {money_now}% of the money are left out by the rule "{rule}"; when '
        "this shop was last read it was {rows_then}% with {money_then}%.",
        rule=line.rule,
        **facts,
    )

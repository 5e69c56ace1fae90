"""Asks about what is too much to be decided in silence: a rule that takes many rows, a customer who is half the shop.

Each question is answered once, in `regulars.toml`: `[orders] accept = ["guests"]`. Small files are not asked about: of
eight rows, one cancelled is no news.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

import numpy as np

from features.clock import date_of
from features.language.messages import Message, Sentence, in_a_row, message_in, sentence
from features.language.typed_values import Digits, Name, Number, Percent, Value
from features.log import Ints, Log
from features.money import RIALS, Money
from features.questions import Answer, Question
from features.sources.balance.sheet import ORDER_LINES, BalanceSheet, SheetLine
from features.sources.balance.words import grouped
from features.sources.rules import (
    EMPTY_MONTHS,
    FORGOTTEN,
    LARGE_CUSTOMER,
    ONE_DAY,
    ONE_ORDER,
    OVERLAP,
    RAGGED,
    ROUNDED,
    SET_ASIDE,
)

LEAST_ROWS = 100  # a share of fewer rows says little
LARGEST_CUSTOMER, BUSIEST_DAY, MOST_ROUNDED = 0.1, 0.2, 0.05
OUT_OF_PROPORTION = 3.0  # money of a rule beside its rows
MOST_OF_RULE = {"duplicate lines": 0.02}  # a shop that exports twice knows it
LEAST_DAYS, LEAST_CUSTOMERS = 30, 30
# Left out because the user says so, or because the same order stands elsewhere in the file.
STATED = frozenset(
    {
        "on or after until",
        "blank lines",
        "total rows",
        "earlier states",
        OVERLAP,
        "placeholders",
        SET_ASIDE,
        RAGGED,
        FORGOTTEN,
    }
)


@dataclass(frozen=True)
class Months:
    """The months that have rows in the log, and how many rows of each were left out in silence.

    A month is counted from January 1970.
    """

    kept: frozenset[int]
    left_out: Mapping[int, int]

    @classmethod
    def of(cls, sheet: BalanceSheet, days: Ints) -> Months:
        """Count the rows of a sheet.

        Args:
            sheet: of the orders file.
            days: business day number of each row of the file.
        """
        lost, there = _left_out_in_silence(sheet), sheet.fate == 0
        kept = frozenset[int]()
        if there.any():
            first, often = _rows_by_day(days[there])
            kept = frozenset(_months(first + np.flatnonzero(often)).tolist())
        out, rows = np.unique(_months(days[lost]), return_counts=True)
        return cls(kept, dict(zip(out.tolist(), rows.tolist(), strict=True)))

    @classmethod
    def added(cls, parts: Sequence[Months]) -> Months:
        """Put the months of partitions of a file together.

        >>> Months.added([Months(frozenset({1}), {2: 5}), Months(frozenset({3}), {2: 1})]).left_out
        Counter({2: 6})
        """
        left_out = sum((Counter(part.left_out) for part in parts), Counter[int]())
        return cls(frozenset().union(*(part.kept for part in parts)), left_out)


def doubts(
    sheet: BalanceSheet, log: Log, months: Months, accepted: Sequence[str], most_left_out: float
) -> tuple[Question, ...]:
    """Return what the shop is asked about its orders.

    Args:
        sheet: of the orders file.
        log: rolled up from it.
        months: of its rows.
        accepted: what the shop has said is right: rules, and the names in DOUBTS.
        most_left_out: share of the rows or of the money that a rule may take unasked.
    """
    small = sheet.read.rows < LEAST_ROWS
    asked = (*_lost_decimals(sheet), *(() if small else _of_large_files(sheet, log, months, most_left_out)))
    return tuple(accepted_question(name, words, accepted) for name, words in asked if name not in accepted)


def _of_large_files(sheet: BalanceSheet, log: Log, months: Months, most_left_out: float) -> Iterator[tuple[str, str]]:
    yield from (
        *_large_rules(sheet, most_left_out),
        *_empty_months(months),
        *_large_customer(log),
        *_one_order_each(log),
        *_busiest_day(log),
    )


def accepted_question(name: str, words: str, accepted: Sequence[str]) -> Question:
    """Return the question whether something is right, which `accept` under [orders] answers.

    Args:
        name: of a rule, or one of DOUBTS.
        words: what is the case.
        accepted: what the shop has accepted before.
    """
    yes = Answer(sentence("yes, that is right"), {"orders.accept": (*accepted, name)})
    no = Answer(sentence("no, the file is read wrongly"), {})
    if name == "duplicate lines":
        no = Answer(sentence("no, these are lines of their own"), {"orders.keep_repeats": True})
    return Question("orders.accept", sentence("{case} Is that right?", case=message_in(words)), (yes, no))


def _lost_decimals(sheet: BalanceSheet) -> Iterator[tuple[str, str]]:
    """Ask about amounts with decimals in a currency that has none: most likely the currency is another."""
    rounded = sum(change.rows for change in sheet.changes if (change.rule, change.of) == (ROUNDED, ORDER_LINES))
    without = Money(sheet.currency).decimals == 0 and sheet.currency not in RIALS  # those are asked: iran_units.py
    if without and rounded > MOST_ROUNDED * sheet.order_lines.rows:
        yield (
            ROUNDED,
            Sentence.of(
                Message(
                    "{count} amount has decimals, which {currency} has not; it is rounded.",
                    {"count": rounded, "currency": sheet.currency},
                    plural="{count} amounts have decimals, which {currency} has not; they are rounded.",
                    count=rounded,
                )
            ),
        )


def _large_rules(sheet: BalanceSheet, most: float) -> Iterator[tuple[str, str]]:
    for line in sheet.left_out:
        rows, money = line.rows / sheet.read.rows, share_of_money(line, sheet)
        limit = min(most, MOST_OF_RULE.get(line.rule, most))
        surely = bounds(line.rows, sheet.read.rows)[0] > limit
        if line.rule not in STATED and (surely or money > max(limit, OUT_OF_PROPORTION * rows)):
            yield line.rule, _much_left_out(line, sheet, money)


def _much_left_out(line: SheetLine, sheet: BalanceSheet, money: float) -> Sentence:
    rows, every = line.rows, sheet.read.rows
    share, rule = Percent(rows / every), Name(line.rule)
    facts: dict[str, Value] = {"rows": Number(rows), "all": Number(every), "rows_share": share, "rule": rule}
    if not any(line.money.values()):
        return sentence('{rows} of {all} rows ({rows_share}) are left out by the rule "{rule}".', **facts)
    amounts = (
        sentence("{amount} {currency}", amount=Digits(grouped(amount)), currency=currency)
        for currency, amount in line.money.items()
    )
    return sentence(
        "{rows} of {all} rows ({rows_share}) with {money} ({money_share} of the money) are left out by the rule "
        '"{rule}".',
        money=in_a_row(amounts, commas=True),
        money_share=Percent(money),
        **facts,
    )


def bounds(rows: int, of: int) -> tuple[float, float]:
    """Return the ends of the interval of a share (Wilson 1927, 95 % on either side): of few rows, many are no news.

    >>> low, high = bounds(4, 100)
    >>> round(low, 3), round(high, 3)
    (0.018, 0.086)
    """
    z, share = 1.645, rows / of
    middle, width = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - width) / (1 + z * z / of), (middle + width) / (1 + z * z / of)


def share_of_money(line: SheetLine, sheet: BalanceSheet) -> float:
    """Return the largest share of any currency's money that a line holds."""
    shares = (
        abs(amount) / abs(sheet.read.money[currency])
        for currency, amount in line.money.items()
        if sheet.read.money.get(currency)
    )
    return float(max(shares, default=Decimal(0)))


def _empty_months(months: Months) -> Iterator[tuple[str, str]]:
    """Ask about months that have rows in the file and none in the log, between months that have."""
    kept = months.kept
    if not kept or not months.left_out:
        return
    between = (month for month in sorted(months.left_out) if min(kept) < month < max(kept))
    empty = [(month, months.left_out[month]) for month in between if month not in kept]
    if empty:
        named = in_a_row((_month(month, rows) for month, rows in empty[:3]), commas=True)
        if len(empty) > 3:
            more = len(empty) - 3
            words = Sentence.of(
                Message(
                    "All rows of {months} and {more} more month are left out.",
                    {"months": named, "more": more},
                    plural="All rows of {months} and {more} more months are left out.",
                    count=more,
                )
            )
        else:
            words = sentence("All rows of {months} are left out.", months=named)
        yield EMPTY_MONTHS, words


def _month(month: int, rows: int) -> Sentence:
    held: dict[str, str | int] = {"month": str(np.datetime64(int(month), "M")), "rows": int(rows)}
    return Sentence.of(Message("{month} ({rows} row)", held, plural="{month} ({rows} rows)", count=int(rows)))


def _left_out_in_silence(sheet: BalanceSheet) -> np.typing.NDArray[np.bool_]:
    silent = [code > 0 and rule not in STATED for code, rule in enumerate(sheet.rules)]
    return np.array(silent)[sheet.fate]


def _large_customer(log: Log) -> Iterator[tuple[str, str]]:
    orders = _orders_of(log)
    if np.count_nonzero(orders) >= LEAST_CUSTOMERS and orders.max() > LARGEST_CUSTOMER * orders.sum():
        who, share = log.customer_ids[int(orders.argmax())], orders.max() / orders.sum()
        facts = {"customer": who, "count": int(orders.max()), "share": Percent(share)}
        yield LARGE_CUSTOMER, sentence('One customer, "{customer}", has {count} orders, {share} of all.', **facts)


def _one_order_each(log: Log) -> Iterator[tuple[str, str]]:
    orders = _orders_of(log)
    buyers = int(np.count_nonzero(orders))
    if buyers >= LEAST_ROWS and orders.max() == 1:
        words = sentence(
            "None of the {count} customers ever comes again, as if each order had an id of its own.", count=buyers
        )
        yield ONE_ORDER, words


def _busiest_day(log: Log) -> Iterator[tuple[str, str]]:
    stream = log.streams["orders"]
    first, orders = _rows_by_day(stream.day, stream.columns["orders"])
    if np.count_nonzero(orders) >= LEAST_DAYS and orders.max() > BUSIEST_DAY * orders.sum():
        busiest, share = date_of(first + int(orders.argmax())), orders.max() / orders.sum()
        count, part = int(orders.max()), Percent(share)
        words = sentence(
            "{count} orders, {share} of all, lie on one day, {day:table}.", count=count, share=part, day=busiest
        )
        yield ONE_DAY, words


def _rows_by_day(days: Ints, weights: Ints | None = None) -> tuple[int, np.typing.NDArray[np.float64 | np.int64]]:
    """Return the first day, and how many rows each day has from then on."""
    first = int(days.min())
    return first, np.bincount(days - first, weights=weights)


def _months(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _orders_of(log: Log) -> Ints:
    """Return how many orders each customer has."""
    stream = log.streams["orders"]
    return np.diff(np.concatenate([[0], np.cumsum(stream.columns["orders"])])[stream.starts])

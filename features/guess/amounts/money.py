"""Guesses what a line is worth: which columns are money and quantity, and what they are money of.

Names propose, the rows decide: whichever reading makes the columns agree is taken and told. Where two readings fit and
give different money, the likely one is taken and a question is put.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from features.guess.amounts.arithmetic import AGREES, Floats, agreement, values, zeros
from features.guess.amounts.discounts import DiscountColumns, discount_settings
from features.guess.amounts.minor_units import amount_unit
from features.guess.amounts.refunds import in_own_rows, worth_of
from features.guess.amounts.unit_or_line import price_is_of_line
from features.guess.columns import money_names as names
from features.guess.order_rows import OrderRows
from features.guess.sample import is_number
from features.language.messages import Message, Sentence, sentence
from features.language.typed_values import Number
from features.questions import Answer, Question, quoted
from features.sources.plain_text import plain

FEW_PIECES = 5  # the usual line has no more of one product
ENOUGH_TO_TELL = 3  # orders of several lines: of fewer, equal amounts may be chance


@dataclass
class MoneyReading:
    """The columns of money and quantity, and the settings of OrdersMapping that say how they are read.

    Args:
        columns: field of ORDERS -> index of its column, None where there is none.
        settings: of OrdersMapping.
    """

    columns: dict[str, int | None] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"amount_is": "line", "price_times_quantity": False})

    @property
    def needed(self) -> tuple[str, ...]:
        """The fields without which these settings cannot be read."""
        if self.settings["amount_is"] == "none":
            return ()
        return ("price",) if self.settings["price_times_quantity"] else ("amount",)


def money_reading(rows: OrderRows) -> MoneyReading:
    """Guess what a line is worth.

    Args:
        rows: the first rows of the orders file.
    """
    return _Guess(rows).reading()


class _Guess:
    """The columns that may be money, and what is found out about them."""

    def __init__(self, rows: OrderRows) -> None:
        self.sample, self.rows = rows.sample, rows
        self.found = MoneyReading()
        self.refund = self._find("refunded", names.REFUND)
        self.refund = self._by_words() if self.refund is None else self.refund
        self.price = self._find("price", names.PRICE)
        self.quantity = self._find("quantity", names.QUANTITY)
        self.quantity = self._pieces() if self.quantity is None and self.price is not None else self.quantity
        self.discount = self._find("discount", names.DISCOUNT)
        self.tax, self.freight = (self._find(None, each) for each in (names.TAX, names.FREIGHT))

    def _find(self, name: str | None, known: Sequence[str]) -> int | None:
        if name in self.sample.given:
            return self.sample.given[name]
        found = self.sample.find(known, self._is_number)
        return self._without_unit(known) if found is None else found

    def _pieces(self) -> int | None:
        """Return a column called amount that holds small whole numbers beside prices: pieces, as is asked."""
        sample = self.sample
        index = sample.find(names.PIECES_OR_MONEY, self._is_number)
        if index is None or "amount" in sample.given or self.price is None:
            return None
        pieces, prices = (zeros(values(sample, each)) for each in (index, self.price))
        whole = all(cell.lstrip("-").isdigit() for cell in sample.filled(index))
        if not whole or np.median(np.abs(pieces)) > FEW_PIECES or np.median(prices) <= FEW_PIECES:
            return None
        name, price, key = sample.name(index), sample.name(self.price), "orders.columns.quantity"
        words = sentence(
            '"{column}" holds small whole numbers beside "{price}": is it how many pieces, or money?',
            column=name,
            price=price,
        )
        answers = (
            Answer(sentence("pieces"), {key: name}),
            Answer(sentence("money"), {"orders.columns.amount": name, key: None}),
        )
        sample.ask(Question(key, words, answers, tuple(sample.filled(index)[:3])))
        return sample.take(index)

    def _is_number(self, index: int) -> bool:
        return is_number(self.sample, index)

    def _without_unit(self, known: Sequence[str]) -> int | None:
        """Return the column that has a known name beside its minor unit, such as amount_cents."""
        for index, header in enumerate(self.sample.file.header):
            bare = names.MINOR.sub("", header)
            if bare != header and plain(bare) in known and index not in self.sample.used and self._is_number(index):
                return index
        return None

    def _by_words(self) -> int | None:
        """Return the column of refunds whose header says so in words of its own, such as Order Refund Amount."""
        for index, header in enumerate(self.sample.file.header):
            fits = names.REFUNDED.search(header) and not names.NO_MONEY.search(header) and index not in self.sample.used
            if fits and self.sample.filled(index) and self._is_number(index):
                return index
        return None

    def reading(self) -> MoneyReading:
        """Return the reading, each of its steps told."""
        amount = self._amount()
        found = self.found
        by_unit = amount is None and self.price is not None and self.quantity is not None
        found.settings["price_times_quantity"] = by_unit
        if by_unit:
            self._say(sentence("The amount of a line is {price} × {quantity}.", **self._factors))
        elif amount is None:
            found.settings["amount_is"] = "none" if self._holds_no_money() else "line"
        found.columns |= {
            "price": self.price if by_unit else None,
            "quantity": self.quantity,
            "amount": amount,
            "refunded": self.refund,
            "discount": self.discount,
        }
        if self.discount is not None:
            self._discount(amount)
        self._refund(amount)
        found.settings["amount_unit"] = amount_unit(self.sample, self.price if by_unit else amount)
        return found

    def _amount(self) -> int | None:
        """Choose between the line's own amount, the order's total, price × quantity, and a bare price."""
        sample, has_lines = self.sample, self.rows.are_lines
        if "amount" in sample.given:
            return self._level(sample.given["amount"], has_lines)
        if "price" in sample.given and self.quantity is not None:
            return None
        after = self._after_discount()
        if after is not None:
            return self._level(after, has_lines)
        line = self._find(None, names.LINE_AMOUNT)
        total = self._find(None, names.ORDER_TOTAL)
        if line is not None and not (has_lines and self._repeated(line)):
            if not has_lines and self.rows.several:
                return self._level(line, has_lines)
            self._say(sentence("The amount of a line is {column}.", column=self._name(line)))
            return line
        for index in (total, line):
            if index is not None and has_lines and self.rows.of_order(index):
                return self._level(index, has_lines)
        if total is not None and (not has_lines or self.price is None):
            return self._level(total, has_lines)
        if total is not None and self._is_product(total):
            name = self._name(total)
            self._say(
                sentence("The amount of a line is {column}: it is {price} × {quantity}.", column=name, **self._factors)
            )
            return total
        if self.price is not None and (self.quantity is None or self._price_is_of_line(total)):
            name = self._name(self.price)
            if self.quantity is None:
                self._say(sentence("The amount of a line is {column}; there is no quantity.", column=name))
            else:
                self._say(sentence("The amount of a line is {column}, of all its units.", column=name))
            price, self.price = self.price, None
            return price
        return None

    def _level(self, index: int, has_lines: bool) -> int:
        """Say whether an amount is the line's or the order's."""
        if has_lines and self.rows.of_order(index):
            self.found.settings["amount_is"] = "order"
            self._say(
                sentence("The amount is the order's total {column}, counted once per order.", column=self._name(index))
            )
        elif not has_lines and self.rows.several:
            self.found.settings["amount_is"] = "order"
            self._say(
                sentence(
                    "The amount is {column}: a row is an order, and {some} of {every} orders come several times, of "
                    "which the latest state counts.",
                    column=self._name(index),
                    some=Number(len(self.rows.several)),
                    every=Number(self.rows.n_orders),
                )
            )
        else:
            of_line = sentence("The amount of a line is {column}.", column=self._name(index))
            self._say(of_line if has_lines else sentence("The amount is {column}.", column=self._name(index)))
        return index

    def _repeated(self, index: int) -> bool:
        """Say whether a line's amount is one value per order all the same, and no product of price and quantity."""
        if not self.rows.of_order(index):
            return False
        if self.price is None or self.quantity is None or self.price == index:
            return len(self.rows.several) >= ENOUGH_TO_TELL or self._ask_of_order(index)
        product = values(self.sample, self.price) * values(self.sample, self.quantity)
        return not agreement(values(self.sample, index), product) >= AGREES

    def _ask_of_order(self, index: int) -> bool:
        """Ask whether the same money on the few rows of an order is that of each line, or the order's on each."""
        name = self.sample.name(index)
        of_line = Answer(sentence("of the line: all of them are added up"), {"orders.amount_is": "line"})
        of_order = Answer(sentence("of the whole order: it counts once"), {"orders.amount_is": "order"})
        examples = tuple(self.sample.columns[index][row] for row in self.rows.several[0])
        question = sentence(
            'Is "{column}" the money of a line or of the whole order? It is the same on all lines of an order.',
            column=name,
        )
        self.sample.ask(Question("orders.amount_is", question, (of_line, of_order), examples[:3]))
        return False

    def _after_discount(self) -> int | None:
        """Return the amount whose header says that a discount is taken off it, and note the one before."""
        sample = self.sample
        free = [
            index for index in range(len(sample.plain))
            if index not in sample.used and sample.filled(index) and is_number(sample, index)
        ]  # fmt: skip
        after = [
            index for index in free
            if names.AFTER_DISCOUNT.search(sample.name(index)) and not names.BEFORE_DISCOUNT.search(sample.name(index))
        ]  # fmt: skip
        if not after:
            return None
        paid = zeros(values(sample, after[0]))
        before = [
            index for index in free
            if index not in (after[0], self.discount, self.quantity) and self._is_before(index, paid)
        ]  # fmt: skip
        if before and self.discount is None:
            self.found.columns["before_discount"] = before[0]
            self._say(
                sentence("{column} is before discount: the difference is the discount.", column=self._name(before[0]))
            )
        return after[0]

    def _is_before(self, index: int, paid: Floats) -> bool:
        column = values(self.sample, index)
        known = (*names.LINE_AMOUNT, *names.ORDER_TOTAL)
        named = self.sample.plain[index] in known or names.BEFORE_DISCOUNT.search(self.sample.name(index)) is not None
        return named and bool((zeros(column) >= paid - 0.005).all())

    def _is_product(self, index: int) -> bool:
        """Say whether a column is price × quantity on the rows, and quantities differ from 1 on some."""
        if self.price is None or self.quantity is None:
            return False
        pieces = values(self.sample, self.quantity)
        product = values(self.sample, self.price) * pieces
        return agreement(values(self.sample, index), product) >= AGREES and bool((zeros(pieces) > 1).any())

    def _price_is_of_line(self, total: int | None) -> bool:
        assert self.price is not None
        assert self.quantity is not None
        more = [index for index in (self.tax, self.freight) if index is not None]
        less = [index for index in (self.discount,) if index is not None]
        return price_is_of_line(self.rows, self.price, self.quantity, total, more, less)

    def _discount(self, amount: int | None) -> None:
        assert self.discount is not None
        columns = DiscountColumns(self.rows, self.discount, amount, self.price, self.quantity)
        settings = discount_settings(columns, of_order=self.found.settings["amount_is"] == "order")
        self.found.settings |= settings or {}
        if settings is None:
            self.found.columns["discount"] = None

    def _refund(self, amount: int | None) -> None:
        if self.refund is None:
            return
        worth = worth_of(self.sample, amount, self.price, self.quantity)
        if "refunded" not in self.sample.given and in_own_rows(self.rows, worth, self.refund):
            self.found.columns["refunded"] = None
            self._say(
                sentence(
                    "{column} is what rows below zero say themselves: it is not taken off again.",
                    column=self._name(self.refund),
                )
            )
            return
        name, of_order = self._name(self.refund), self.found.settings["amount_is"] == "order"
        if not of_order and self.rows.are_lines and self.rows.of_order(self.refund):
            of_order, self.found.settings["refund_is"] = True, "order"
        if of_order:
            self._say(sentence("{column} is money that came back of the order: it is taken off.", column=name))
        else:
            self._say(sentence("{column} is money that came back of the line: it is taken off.", column=name))

    def _holds_no_money(self) -> bool:
        """Say whether nothing in the file could be money, so that orders can only be counted."""
        sample = self.sample
        for index in range(len(sample.plain)):
            used = index in sample.used or index in (self.quantity,) or not sample.filled(index)
            if not used and is_number(sample, index) and not names.NO_MONEY.search(sample.name(index)):
                return False
        self._say(sentence('The file holds no money: orders are counted, and nothing is valued (amount_is = "none").'))
        return True

    @property
    def _factors(self) -> dict[str, Message]:
        return {"price": self._name(self.price), "quantity": self._name(self.quantity)}

    def _name(self, index: int | None) -> Message:
        return (sentence("nothing") if index is None else quoted(self.sample.name(index))).message

    def _say(self, told: Sentence) -> None:
        self.sample.assume(told)

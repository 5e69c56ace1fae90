"""The input contract: what a shop's files must say, column by column.

Three tables: ORDERS (an order line, or an order, per row), EVENTS (anything else that a customer did, or that the
shop sent), CUSTOMERS (who they are, whose they are, and what is open between them and the shop). A file's own column
names are mapped to these in `regulars.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "time", "clock", "date", "money", "number", "flag", "text"]


@dataclass(frozen=True)
class Field:
    """One column of the contract: what it means, and the rule that its cells must keep.

    `kind` says how a cell is read: 'id' as written, without spaces or a spreadsheet's wrapping around it (leading
    zeros kept), 'text' as written, 'time' as a date with or without time and zone, 'clock' as a time of day, 'date' as
    the date of the calendar that is written there, 'money' as an amount of the shop's currency, 'number', 'flag' as
    yes or no.

    >>> ORDERS[6].name, ORDERS[6].kind
    ('amount', 'money')
    """

    name: str
    kind: Kind
    required: bool
    meaning: str
    rule: str


ORDERS = (
    Field(
        "order_id",
        "id",
        False,
        "the order or invoice that the line belongs to",
        "one order has one customer and one date; without it, a customer's lines of one day are one order",
    ),
    Field(
        "line_id",
        "id",
        False,
        "the line within the order",
        "a line that comes again under one order id, the same in all cells, counts once",
    ),
    Field(
        "customer_id",
        "id",
        True,
        "who bought",
        "a line without a customer is a guest's and is left out; an id with @ is a mail address, case ignored",
    ),
    Field(
        "ordered_at",
        "time",
        True,
        "when it was ordered",
        "a date, or a date and time; all with a zone or none; between 1980 and 2200",
    ),
    Field(
        "time",
        "clock",
        False,
        "the time of ordered_at, where it stands in a column of its own",
        "14:30, 2:30 PM, 1430 or the hour alone; not read where ordered_at has a time itself",
    ),
    Field(
        "zone",
        "text",
        False,
        "the zone of ordered_at, where it stands in a column of its own",
        "a name such as Europe/Athens, UTC or PST, or an offset such as +02:00",
    ),
    Field(
        "amount",
        "money",
        True,
        "money of the line after discount (or of the whole order, see amount_is)",
        "negative means returned; under 10^12, and under 10^13 minor units",
    ),
    Field(
        "price",
        "money",
        False,
        "money of one unit, where amount is price × quantity",
        "the line's amount is price × quantity − discount, kept to six decimals",
    ),
    Field(
        "quantity",
        "number",
        False,
        "units of the line",
        "negative means returned, and then the amount may not be positive; one unit when not given",
    ),
    Field(
        "discount",
        "money",
        False,
        "money taken off the line (off the order, when amounts are the order's)",
        "the sign does not matter",
    ),
    Field(
        "before_discount",
        "money",
        False,
        "money of the line (of the order, when amounts are the order's) before discount",
        "what it exceeds the amount by is the discount, where no column holds that",
    ),
    Field(
        "refunded",
        "money",
        False,
        "money of the line, or of the order, that came back",
        "a sale is worth less by it; what came back whole is a return; the sign does not matter",
    ),
    Field("product_id", "id", False, "what was bought", "empty means unknown"),
    Field(
        "category",
        "text",
        False,
        "what kind of thing was bought, such as filters",
        "words that can be said; empty means unknown",
    ),
    Field("returned", "flag", False, "the line came back", "yes or no; a returned line is never an order"),
    Field(
        "status",
        "text",
        False,
        "the state of the order",
        "cancelled and failed orders are left out, refunded ones are returns; words that nobody knows are asked about",
    ),
    Field(
        "type",
        "text",
        False,
        "the kind of document, such as invoice, credit memo, payment",
        "a credit memo is a return, a payment or an estimate is no order; words that nobody knows are asked about",
    ),
    Field("cancelled", "flag", False, "the order did not go through", "yes or no; such an order is left out"),
    Field("cancelled_at", "text", False, "when the order was cancelled", "anything written here means cancelled"),
    Field(
        "updated_at",
        "text",
        False,
        "when the order was changed last",
        "of an order that comes several times, the latest state counts; without it, the last one in the file",
    ),
    Field("test", "flag", False, "the order was a test", "yes or no; a test order is left out"),
    Field(
        "currency",
        "text",
        False,
        "the currency of the line, ISO 4217",
        "another currency than the shop's needs a rate under [shop.exchange_rates]",
    ),
)

EVENTS = (
    Field("event_id", "id", False, "the event", "the same event id again is the same event; repeats are left out"),
    Field("customer_id", "id", True, "who did it, or to whom it was sent", "an event without customer is left out"),
    Field(
        "kind",
        "text",
        True,
        "what happened, such as mail_sent, mail_clicked, visit, review, ticket",
        "up to 40 letters, digits and _; at most 60 kinds; what the shop itself does ends in _sent",
    ),
    Field("happened_at", "time", True, "when it happened", "as for ordered_at"),
    Field("value", "number", False, "a number that goes with it, such as stars or points", "under 10^12"),
)

# How to reach a customer: of the customers file, or of the orders. None of it is a feature but the country of a
# customers file, where the shop says so.
CONTACTS = (
    Field("name", "text", False, "how to address the customer", "shown on lists, never a feature"),
    Field("last_name", "text", False, "the family name, where name is the given one only", "joined to the name"),
    Field("phone", "text", False, "the telephone number", "a text without a digit is none"),
    Field("mail", "text", False, "the mail address", "a text without an @ is none"),
    Field("language", "text", False, "the language to write in", "any text, such as el or Greek"),
    Field("country", "text", False, "the country that the customer lives in", "any text, such as GR or Greece"),
)

CUSTOMERS = (
    Field("customer_id", "id", True, "the customer, as in the orders", "one row per customer"),
    *CONTACTS,
    Field("owner", "text", False, "the account manager or store that looks after the customer", "any text"),
    Field("segment", "text", False, "the shop's own group of customers", "any text"),
    Field(
        "consent",
        "text",
        False,
        "whether, and through which channels, the customer may be contacted",
        "yes, no, or channels such as: mail, call; in English, Greek or Persian; empty means unknown",
    ),
    Field("account", "id", False, "the parent that the customer is a branch of", "without it, the customer itself"),
    Field("open_ticket", "flag", False, "a complaint or request of the customer is open", "yes or no"),
    Field("in_transit", "flag", False, "an order is on its way to the customer", "yes or no"),
    Field("points", "number", False, "loyalty points that have not been used", "under 10^12"),
    Field("points_expire_on", "date", False, "when the next points expire", "a date between 1980 and 2200"),
    Field("tier", "text", False, "the level of the loyalty programme", "any text"),
    Field("tier_drops_on", "date", False, "when the level is lost unless something is done", "as points_expire_on"),
    Field("membership_until", "date", False, "the last day of a membership", "as points_expire_on"),
    Field(
        "known_from",
        "date",
        False,
        "since when what the row says is known",
        "as points_expire_on; features read nothing of a row before it",
    ),
    Field("favourite", "text", False, "what the customer likes to buy, such as a category", "words that can be said"),
)


def names(table: tuple[Field, ...]) -> tuple[str, ...]:
    """Return the field names of a table, in order.

    >>> names(CUSTOMERS)[:5]
    ('customer_id', 'name', 'last_name', 'phone', 'mail')
    """
    return tuple(each.name for each in table)

"""Random orders of a shop that does not exist, written out as shops' systems write them."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

FIELDS = ("order", "customer", "day", "product", "quantity", "amount", "state")
HEADERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "order": (
        ("Order ID", "order_id", "Order Number", "Invoice No"),
        ("Bestellnummer", "Rechnungsnummer"),
        ("Αριθμός παραγγελίας", "Αρ. παραγγελίας"),
        ("شماره سفارش", "شماره فاکتور"),
        ("Numéro de commande",),
    ),
    "customer": (
        ("Customer ID", "customer_id", "Client ID"),
        ("Kundennummer", "Kunden-ID"),
        ("Κωδικός πελάτη", "Πελάτης"),
        ("کد مشتری", "مشتری"),
        ("Numéro client", "Client"),
    ),
    "day": (
        ("Order Date", "created_at", "Date"),
        ("Bestelldatum", "Datum"),
        ("Ημερομηνία παραγγελίας", "Ημερομηνία"),
        ("تاریخ سفارش", "تاریخ"),
        ("Date de commande", "Date"),
    ),
    "product": (
        ("Product", "SKU", "item"),
        ("Artikel", "Artikelnummer"),
        ("Προϊόν", "Κωδικός είδους"),
        ("کالا", "محصول"),
        ("Produit", "Article"),
    ),
    "quantity": (("Quantity", "Qty"), ("Menge", "Anzahl"), ("Ποσότητα",), ("تعداد",), ("Quantité",)),
    "amount": (
        ("Line Total", "Amount"),
        ("Zeilenbetrag", "Betrag"),
        ("Σύνολο γραμμής", "Ποσό"),
        ("مبلغ", "جمع سطر"),
        ("Montant",),
    ),
    "state": (
        ("Status", "Order Status"),
        ("Status", "Bestellstatus"),
        ("Κατάσταση",),
        ("وضعیت", "وضعیت سفارش"),
        ("Statut", "État"),
    ),
}
PERSIAN = 3
# Sold, and never an order.
STATES = (
    (("completed", "shipped", "paid"), ("cancelled", "failed")),
    (("Abgeschlossen", "Versandt"), ("Storniert",)),
    (("Ολοκληρωμένη", "Ολοκληρώθηκε"), ("Ακυρωμένη", "Ακυρώθηκε")),
    (("تکمیل شده",), ("لغو شده",)),
    (("Terminée", "Expédiée"), ("Annulée",)),
)
DATES: Mapping[str, Callable[[date], str]] = {
    "iso": lambda day: f"{day:%Y-%m-%d}",
    "iso time": lambda day: f"{day:%Y-%m-%d} 12:30:00",
    "day first": lambda day: f"{day:%d/%m/%Y}",
    "day first, minutes": lambda day: f"{day:%d/%m/%Y} 12:30",
    "dots": lambda day: f"{day:%d.%m.%Y}",
    "month first": lambda day: f"{day:%m/%d/%Y}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "month's name": lambda day: f"{day:%d %b %Y}",
}
IDS: tuple[Callable[[int], str], ...] = (
    lambda n: f"C{n:04}",
    lambda n: str(10_000 + n),
    lambda n: f"{n:05}",
    lambda n: f"person{n}@example.org",
)


@dataclass(frozen=True)
class Line:
    """A line of an order; amounts in minor units: cents, or rials, which have none."""

    order: str
    customer: str
    day: date
    product: str
    quantity: int
    amount: int
    sold: bool


@dataclass(frozen=True)
class Layout:
    """How a file is written."""

    language: int
    delimiter: str
    decimal: str
    thousands: str
    date: str
    currency: str
    columns: tuple[str, ...]
    headers: tuple[str, ...]
    files: int = 1


def random_lines(rng: random.Random) -> list[Line]:
    """Return the lines of some orders over a year, in the order of their days."""
    person, prefix = rng.choice(IDS), rng.choice(("", "A-", "2024/"))
    days = sorted(date(2024, 1, 3) + timedelta(rng.randrange(360)) for _ in range(rng.randrange(40, 90)))
    lines: list[Line] = []
    for number, day in enumerate(days, start=1001):
        customer, sold = person(rng.randrange(1, 16)), rng.random() > 0.04
        for product in rng.sample(range(1, 40), rng.choice((1, 1, 2, 3))):
            cents, quantity = rng.randrange(50, 150_000), rng.choice((1, 1, 2, 5))
            lines.append(Line(f"{prefix}{number}", customer, day, f"P-{product:03}", quantity, cents * quantity, sold))
    return lines


def random_layout(rng: random.Random) -> Layout:
    """Return one of many ways of writing a file."""
    language, decimal = rng.randrange(len(STATES)), rng.choice(".,")
    columns = list(FIELDS)
    for optional in ("product", "quantity", "state"):
        if rng.random() < 0.3:
            columns.remove(optional)
    rng.shuffle(columns)
    return Layout(
        language,
        rng.choice((";", "\t", "|") if decimal == "," else (",", ";", "\t")),
        decimal,
        rng.choice(("", "", "." if decimal == "," else ",", "\u202f")),
        rng.choice(tuple(DATES)),
        "" if language == PERSIAN else rng.choice(("", "", "", " €", "EUR ")),
        tuple(columns),
        tuple(rng.choice(HEADERS[column][language]) for column in columns),
        rng.choice((1, 1, 1, 2, 3)),
    )


def write(lines: Sequence[Line], layout: Layout, path: Path, rng: random.Random) -> list[Path]:
    """Write lines as one file, or as several of whole orders, and return their paths."""
    sold, gone = STATES[layout.language]
    states = {line.order: rng.choice(sold if line.sold else gone) for line in lines}
    orders = list(dict.fromkeys(line.order for line in lines))
    part_of = {order: number * layout.files // len(orders) for number, order in enumerate(orders)}
    paths = [path.with_stem(f"{path.stem}-{number}") for number in range(layout.files)]
    for number, each in enumerate(paths):
        _write_file([line for line in lines if part_of[line.order] == number], states, layout, each)
    return paths


def _write_file(lines: Sequence[Line], states: Mapping[str, str], layout: Layout, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=layout.delimiter)
        writer.writerow(layout.headers)
        for line in lines:
            cells = {
                "order": line.order,
                "customer": line.customer,
                "day": DATES[layout.date](line.day),
                "product": line.product,
                "quantity": str(line.quantity),
                "amount": _money(line.amount, layout),
                "state": states[line.order],
            }
            writer.writerow([cells[column] for column in layout.columns])


def _money(minor: int, layout: Layout) -> str:
    plain = f"{minor:,}" if layout.language == PERSIAN else f"{Decimal(minor).scaleb(-2):,.2f}"
    marks = {",": layout.thousands, ".": layout.decimal}
    written = "".join(marks.get(char, char) for char in plain)
    return f"{layout.currency}{written}" if layout.currency.endswith(" ") else f"{written}{layout.currency}"


def orders_of(lines: Sequence[Line], layout: Layout) -> tuple[int, int, dict[str, int], set[date]]:
    """Return what a right reading finds: orders, cents, cents by customer, order days."""
    sold = [line for line in lines if line.sold or "state" not in layout.columns]
    by_customer: dict[str, int] = {}
    for line in sold:
        by_customer[line.customer] = by_customer.get(line.customer, 0) + line.amount
    return len({line.order for line in sold}), sum(by_customer.values()), by_customer, {line.day for line in sold}

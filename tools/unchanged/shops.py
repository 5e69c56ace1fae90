"""The shops of the walk: simulated ones, rewritten so that they differ in files, currency, rules and settings."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from tools.unchanged.samples import COUPON_PLAYBOOK

Rows = list[dict[str, str]]
RETAIL_TOML = """[shop]
zone = "Asia/Tehran"
currency = "USD"
day_starts_at = "04:00"
exchange_rates = { EUR = "1.08" }

[churn]
horizon_days = 30
active_days = 120

[orders]
file = "orders.parquet"
amount_is = "line"
return_prefix = "R"

[orders.columns]
order_id = "order_id"
customer_id = "customer_id"
ordered_at = "ordered_at"
amount = "amount"
quantity = "quantity"
currency = "currency"

[events]
file = "events.csv"

[events.columns]
customer_id = "customer_id"
kind = "kind"
happened_at = "happened_at"
value = "value"

[customers]
file = "customers.csv"

[customers.columns]
customer_id = "customer_id"
name = "name"
owner = "owner"
segment = "segment"
consent = "consent"
account = "account"
open_ticket = "open_ticket"
in_transit = "in_transit"
points = "points"
points_expire_on = "points_expire_on"
tier = "tier"
tier_drops_on = "tier_drops_on"
membership_until = "membership_until"
favourite = "favourite"

[list]
capacity = 8
rank_by = "value_at_risk"
enter_at = 0.22
leave_at = 0.15
cooldown_days = 7
holdout_share = 0.3
random_share = 0.2
owners = ["Nadia", "Omid"]
playbooks = "playbooks.toml"
formats = ["csv", "json", "upsert"]
capacities = { Eleni = 4 }
owner_by_segment = { business = "Farid" }
addresses = { Eleni = "eleni@example.com" }

[serve]
requests_per_second = 500
"""
CONSENTS = ("yes", "no", "mail, call", "", "unknown", "ναι", "message")
GERMAN_HEADERS = {
    "order_id": "Belegnummer",
    "customer_id": "Kundennummer",
    "ordered_at": "Datum",
    "amount": "Betrag",
    "quantity": "Menge",
}
TIERS = ("gold", "silver", "")


def read(path: Path) -> Rows:
    """Return the rows of a CSV."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Sequence[dict[str, str]], delimiter: str = ",") -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def make_retail(folder: Path) -> None:
    """Make a chain of a simulated shop: Parquet, two currencies, accounts, loyalty, playbooks and rules of its own."""
    write(folder / "customers.csv", list(_branches(read(folder / "customers.csv"))))
    _as_parquet(read(folder / "orders.csv"), folder / "orders.parquet")
    (folder / "regulars.toml").write_text(RETAIL_TOML, encoding="utf-8")
    (folder / "playbooks.toml").write_text(COUPON_PLAYBOOK, encoding="utf-8")


def _branches(rows: Rows) -> Iterator[dict[str, str]]:
    for number, row in enumerate(rows):
        yield {
            **row,
            "owner": row["owner"] if number % 3 else "",
            "consent": CONSENTS[number % len(CONSENTS)],
            "account": f"group-{number // 5}" if number % 4 == 0 else "",
            "open_ticket": "yes" if number % 17 == 0 else "no",
            "in_transit": "yes" if number % 23 == 0 else "",
            "points": str(number * 3) if number % 2 else "",
            "points_expire_on": "2023-09-20" if number % 2 else "",
            "tier": TIERS[number % 3],
            "tier_drops_on": "2023-10-01" if number % 3 == 0 else "",
            "membership_until": "2023-09-10" if number % 7 == 0 else "",
            "favourite": "tea" if number % 5 == 0 else "",
        }


def _as_parquet(rows: Rows, path: Path) -> None:
    import pyarrow
    import pyarrow.parquet as parquet

    columns = {
        "order_id": [row["order_id"] for row in rows],
        "customer_id": [row["customer_id"] for row in rows],
        "ordered_at": [datetime.fromisoformat(row["ordered_at"]) for row in rows],
        "amount": [float(row["amount"]) for row in rows],
        "quantity": [int(row["quantity"]) for row in rows],
        "currency": ["EUR" if number % 11 == 0 else "USD" for number in range(len(rows))],
    }
    parquet.write_table(pyarrow.table(columns), path)


def make_german(folder: Path) -> None:
    """Make a German export of a simulated shop: semicolons, decimal commas, days first, headers to be told."""
    rows = [
        {
            **{header: row[field] for field, header in GERMAN_HEADERS.items()},
            "Datum": datetime.fromisoformat(row["ordered_at"]).strftime("%d.%m.%Y %H:%M"),
            "Betrag": row["amount"].replace(".", ","),
        }
        for row in read(folder / "orders.csv")
    ]
    write(folder / "belege.csv", rows, ";")


def write_reports(folder: Path, listed: Path, day: str) -> None:
    """Write what came of the first entries of a list, and contacts that were made elsewhere.

    Args:
        folder: where the two files go.
        listed: a list as CSV.
        day: on which it happened.
    """
    words = ("contacted", "reached", "saved", "not_saved", "wrong_alarm", "already_known", "do_not_contact")
    entries = read(listed)
    told = [
        {"entry_id": row["entry_id"], "outcome": word, "happened_on": day, "cost": "1.50", "by": "Ann", "note": word}
        for row, word in zip(entries, words * 3, strict=False)
    ]
    write(folder / "outcomes.csv", told)
    contacts = [
        {"customer_id": row["customer_id"], "contacted_on": day, "channel": "mail", "cost": "0.10", "key": f"k{number}"}
        for number, row in enumerate(entries[len(told) : len(told) + 6])
    ]
    write(folder / "contacts.csv", contacts or [{"customer_id": "C001", "contacted_on": day, "channel": "mail"}])

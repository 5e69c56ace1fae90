"""Writes which tables the book has, what each holds of persons and how long: from the schema's own register."""

from __future__ import annotations

from pathlib import Path

from serving.book.privacy.holdings import BOOK, FOR_EVER, HOLDINGS, Holding
from serving.config.retention_settings import LEAST_DAYS, MOST_DAYS, RetentionSettings

PAGE = Path(__file__).parent / "what-is-kept.md"
HEAD = """# What the book keeps

Generated from the schema by `make docs`; do not edit. What it means, and the files beside the book:
[privacy](privacy.md).

`regulars forget` erases the rows of a customer from each table that names a customer or an account, and `regulars
export-customer` hands them out. `regulars tidy` deletes what is older than `[retention]` in `regulars.toml` says.
"""


def holdings_page() -> str:
    """Return the page as Markdown."""
    rows = [
        "| table | what it holds | of whom | how long |",
        "| --- | --- | --- | --- |",
        *(f"| `{each.table.name}` | {each.what} | {_whose(each)} | {_how_long(each)} |" for each in HOLDINGS),
    ]
    return "\n".join([HEAD, *rows, "", "## Periods", "", *_periods(), ""])


def _whose(holding: Holding) -> str:
    return {"customer_id": "a customer", "account_id": "an account", None: "nobody"}[holding.key]


def _how_long(holding: Holding) -> str:
    return f"`{holding.period}`, from `{holding.since}`" if holding.period else holding.kept


def _periods() -> list[str]:
    """Return the table of the periods: default, shortest, longest."""
    rows = [
        f"| `{name}` | {f'{days:,}' if days else FOR_EVER} | {LEAST_DAYS[name]:,} | {MOST_DAYS.get(name, '—')} |"
        for name, days in RetentionSettings().periods().items()
    ]
    words = (
        f"Days, under `[retention]`. The last run, the last list and the scores of a list that is kept stay; {BOOK} "
    )
    words += "stay records that name nobody."
    return [words, "", "| period | default | shortest | longest |", "| --- | --- | --- | --- |", *rows]

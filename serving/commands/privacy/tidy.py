"""`regulars tidy`: what the book keeps of persons for longer than `[retention]` says is deleted."""

from __future__ import annotations

from serving.book.privacy.erasure import overwrite_freed
from serving.book.privacy.retention import rows_over, tidy
from serving.commands.result import WordedResult
from serving.shop import OpenShop


def tidy_book(shop: OpenShop, *, dry_run: bool = False) -> WordedResult:
    """Delete the rows whose period is over, and say how many they were.

    Args:
        shop: the open shop.
        dry_run: only say how many would go.
    """
    periods = shop.settings.retention_in_force.periods()
    rows = would_go(shop) if dry_run else delete_old(shop)
    done = "would be deleted" if dry_run else "deleted"
    words = [f"{count:,} {name} {done}" for name, count in rows.items()] or ["nothing is older than [retention] says"]
    return WordedResult({"rows": rows, "periods_days": periods, "dry_run": dry_run}, words)


def would_go(shop: OpenShop) -> dict[str, int]:
    """Return table → how many of its rows are older than `[retention]` says.

    Args:
        shop: the open shop.
    """
    if shop.book_if_any is None:
        return {}
    with shop.book.reading() as connection:
        return rows_over(connection, shop.settings.retention_in_force.periods(), shop.today)


def delete_old(shop: OpenShop) -> dict[str, int]:
    """Delete the rows that are older than `[retention]` says, and return table → how many they were.

    Args:
        shop: the open shop.
    """
    if shop.book_if_any is None:
        return {}
    rows = tidy(shop.book, shop.settings.retention_in_force.periods(), shop.today)
    if rows:
        overwrite_freed(shop.book)
    return rows

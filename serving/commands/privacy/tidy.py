"""`regulars tidy`: what the book keeps of persons for longer than `[retention]` says is deleted."""

from __future__ import annotations

from serving.book.privacy.erasure import overwrite_freed
from serving.book.privacy.retention import tidy
from serving.commands.result import WordedResult
from serving.shop import OpenShop


def tidy_book(shop: OpenShop, *, dry_run: bool = False) -> WordedResult:
    """Delete the rows whose period is over, and say how many they were.

    Args:
        shop: the open shop.
        dry_run: only say how many would go.
    """
    periods = shop.settings.retention.periods()
    rows = {} if shop.book_if_any is None else tidy(shop.book, periods, shop.today, dry_run=dry_run)
    if rows and not dry_run:
        overwrite_freed(shop.book)
    done = "would be deleted" if dry_run else "deleted"
    words = [f"{count:,} {name} {done}" for name, count in rows.items()] or ["nothing is older than [retention] says"]
    return WordedResult({"rows": rows, "periods_days": periods, "dry_run": dry_run}, words)

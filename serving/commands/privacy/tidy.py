"""`regulars tidy`: what the book keeps of persons for longer than `[retention]` says is deleted."""

from __future__ import annotations

from features.language.counted import counted
from features.language.messages import Message, sentence
from serving.book.privacy.erasure import overwrite_freed
from serving.book.privacy.retention import rows_over, tidy
from serving.commands.privacy.held_in_words import HELD
from serving.commands.result import WordedResult, spoken
from serving.shop import OpenShop

WOULD_GO = Message("{count} row would be deleted: {it}", plural="{count} rows would be deleted: {it}")
GONE = Message("{count} row deleted: {it}", plural="{count} rows deleted: {it}")
NOTHING = sentence("nothing is older than [retention] says")


def tidy_book(shop: OpenShop, *, dry_run: bool = False) -> WordedResult:
    """Delete the rows whose period is over, and say how many they were.

    Args:
        shop: the open shop.
        dry_run: only say how many would go.
    """
    periods = shop.settings.retention_in_force.periods()
    rows = would_go(shop) if dry_run else delete_old(shop)
    message = WOULD_GO if dry_run else GONE
    words = [counted(message, count, it=HELD[name]) for name, count in rows.items()] or [NOTHING]
    document = {"rows": rows, "periods_days": periods, "dry_run": dry_run}
    return WordedResult(document, list(spoken(words, shop.settings.language)))


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

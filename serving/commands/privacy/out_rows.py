"""A person's rows in the tables that `[out]` writes."""

from __future__ import annotations

from collections.abc import Sequence

from serving.shop import OpenShop

OUT = "[out]"


def rows_out(shop: OpenShop, customer_ids: Sequence[str], *, only_count: bool = False) -> int:
    """Delete the rows of customers from the tables of `[out]`; return how many there were, 0 without such tables.

    Args:
        shop: the open shop.
        customer_ids: whose rows.
        only_count: leave everything as it is.

    Raises:
        MachineFault: the database does not answer or refuses: whoever is not erased there is erased nowhere.
    """
    settings = shop.settings.out
    if settings is None:
        return 0
    from serving.out.write import erase_rows  # only here: Ibis takes a second to import

    return erase_rows(
        settings.database().at(shop.settings.folder), settings.schema, customer_ids, only_count=only_count
    )

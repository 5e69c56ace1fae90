"""The groups that retention figures are shown for: the shop's segments, or the owners of its accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from features.churn.horizon import NO_SEGMENT
from features.errors import InputError, suggest
from serving.outreach.plan.owners import NO_OWNER
from serving.shop import OpenShop

By = Literal["segment", "owner"]


def groups_of(shop: OpenShop, by: str, customer_ids: Iterable[str]) -> dict[str, str]:
    """Return customer → segment or owner.

    Args:
        shop: the open shop.
        by: segment, as the customers file has it; or owner on the shop's `until` or today, as lists have it: handed
            over or given in turn in the book, else of the customers file, else by segment.
        customer_ids: of whom.

    Raises:
        InputError: neither of the two, or neither the customers file nor the book knows any.
    """
    if by == "segment":
        shop.customers.need("segment")
        return {who: shop.customers.segment_of.get(who, NO_SEGMENT) for who in customer_ids}
    if by == "owner":
        kept = shop.owners_on(shop.until or shop.today)
        if not kept:
            shop.customers.need("owner")
        owner_of = shop.customers.owners(customer_ids, kept)
        return {who: owner_of.get(who, NO_OWNER) for who in customer_ids}
    raise InputError(f'figures are told by segment or owner, not by "{by}".{suggest(by, get_args(By))}')

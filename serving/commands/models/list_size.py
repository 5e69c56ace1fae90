"""How many customers fit on one list."""

from __future__ import annotations

from collections import Counter

from serving.outreach.plan.owners import NO_OWNER
from serving.shop import OpenShop


def list_size(shop: OpenShop) -> tuple[int | None, str]:
    """Return how many customers a list may hold in all, and where that comes from; None where nothing bounds it."""
    capacity = shop.settings.list.capacity
    if capacity is None:
        return None, ""
    customers = shop.customers
    if "owner" not in customers.columns:
        return capacity, f"the capacity of {capacity}"
    owners = Counter(customers.named_owner_of.get(who, NO_OWNER) for who in customers.frame["customer_id"])
    size = sum(min(count, capacity) for count in owners.values())
    return size, f"up to {capacity} for each of {len(owners):,} owners"

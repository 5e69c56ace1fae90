"""How many customers fit on one list."""

from __future__ import annotations

from features.sources.reader import read_customers
from serving.config import Settings


def list_size(settings: Settings) -> tuple[int | None, str]:
    """Return how many customers a list may hold in all, and where that comes from; None where nothing bounds it."""
    capacity = settings.list.capacity
    if capacity is None:
        return None, ""
    if settings.customers is None or "owner" not in settings.customers.columns:
        return capacity, f"the capacity of {capacity}"
    owners = read_customers(settings.customers)["owner"].fillna("").astype(str).str.strip().value_counts()
    return int(owners.clip(upper=capacity).sum()), f"up to {capacity} for each of {len(owners):,} owners"

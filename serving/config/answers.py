"""Answers of the shop, written into its settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from features.questions import Setting
from serving.config.settings import Settings


def answered(settings: Settings, answers: Mapping[str, Setting]) -> Settings:
    """Return settings with what answers write into them, all at once: half of an answer may be no setting at all.

    Args:
        settings: of the shop.
        answers: dotted key, such as "orders.columns.amount" → value; None takes a column out, or back to its default.

    Raises:
        ConfigError: settings that do not go together.

    >>> from pathlib import Path
    >>> from features.sources.mapping import OrdersMapping, Shop
    >>> orders = OrdersMapping(Path("o.csv"), {"customer_id": "card", "ordered_at": "day", "amount": "total"})
    >>> found = answered(Settings(Shop("UTC", "EUR"), orders), {"orders.guests": (), "orders.columns.amount": "net"})
    >>> found.orders.guests, found.orders.columns["amount"]
    ((), 'net')
    """
    tree: dict[str, Any] = {}
    for key, value in answers.items():
        *sections, name = key.split(".")
        branch = tree
        for section in sections:
            branch = branch.setdefault(section, {})
        branch[name] = value
    changed: Settings = _changed(settings, tree)
    return changed


def _changed(of: Any, changes: Mapping[str, Any]) -> Any:
    if isinstance(of, Mapping):
        return {key: value for key, value in {**of, **changes}.items() if value is not None}
    defaults = {each.name: each.default for each in dataclasses.fields(of)}
    new = {
        name: _changed(getattr(of, name), value) if isinstance(value, Mapping) else defaults[name] if value is None
        else value
        for name, value in changes.items()
    }  # fmt: skip
    return dataclasses.replace(of, **new)

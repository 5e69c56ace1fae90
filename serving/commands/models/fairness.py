"""By which columns of the customers file a command looks whether a group is served worse, and how it says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.errors import ConfigError
from features.sources.people.groups import read_groups
from serving.commands.result import Table
from serving.shop import OpenShop
from training.backtest.fairness.report import Columns, Fairness
from training.backtest.fairness.words import fairness_rows, table_head, verdict, warnings_of


def groups_of(shop: OpenShop, asked: Sequence[str] = ()) -> Columns:
    """Return customer → what the customers file says, by column; nothing where the shop has no such file.

    Args:
        shop: the open shop.
        asked: columns by header or by field; without any those of [fairness], else the segment and what is a feature.

    Raises:
        ConfigError: there is no customers file, or a column that may not be asked.
        InputError: a column that is not there, or that may not be asked.
    """
    settings = shop.settings
    if settings.customers is None:
        if asked or settings.fairness.columns:
            raise ConfigError("groups are those of the customers file: name that file under [customers]")
        return {}
    names = asked or settings.fairness.columns or _usual(shop)
    return read_groups(settings.customers, tuple(dict.fromkeys(names)), settings.fairness) if names else {}


def _usual(shop: OpenShop) -> list[str]:
    mapping, used = shop.settings.customers, shop.settings.features.use
    has_segment = mapping is not None and "segment" in mapping.columns
    header = mapping.columns["segment"] if mapping is not None and has_segment else None
    return [*(["segment"] if has_segment else []), *(name for name in used if name not in ("segment", header))]


def fairness_lines(found: Fairness | None) -> Iterator[str | Table]:
    """Say how the groups of each column are served, and which is served worse beyond chance.

    Args:
        found: of the backtest; None where nobody asked.
    """
    if found is None:
        return
    for name, groups in found.columns.items():
        yield from ("", f"how the groups of {name} are served (the level of each date set true):", "")
        yield Table(table_head(name), fairness_rows(groups))
    yield from ("", verdict(found), *(f"  {words}" for words in warnings_of(found)))

"""How groups are served, in words and tables: which is served worse, by how much, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator

from features.sources.words.sensitive import afterwards_word
from training.backtest.fairness.comparison import Comparison
from training.backtest.fairness.report import Fairness, Served

COLUMNS = (
    *("customers", "churned", "said", "AUROC", "95%", "promised"),
    *("ECE", "by chance", "listed", "of those gone"),
)
UNKNOWN = "–"


def fairness_rows(groups: tuple[Served, ...]) -> list[list[str]]:
    """Return the table of the groups of a column."""
    return [_row(group) for group in groups]


def _row(group: Served) -> list[str]:
    low, high = group.auroc.interval
    ranks = group.auroc.value == group.auroc.value
    return [
        group.group,
        f"{group.customers:,}",
        f"{group.churned:.1%}",
        f"{group.predicted:.1%}",
        f"{group.auroc.value:.3f}" if ranks else UNKNOWN,
        f"{low:.3f}–{high:.3f}" if ranks else UNKNOWN,
        f"{group.promised:.3f}" if ranks else UNKNOWN,
        f"{group.ece:.3f}",
        f"{group.floor.mean:.3f}",
        f"{group.listed:.1%}",
        f"{group.gone_listed:,} of {group.gone:,}",
    ]


def verdict(found: Fairness) -> str:
    """Return in one sentence whether any group is served worse, and how that was tested."""
    names, count = ", ".join(found.columns), len(found.comparisons)
    if not count:
        return f"by {names} no two groups are large enough to be compared"
    test = f"{count} comparisons by {names}, taken together (Holm, 95%)"
    if not found.worse:
        return f"no group is served worse beyond chance: {test}"
    groups = {(one.column, one.group) for one in found.worse}
    return f"{len(groups)} group{'' if len(groups) == 1 else 's'} served worse beyond chance: {test}"


def warnings_of(found: Fairness) -> Iterator[str]:
    """Yield a sentence for each comparison in which a group is served worse: what, by how much, and what may help.

    A column whose name sounds as if it were written after customers left is told before: of its groups nothing follows.
    """
    for name in found.columns:
        if word := afterwards_word(name):
            yield (
                f'careful: {name} sounds as if it were written after customers left ("{word}"): such groups are '
                "made of what came, and not of whom the model served"
            )
    yield from (f"{one.column} {one.group}: {_words(one, found)}" for one in found.worse)


def _words(one: Comparison, found: Fairness) -> str:
    return {"ranking": _ranking, "percentages": _percentages, "list": _list}[one.measure](one, found)


def _ranking(one: Comparison, found: Fairness) -> str:
    promised = found.of(one).promised
    measured = f"who churns is told from who stays less well (AUROC {one.here:.3f}, {one.elsewhere:.3f} elsewhere)"
    if one.here >= promised - 0.01:
        return f"{measured}; its own percentages promise no more ({promised:.3f}): what is known tells them apart less"
    return f"{measured}; its own percentages promise {promised:.3f}: too little was learnt of them"


def _percentages(one: Comparison, found: Fairness) -> str:
    group = found.of(one)
    side, worth = ("low", "too little") if group.churned > group.predicted else ("high", "too much")
    return (
        f"percentages are too {side} ({group.predicted:.1%} said, {group.churned:.1%} came), so their value at risk "
        f"counts {worth}; a column that is no feature yet can be one under [features] use, unless it is sensitive"
    )


def _list(one: Comparison, found: Fairness) -> str:
    return (
        f"of those who ordered nothing in {found.gone_days} days {one.here:.0%} were on the list, {one.elsewhere:.0%} "
        "elsewhere: look at what they are worth and at their owners' capacity"
    )


def table_head(column: str) -> tuple[str, ...]:
    """Return the heads of the table of a column's groups.

    >>> table_head("Region")[:2]
    ('Region', 'customers')
    """
    return (column, *COLUMNS)

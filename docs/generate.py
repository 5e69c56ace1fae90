"""Write docs/features.md from the features themselves; a test fails when the page is stale."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from features.definitions import default_features
from features.feature import EventKind, Feature, FeatureSet

PAGE = Path(__file__).parent / "features.md"
# A kind of each sort, so that the page shows what any kind of a shop's own will get.
KINDS = (EventKind("mail_clicked", has_value=False, answers="mail_sent"), EventKind("review", has_value=True))
HEAD = """# Features

Generated from the definitions by `make docs`; do not edit. Every row is one object in `features/definitions/`.

A window "the last n days" holds the ages 1 … n, 1 = the day before `as_of`. Money is in minor units inside. "—" under
*if none* means that None stays None: the models know the difference between nothing and unknown. *risk* says what we
expect of the risk when the value grows: ↓ it falls, ↑ it rises.

Event kinds are data: each kind in the events file gets the features shown here for `mail_clicked` (a kind that answers
something the shop sent) and `review` (a kind with a value). What the shop sends (`…_sent`) gets none of its own.
"""


def page(features: FeatureSet) -> str:
    """Return the page as Markdown."""
    families = groupby(sorted(features, key=_family), key=_family)
    return "\n".join([HEAD, *(line for name, members in families for line in _section(name, list(members)))])


def _family(feature: Feature) -> str:
    return feature.family


def _section(name: str, members: list[Feature]) -> Iterator[str]:
    yield f"## {name}\n"
    yield "| feature | unit | meaning | if none | risk | reason |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for feature in members:
        yield _row(feature)
    yield ""


def _row(feature: Feature) -> str:
    none = "—" if feature.if_none is None else f"{feature.if_none:g}"
    risk = {True: "↓", False: "↑", None: ""}[feature.risk_falls_with_it]
    first = feature.words[0] if feature.words else ""
    words = (first if isinstance(first, str) else first.text).replace("{", "‹").replace("}", "›")
    return f"| `{feature.name}` | {feature.unit} | {feature.meaning} | {none} | {risk} | {words} |"


if __name__ == "__main__":
    PAGE.write_text(page(default_features(KINDS)), encoding="utf-8")
    print(f"wrote {PAGE.name}")

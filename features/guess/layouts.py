"""Exports known by name: recognised by their columns, checked by their sums, read as their makers mean them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from features.guess.amounts.arithmetic import agreement, values, zeros
from features.guess.sample import Sample
from features.language.messages import Message, sentence
from features.language.typed_values import Percent
from features.sources.plain_text import plain

AGREES = 0.95


@dataclass(frozen=True)
class Layout:
    """One export, as `layouts.toml` describes it.

    Args:
        name: as a person calls it.
        columns: by which it is recognised.
        fields: field of ORDERS -> column, where names do not tell.
        sums: column -> the columns that add up to it; one with a minus is taken off.
        guests: ids that stand for nobody in this software.
        note: what no setting can say.
    """

    name: str
    columns: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guests: tuple[str, ...] = ()
    note: str = ""

    def fits(self, header: tuple[str, ...]) -> bool:
        """Say whether a file has all of its columns."""
        return {plain(each) for each in header}.issuperset(plain(each) for each in self.columns)


@cache
def layouts() -> tuple[Layout, ...]:
    """Return all of `layouts.toml`, in its order."""
    found = tomllib.loads(Path(__file__).with_name("layouts.toml").read_text(encoding="utf-8"))["layout"]
    return tuple(
        Layout(
            each["name"],
            tuple(each["columns"]),
            each.get("fields", {}),
            {total: tuple(parts) for total, parts in each.get("sums", {}).items()},
            tuple(each.get("guests", ())),
            each.get("note", ""),
        )
        for each in found
    )


def layout_of(header: tuple[str, ...]) -> Layout | None:
    """Return the export that has such a header row.

    >>> layout_of(("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")).name
    'an invoice listing at line level'
    """
    return next((each for each in layouts() if each.fits(header)), None)


def read_as(sample: Sample, layout: Layout) -> int | None:
    """Take the columns of a known export, unless the user names others; return that of its customers, if it has one.

    The customers' column is not taken: where it names nobody, another may.

    Args:
        sample: the first rows of the orders file.
        layout: of that file.
    """
    sample.assume(sentence("{file} looks like {name}.", file=sample.file.name, name=layout.name))
    if layout.note:
        sample.assume(sentence("CHECK: {case}", case=Message(layout.note)))
    found = {name: _column(sample, header) for name, header in layout.fields.items() if name not in sample.given}
    for name, index in found.items():
        if index is not None and name != "customer_id" and index not in sample.used:
            sample.given[name] = index
            sample.used.add(index)
    return found.get("customer_id")


def tell_sums(sample: Sample, layout: Layout) -> None:
    """Say whether the sums of a known export agree in this file.

    Args:
        sample: the first rows, its decimal mark known.
        layout: of that file.
    """
    for total, parts in layout.sums.items():
        whole, pieces = _column(sample, total), [_column(sample, part.removeprefix("-")) for part in parts]
        if whole is None or any(each is None for each in pieces):
            continue
        signed = [
            -zeros(values(sample, each)) if part.startswith("-") else zeros(values(sample, each))
            for part, each in zip(parts, pieces, strict=True)
            if each is not None
        ]
        share, named = agreement(values(sample, whole), sum(signed[1:], signed[0])), " + ".join(parts)
        if share >= AGREES:
            sample.assume(
                sentence(
                    '"{column}" is {sum} on {share} of the lines, as in {name}.',
                    column=total,
                    sum=named,
                    share=Percent(share),
                    name=layout.name,
                )
            )
        elif share < AGREES:
            sample.assume(
                sentence(
                    'CHECK: "{column}" is {sum} on only {share} of the lines, unlike in {name}.',
                    column=total,
                    sum=named,
                    share=Percent(share),
                    name=layout.name,
                )
            )


def _column(sample: Sample, header: str) -> int | None:
    name = plain(header)
    return next((i for i, each in enumerate(sample.plain) if each == name and sample.filled(i)), None)


def table() -> list[str]:
    """Return the known exports as lines of a Markdown table."""
    rows = [f"| {each.name} | {', '.join(f'`{column}`' for column in each.columns)} |" for each in layouts()]
    return ["| export | recognised by |", "| --- | --- |", *rows]

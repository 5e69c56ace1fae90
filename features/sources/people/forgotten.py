"""Customers whom the shop has forgotten: their rows are counted, and nothing else is made of them.

Whoever asks knows no list of them: the shop keeps digests alone, so it is asked which of the ids of a file they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from features.sources import cells
from features.sources.columns import among, first_text
from features.sources.duplicates import order_keys
from features.sources.people.merges import Merges
from features.sources.row_checks import TypedTable

Forgotten = Callable[[Collection[str]], frozenset[str]]  # ids → those among them that were forgotten


def marked(typed: TypedTable, rule: str, forgotten: Forgotten | None, merges: Merges) -> TypedTable:
    """Return a table whose rows of forgotten customers are marked, so that the cleaning leaves them out.

    A line without a customer is that of its order's first line, as everywhere.

    Args:
        typed: the cells.
        rule: that the marked rows are counted under.
        forgotten: says who was forgotten; None = nobody was.
        merges: old id → new id; whoever was forgotten under one of them was under both.

    >>> from features.log import Coded
    >>> table = TypedTable(2, {"customer_id": Coded.of(["ann", "bob"])})
    >>> marked(table, "gone", lambda ids: frozenset(ids) & {"ann"}, {}).marks["gone"]
    array([ True, False])
    """
    if forgotten is None:
        return typed
    order = order_keys(typed.texts.get("order_id"), typed.rows)
    customer = first_text(order, typed.texts["customer_id"], np.ones(typed.rows, dtype=bool))
    gone = forgotten_texts([str(each) for each in customer.values], forgotten, merges)
    return replace(typed, marks={**typed.marks, rule: among(customer, gone)}) if gone else typed


def forgotten_texts(texts: Collection[str], forgotten: Forgotten, merges: Merges) -> frozenset[str]:
    """Return the texts of a column of customers that name somebody who was forgotten.

    >>> sorted(forgotten_texts(["a", "b", "c"], lambda ids: frozenset(ids) & {"b"}, {"a": "b"}))
    ['a', 'b']
    """
    id_of = {text: cells.customer_id(text) for text in texts}
    ids = {each for each in id_of.values() if each}
    gone = forgotten(ids | {merges[each] for each in ids if each in merges})
    return frozenset(text for text, each in id_of.items() if each in gone or merges.get(each) in gone)


def without_forgotten(customers: pd.DataFrame, forgotten: Forgotten | None) -> pd.DataFrame:
    """Return the customers file without those who were forgotten; nobody belongs to the account of one of them.

    Args:
        customers: in the fields of CUSTOMERS.
        forgotten: says who was; None = nobody was.

    >>> people = pd.DataFrame({"customer_id": ["ann", "bob"], "account": [None, "ann"]}, dtype=object)
    >>> without_forgotten(people, lambda ids: frozenset(ids) & {"ann"}).to_dict("records")
    [{'customer_id': 'bob', 'account': None}]
    """
    if forgotten is None:
        return customers
    accounts = {str(each).strip() for each in customers["account"] if each is not None}
    gone = forgotten({*customers["customer_id"], *accounts})
    if not gone:
        return customers
    left = customers[~customers["customer_id"].isin(gone)].reset_index(drop=True)
    own = [None if each is None or str(each).strip() in gone else each for each in left["account"]]
    return left.assign(account=pd.Series(own, index=left.index, dtype=object))

"""Through which channels each customer may be reached: by the customers file, and by what was recorded in the book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from features.sources.people.consent import CHANNELS, allowed_channels
from serving.outreach.plan.snapshot import EVERY_CHANNEL, Snapshot


def channels_allowed(rows: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """Return whether each channel may be used with each row: the book's latest word overrules the customers file.

    Within the book a general no weighs more than a yes to one channel.

    Args:
        rows: customer_id and consent, as the customers file has it.
        snapshot: what the book knows.

    Returns:
        A bool column per channel, indexed as the rows.
    """
    by_file = channels_by_file(rows["consent"])
    names = ["customer_id", "channel", "allowed"]
    recorded = {(who, channel): yes for who, channel, yes in snapshot.consent[names].itertuples(index=False)}
    customers = {who for who, _ in recorded}
    row_numbers = [number for number, who in enumerate(rows["customer_id"]) if who in customers]
    return by_file if not row_numbers else _overruled(by_file, rows["customer_id"].tolist(), recorded, row_numbers)


def channels_by_file(texts: pd.Series) -> pd.DataFrame:
    """Return for each consent text of the customers file whether each channel is allowed.

    Args:
        texts: one per customer; None = unknown, which forbids nothing.

    Raises:
        InputError: a text that cannot be read.

    >>> channels_by_file(pd.Series(["mail", None, "no"], index=["ann", "bob", "eve"]))["call"].to_dict()
    {'ann': False, 'bob': True, 'eve': False}
    """
    codes, distinct = pd.factorize(texts)  # a missing text has the code -1: the True at the end
    read = [allowed_channels(str(text)) for text in distinct]
    allowed = {
        channel: np.array([known is None or channel in known for known in read] + [True], dtype=bool)[codes]
        for channel in CHANNELS
    }
    return pd.DataFrame(allowed, index=texts.index)


def _overruled(
    by_file: pd.DataFrame,
    customer_ids: Sequence[str],
    recorded: Mapping[tuple[str, str], bool],
    row_numbers: Sequence[int],
) -> pd.DataFrame:
    values = by_file.to_numpy(copy=True)
    for row in row_numbers:
        every = recorded.get((customer_ids[row], EVERY_CHANNEL))
        for column_index, channel in enumerate(by_file.columns):
            one = recorded.get((customer_ids[row], channel), every)
            if every is False or one is not None:
                values[row, column_index] = bool(one) and every is not False
    return pd.DataFrame(values, index=by_file.index, columns=by_file.columns)

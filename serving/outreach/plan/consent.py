"""Who may be reached through which channel, for many customers at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.sources.consent import CHANNELS, allowed_channels

__all__ = ["CHANNELS", "allowed_channels", "consents"]


def consents(texts: pd.Series) -> pd.DataFrame:
    """Return for each consent, as the customers file has it, whether each channel is allowed.

    Args:
        texts: one per customer; None = unknown, which forbids nothing.

    Raises:
        InputError: a text that cannot be read.

    >>> consents(pd.Series(["mail", None, "no"], index=["ann", "bob", "eve"]))["call"].to_dict()
    {'ann': False, 'bob': True, 'eve': False}
    """
    places, distinct = pd.factorize(texts)  # a missing text is at -1
    read = [allowed_channels(str(text)) for text in distinct]
    allowed = {
        channel: np.array([known is None or channel in known for known in read] + [True], dtype=bool)[places]
        for channel in CHANNELS
    }
    return pd.DataFrame(allowed, index=texts.index)

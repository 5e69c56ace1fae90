"""Some customers, or some streams, of the logs of all partitions as one log, as if they had been read as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from features.log import CATEGORIES, PRODUCT, Ints, Log, Stream
from features.sources.partitions.sums import outlines_together

_CODES = {PRODUCT: ("items", "product"), CATEGORIES: (CATEGORIES, "code")}  # words → the column that they code


def joined_logs(parts: Sequence[Log]) -> Log:
    """Return one log of the customers of several, sorted by id; no customer is in two of them.

    Args:
        parts: of the same streams; each codes its words by itself.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> ann, bob = (roll_up(Lines.of([who], [11], [700])) for who in ("ann", "bob"))
    >>> list(joined_logs([bob, ann]).customer_ids)
    ['ann', 'bob']
    """
    under = outlines_together(_coded_alike(parts))
    order = np.argsort(under.customer_ids, kind="stable")
    streams = {name: stream.take(order) for name, stream in under.streams.items()}
    return Log(under.customer_ids[order], streams, under.has_money, _words(parts))


def narrow(log: Log, wanted: Mapping[str, Sequence[str]]) -> Log:
    """Return a log with some columns of some of its streams alone, and the words of these.

    Args:
        log: of some customers.
        wanted: stream → its columns; one that the log has not is left out.
    """
    kept = {
        name: replace(stream, columns={column: stream.columns[column] for column in wanted[name]})
        for name, stream in log.streams.items()
        if name in wanted
    }
    words = {name: words for name, words in log.words.items() if _CODES.get(name, (name,))[0] in kept}
    return replace(log, streams=kept, words=words)


def _words(parts: Sequence[Log]) -> dict[str, np.typing.NDArray[np.object_]]:
    names = dict.fromkeys(name for part in parts for name in part.words)
    return {name: np.unique(np.concatenate([p.words[name] for p in parts if name in p.words])) for name in names}


def _coded_alike(parts: Sequence[Log]) -> list[Log]:
    """Return the logs with their words coded by those of all of them: codes keep their order, and so do rows."""
    words = _words(parts)
    return [_recoded(part, {name: np.searchsorted(words[name], part.words[name]) for name in part.words})
            for part in parts]  # fmt: skip


def _recoded(log: Log, new_codes: dict[str, Ints]) -> Log:
    streams = dict(log.streams)
    for name, new in new_codes.items():
        of, column = _CODES[name]
        if of in streams and len(new):
            streams[of] = _with(streams[of], column, new[streams[of].columns[column]])
    return replace(log, streams=streams, words={})


def _with(stream: Stream, name: str, column: Ints) -> Stream:
    return replace(stream, columns={**stream.columns, name: column})

"""The texts of a column as Arrow read them: Python objects are made of them only where somebody asks for the values.

A large shop has millions of order ids, and nobody ever looks at one. What the rules must know of all of them (is one
empty, how long is the longest, which bytes occur at all) is seen in Arrow's buffers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.blocks import blocks
from features.log import Coded, Codes, Ints, Texts

Hashes = npt.NDArray[np.uint64]
_AT_ONCE, _FEW = 1 << 20, 10_000
_MOSTLY_ONCE = 0.99  # of so few texts; of some 500,000 that come again and again, fewer would be different
_LOW_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)


class ArrowTexts:
    """Distinct texts in Arrow, and what is known of them.

    >>> texts = ArrowTexts(pa.array(["ann", ""]))
    >>> texts.empty, texts.longest, texts.alphabet[ord("n")], texts.objects
    (array([False,  True]), 3, np.True_, array(['ann', ''], dtype=object))
    """

    def __init__(self, array: pa.Array) -> None:
        self.array = array.cast(pa.large_string())

    @cached_property
    def objects(self) -> Texts:
        """The texts as Python has them."""
        objects = np.empty(len(self.array), dtype=object)
        objects[:] = self.array.to_pylist()
        return objects

    @cached_property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Which of them are empty."""
        return np.asarray(self._sizes == 0, dtype=bool)

    @cached_property
    def longest(self) -> int:
        """How many bytes the longest has."""
        return int(self._sizes.max(initial=0))

    def holds(self, words: Iterable[str]) -> bool:
        """Say whether one of them, in any case, is one of some words; the empty text is none."""
        some = pa.array([word for word in words if word], self.array.type)
        return bool(pc.any(pc.is_in(pc.utf8_lower(self.array), some)).as_py())

    @cached_property
    def edges(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """The first and the last byte of each, 0 of an empty one."""
        content, bounds = self._content, self._offsets - self._offsets[0]
        some = ~self.empty
        first, last = (np.zeros(len(some), dtype=np.uint8) for _ in range(2))
        first[some], last[some] = content[bounds[:-1][some]], content[bounds[1:][some] - 1]
        return first, last

    @property
    def fingerprints(self) -> Hashes:
        """A number for each: of its first and last eight bytes and its length, all of it up to sixteen."""
        prints, offsets, content = np.empty(len(self.array), dtype=np.uint64), self._offsets, self._content
        for block in blocks(len(prints)):
            bounds = offsets[block.start : block.stop + 1]
            inside = content[bounds[0] - offsets[0] : bounds[-1] - offsets[0]]
            prints[block] = _fingerprints(inside, bounds - bounds[0])
        return prints

    @cached_property
    def alphabet(self) -> npt.NDArray[np.bool_]:
        """Which of the 256 bytes occur in their UTF-8."""
        counts, content = np.zeros(256, dtype=np.int64), self._content
        for begin in range(0, len(content), _AT_ONCE):
            counts += np.bincount(content[begin : begin + _AT_ONCE], minlength=256)
        return counts > 0

    @property
    def _offsets(self) -> Ints:
        if not len(self.array):
            return np.zeros(1, dtype=np.int64)
        offsets = np.frombuffer(self.array.buffers()[1], dtype=np.int64)
        return offsets[self.array.offset : self.array.offset + len(self.array) + 1]

    @property
    def _sizes(self) -> Ints:
        return np.diff(self._offsets)

    @property
    def _content(self) -> npt.NDArray[np.uint8]:
        first, last = int(self._offsets[0]), int(self._offsets[-1])
        held = self.array.buffers()[2] if last > first else b""
        return np.frombuffer(held, dtype=np.uint8)[first:last]


def _fingerprints(content: npt.NDArray[np.uint8], bounds: Ints) -> Hashes:
    content, size = np.concatenate([content, np.zeros(8, dtype=np.uint8)]), np.diff(bounds)
    words = np.ndarray(len(content) - 7, dtype="<u8", buffer=content, strides=(1,))
    first = words[bounds[:-1]] & _LOW_BYTES[np.minimum(size, 8)]
    last = np.where(size > 8, words[np.maximum(bounds[1:] - 8, 0)], 0).astype(np.uint64)
    return mixed(first ^ mixed(last + size.astype(np.uint64)))


class ReadTexts(Coded):
    """A column of texts that Arrow holds, each of them once.

    >>> ReadTexts.of(["b", "a", "b"]).values
    array(['b', 'a'], dtype=object)
    """

    read: ArrowTexts

    def __init__(self, read: ArrowTexts, codes: Codes) -> None:
        object.__setattr__(self, "read", read)
        object.__setattr__(self, "codes", codes)

    @classmethod
    def of(cls, texts: object) -> ReadTexts:
        """Code a column of texts, values in the order in which they first come."""
        coded = pa.array(texts, pa.string()).dictionary_encode()
        return cls(ArrowTexts(coded.dictionary), coded.indices.to_numpy())

    @classmethod
    def taken(cls, column: pa.ChunkedArray) -> ReadTexts:
        """Take over a column, dictionary-coded or not; NULL is the empty text.

        >>> ReadTexts.taken(pa.chunked_array([["b", None], ["b"]])).codes.tolist()
        [0, 1, 0]
        """
        if not len(column):
            return cls.of([])
        if not pa.types.is_dictionary(column.type):
            whole = column.fill_null("") if column.null_count else column
            return cls.of_runs([pc.run_end_encode(chunk, run_end_type=pa.int32()) for chunk in whole.chunks])
        column = column.unify_dictionaries()
        if pc.count_distinct(column.chunk(0).dictionary).as_py() < len(column.chunk(0).dictionary):
            column = column.cast(column.type.value_type).dictionary_encode()
        texts, nothing = column.chunk(0).dictionary, -1
        if column.null_count:
            nothing = pc.index(texts, "").as_py()
            if nothing < 0:
                nothing, texts = len(texts), pa.concat_arrays([texts, pa.array([""], texts.type)])
        indices = (chunk.indices for chunk in column.chunks)
        codes: list[npt.NDArray[np.int32]] = [
            (each.fill_null(nothing) if each.null_count else each).to_numpy() for each in indices
        ]
        every: npt.NDArray[np.int32] = np.concatenate(codes)
        return cls(ArrowTexts(texts), every)

    @classmethod
    def of_runs(cls, runs: list[pa.RunEndEncodedArray]) -> ReadTexts:
        """Code a column of texts, none of them NULL, given as runs of rows of one text; the list is emptied.

        The ids of an order's lines stand together, and then most of them come once: that is seen by their fingerprints,
        without a table of millions of texts.

        >>> ReadTexts.of_runs([pc.run_end_encode(pa.array(["b", "b", "a"]), run_end_type=pa.int64())]).codes.tolist()
        [0, 0, 1]
        """
        lengths = np.concatenate([np.diff(each.run_ends.to_numpy(), prepend=0) for each in runs])
        texts = pa.concat_arrays([each.values.cast(pa.large_string()) for each in runs])
        runs.clear()  # what they hold is in `texts`
        read, codes = _coded(texts)
        return cls(read, np.repeat(codes, lengths))

    @property
    def values(self) -> Texts:
        """The texts; made when they are first asked for, once for all columns that share them."""
        return self.read.objects

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Which values are empty."""
        return self.read.empty

    @property
    def longest(self) -> int:
        """No text is longer, in characters."""
        return self.read.longest

    def with_codes(self, codes: Codes) -> Coded:
        """Return other rows of the same texts."""
        return ReadTexts(self.read, codes)

    def in_order(self) -> Coded:
        """Return the same column with its values sorted, unused ones gone.

        >>> column = ReadTexts.of(["b", "a", "c"]).with_codes(np.array([0, 1])).in_order()
        >>> column.values, column.codes.tolist()
        (array(['a', 'b'], dtype=object), [1, 0])
        """
        used = np.flatnonzero(np.bincount(self.codes, minlength=len(self.read.array)))
        texts = self.read.array.take(pa.array(used))
        order = pc.array_sort_indices(texts).to_numpy().astype(np.int64)  # by bytes, which is by code points
        new_code = np.zeros(len(self.read.array), dtype=self.codes.dtype)
        new_code[used[order]] = np.arange(len(order))
        return ReadTexts(ArrowTexts(texts.take(pa.array(order))), new_code[self.codes])


def _coded(texts: pa.Array) -> tuple[ArrowTexts, npt.NDArray[np.int32]]:
    if len(texts) <= _FEW or pc.count_distinct(texts.slice(0, _FEW)).as_py() < _MOSTLY_ONCE * _FEW:
        return _hashed(texts)
    held = ArrowTexts(texts)
    prints = held.fingerprints
    in_order = np.sort(prints)
    twice = in_order[1:][in_order[1:] == in_order[:-1]]
    del in_order
    if not len(twice):  # other fingerprints, other texts
        return held, np.arange(len(texts), dtype=np.int32)
    if len(twice) > len(texts) / 4:
        return _hashed(texts)
    again = np.empty(len(prints), dtype=bool)
    for block in blocks(len(prints)):
        at = np.minimum(np.searchsorted(twice, prints[block]), len(twice) - 1)
        again[block] = twice[at] == prints[block]
    once = texts.filter(pa.array(~again))
    others, codes_of_others = _hashed(texts.filter(pa.array(again)))
    codes = np.empty(len(texts), dtype=np.int32)
    codes[~again], codes[again] = np.arange(len(once)), codes_of_others + len(once)
    return ArrowTexts(pa.concat_arrays([once, others.array])), codes


def _hashed(texts: pa.Array) -> tuple[ArrowTexts, npt.NDArray[np.int32]]:
    coded = texts.dictionary_encode()
    return ArrowTexts(coded.dictionary), coded.indices.to_numpy()


def mixed(bits: Hashes) -> Hashes:
    """Spread every bit over all others: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))

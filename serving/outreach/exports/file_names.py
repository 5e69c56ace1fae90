"""Names each owner's file or sheet: readable, safe on every system, and no two alike.

An owner may be called anything. A name that two owners would share, or that a system reserves, gets a suffix hashed
from the owner's whole name, so that it stays the same whoever else is on the list.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Set

from serving.outreach.exports.safe_text import one_line

FILE_NAME_LENGTH = 60
RESERVED_NAMES = frozenset({"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))})
SHEET_NAME_LENGTH = 31  # Excel: characters of UTF-16
RESERVED_SHEETS = frozenset({"history"})  # Excel's own
_MARK_LENGTH = 6


def file_names(owners: Iterable[str]) -> dict[str, str]:
    """Return a file name without suffix for each owner.

    >>> file_names(["Åsa Berg", "a/b", "A b"])
    {'Åsa Berg': 'Åsa-Berg', 'a/b': 'a-b-c14cdd', 'A b': 'A-b-a760b0'}
    """
    return _distinct(owners, _file_stem, lambda stem, mark: f"{stem}-{mark}", RESERVED_NAMES)


def sheet_names(owners: Iterable[str], summary: str = "Summary", called: Callable[[str], str] = str) -> dict[str, str]:
    """Return the name of a sheet for each owner.

    Args:
        owners: who they are.
        summary: the name of our own sheet, which no owner gets.
        called: owner → what whoever reads calls the owner.

    >>> sheet_names(["Ann", "North/South", "Summary"])
    {'Ann': 'Ann', 'North/South': 'North South', 'Summary': 'Summary 8e76a9'}
    """
    shortened = SHEET_NAME_LENGTH - _MARK_LENGTH - 1
    reserved = {*RESERVED_SHEETS, summary.casefold()}
    return _distinct(
        owners,
        lambda owner: _sheet_stem(called(owner)),
        lambda stem, mark: f"{_short(stem, shortened)} {mark}",
        reserved,
    )


def _distinct(
    owners: Iterable[str], stem_of: Callable[[str], str], marked: Callable[[str, str], str], reserved: Set[str]
) -> dict[str, str]:
    stems = {owner: stem_of(owner) for owner in owners}
    shared = Counter(stem.casefold() for stem in stems.values())
    free = {owner: stem for owner, stem in stems.items() if shared[stem.casefold()] == 1}
    names = {owner: stem for owner, stem in free.items() if stem.casefold() not in reserved}
    taken = {*reserved, *(name.casefold() for name in names.values())}
    for owner in stems.keys() - names.keys():
        names[owner] = _free_name(owner, lambda mark, stem=stems[owner]: marked(stem, mark), taken)  # type: ignore[misc]
        taken.add(names[owner].casefold())
    return {owner: names[owner] for owner in stems}


def _free_name(owner: str, marked: Callable[[str], str], taken: set[str]) -> str:
    digest = hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()
    marks = (digest[start : start + _MARK_LENGTH] for start in range(len(digest) - _MARK_LENGTH))
    return next(name for name in map(marked, marks) if name.casefold() not in taken)


def _file_stem(owner: str) -> str:
    words = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", owner)).strip("-_")
    return words.encode()[:FILE_NAME_LENGTH].decode("utf-8", "ignore") or "owner"


def _sheet_stem(owner: str) -> str:
    words = re.sub(r"[\[\]:*?/\\']+", " ", one_line(unicodedata.normalize("NFC", owner)))
    return _short(" ".join(words.split()), SHEET_NAME_LENGTH) or "owner"


def _short(text: str, most: int) -> str:
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").strip()

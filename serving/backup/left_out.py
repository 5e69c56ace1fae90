"""What a backup does not hold, and what to do about it: written in English, and said in the language of its reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from features.language.known_again import known_again
from features.language.messages import Message, Sentence

SECRET_APART = Message("the book's secret: keep it apart from backups, or take it along with --with-secret")
OUTSIDE = Message("your own file, outside the shop's folder")
INSIDE = Message("your own file; --with-sources takes it along")
MODELS_ELSEWHERE = Message("the models at {storage}")
ON_A_SERVER = Message("MLflow's server keeps registry and bundles: back them up there")
REGISTRY_ELSEWHERE = Message("the registry in {storage}")
IN_A_DATABASE = Message("back that database up; the bundles are in the backup")
ORDERS_ELSEWHERE = Message("the database that orders are read from")
YOURS = Message("yours to back up")
PLAYBOOKS_ELSEWHERE = Message("playbooks outside the shop's folder")
_KNOWN = (
    *(SECRET_APART, OUTSIDE, INSIDE, MODELS_ELSEWHERE, ON_A_SERVER, REGISTRY_ELSEWHERE, IN_A_DATABASE),
    *(ORDERS_ELSEWHERE, YOURS, PLAYBOOKS_ELSEWHERE),
)


@dataclass(frozen=True)
class LeftOut:
    """Something that a backup does not hold.

    Args:
        what: in words, or the path of a file.
        why: and what to do about it.
        is_file: whether it is a file of the shop's own, which the shop cannot do without.
    """

    what: str
    why: str
    is_file: bool = False


def left_out(what: str | Message, why: Message, *, is_file: bool = False) -> LeftOut:
    """Return something that a backup does not hold; what is said of it knows its message."""
    return LeftOut(what if isinstance(what, str) else Sentence.of(what), Sentence.of(why), is_file)


def elsewhere(known: Message, storage: str) -> Message:
    """Return what lies elsewhere, with the place where it lies."""
    return replace(known, values={"storage": storage})


def left_out_of(written: Mapping[str, Any]) -> LeftOut:
    """Return what a backup's manifest says of something that it does not hold: its sentences know their messages again.

    Raises:
        KeyError: it does not say what, or why.

    >>> found = left_out_of({"what": "the models at http://ml", "why": "yours to back up", "is_file": False})
    >>> found.what.message.values, found.why.message.text
    ({'storage': Name(name='http://ml')}, 'yours to back up')
    """
    what, why = (known_again(str(written[name]), _KNOWN) for name in ("what", "why"))
    return LeftOut(what, why, bool(written.get("is_file")))

"""What the sources of a shop add, in words: what tells, what does not, what may be missing, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.money import Money
from training.data_worth.elsewhere import Elsewhere, elsewhere
from training.data_worth.paired import Added
from training.data_worth.source import CUSTOMERS, EVENTS
from training.data_worth.worth import DataWorth, SourceWorth

COLUMNS = ("source", "features", "AUROC", "95%", "log loss", "95%", "of those who left, on a list", "adds")
UNKNOWN = "–"


def worth_rows(found: DataWorth, money: Money) -> list[list[str]]:
    """Return the table of sources, the most telling first."""
    return [_row(each, money) for each in found.sources]


def _row(each: SourceWorth, money: Money) -> list[str]:
    return [
        name_of(each.source),
        str(each.features),
        f"{each.auroc.mean:+.4f}",
        _interval(each.auroc),
        f"{-each.log_loss.mean:+.4f}",
        f"{-each.log_loss.high:+.4f} to {-each.log_loss.low:+.4f}",
        UNKNOWN if each.held is None else _money(each.held, money),
        "yes" if each.adds else "not measurably",
    ]


def name_of(source: str) -> str:
    """Return a source as it is told: of a kind of several that stands alone all are meant.

    >>> name_of("events"), name_of("events: review"), name_of("returns")
    ('all events', 'events: review', 'returns')
    """
    return {EVENTS: "all events", CUSTOMERS: "all of the customers file"}.get(source, source)


def _money(held: Added, money: Money) -> str:
    mean, low, high = (money.text(round(each)) for each in (held.mean, held.low, held.high))
    return f"{mean} ({low} to {high})"


def _interval(one: Added) -> str:
    return f"{one.low:+.4f} to {one.high:+.4f}"


def worth_sentences(found: DataWorth) -> Iterator[str]:
    """Yield three sentences: what adds, what does not, and what may be missing; then what to do about each."""
    adding, rest = [each for each in found.sources if each.adds], [each for each in found.sources if not each.adds]
    yield _what_adds(adding, found)
    yield _what_does_not(rest)
    yield _what_is_missing(found)


def _what_adds(adding: Sequence[SourceWorth], found: DataWorth) -> str:
    if not adding:
        return (
            f"No source adds measurably to who ordered when (AUROC {found.base_auroc:.3f} with everything): the rhythm "
            "of the orders is what tells in this shop"
        )
    named = ", ".join(
        f"{name_of(each.source)} (AUROC {each.auroc.mean:+.3f}, {_interval(each.auroc)})" for each in adding
    )
    return f"Beside who ordered when, these tell who churns: {named}; keep them flowing, and complete"


def _what_does_not(rest: Sequence[SourceWorth]) -> str:
    if not rest:
        return "Every source that the shop has adds something"
    most = max(each.auroc.high for each in rest)
    return (
        f"These add nothing measurable to the forecast, at most {most:+.3f} of AUROC each: "
        f"{', '.join(name_of(each.source) for each in rest)}; reasons, lists and playbooks may use them all the same"
    )


def _what_is_missing(found: DataWorth) -> str:
    if not found.absent:
        return "Of what a shop can have, nothing is missing"
    told = "; ".join(f"{kind} ({_told(kind)})" for kind in found.absent)
    return f"Not in this shop's files: {told}. That was elsewhere: what it would add here, only having it tells"


def _told(kind: str) -> str:
    parts = [
        _range(words, elsewhere(kind, simulated=simulated))
        for words, simulated in (("tests on open logs", False), ("simulated shops", True))
    ]
    known = [part for part in parts if part]
    return "where it was there it added " + ", ".join(known) if known else "never measured"


def _range(words: str, found: Sequence[Elsewhere]) -> str:
    if not found:
        return ""
    low, high, count = found[0].auroc, found[-1].auroc, len(found)
    span = f"{low:+.3f}" if count == 1 else f"{low:+.3f} to {high:+.3f}"
    return f"{span} of AUROC in {count} {words}"


def worth_advice(found: DataWorth) -> Iterator[str]:
    """Yield what to do: columns left out, sources too few to judge by, and what is worth asking for first."""
    if found.unused:
        names = ", ".join(name.replace("_", " ") for name in found.unused)
        yield f"left out of training, as chance tells their groups apart as well or they know the future: {names}"
    promising = [kind for kind in found.absent if any(each.low > 0 for each in _of(kind))]
    if found.absent and not promising:
        yield (
            "nothing that is missing added beyond chance where it was there: for the forecast alone it is not worth "
            "collecting; for reasons, lists and playbooks it may be"
        )
    if promising:
        yield (
            f"worth asking for first: {', '.join(promising)}, which added beyond chance in a shop that had it; once "
            "some months of it are there, run this again"
        )


def _of(kind: str) -> tuple[Elsewhere, ...]:
    return (*elsewhere(kind, simulated=False), *elsewhere(kind, simulated=True))

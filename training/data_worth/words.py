"""What the sources of a shop add, in words: what tells, what does not, what may be missing, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from features.definitions.engagement import kind_in_words
from features.language.counted import counted
from features.language.languages import ENGLISH, Language
from features.language.messages import Message, Sentence, in_a_row, said, sentence
from features.language.typed_values import Amount, Digits
from features.money import Money
from training.data_worth.elsewhere import Elsewhere, elsewhere
from training.data_worth.paired import Added
from training.data_worth.source import AMOUNTS, CUSTOMERS, DISCOUNTS, EVENTS, PRODUCTS, QUANTITIES, RETURNS
from training.data_worth.worth import DataWorth, SourceWorth

COLUMNS: tuple[Message, ...] = (
    *(Message("source", context="worth"), Message("features", context="worth"), Message("AUROC", context="worth")),
    *(Message("95%", context="worth"), Message("log loss", context="worth"), Message("95%", context="worth")),
    *(Message("of those who left, on a list", context="worth"), Message("adds", context="worth")),
)
# What a shop can have or lack.
KINDS: Mapping[str, Message] = {
    AMOUNTS: Message("amounts", context="source"),
    PRODUCTS: Message("products", context="source"),
    QUANTITIES: Message("quantities", context="source"),
    DISCOUNTS: Message("discounts", context="source"),
    RETURNS: Message("returns", context="source"),
    EVENTS: Message("events", context="source"),
    CUSTOMERS: Message("customers file", context="source"),
}
# Of one, and of several.
ON_OPEN_LOGS = (
    Message("{low} of AUROC in one test on open logs"),
    Message("{low} to {high} of AUROC in {count} tests on open logs"),
)
IN_SIMULATED_SHOPS = (
    Message("{low} of AUROC in one simulated shop"),
    Message("{low} to {high} of AUROC in {count} simulated shops"),
)
UNKNOWN = "–"


def worth_rows(found: DataWorth, money: Money, language: Language = ENGLISH) -> list[list[str]]:
    """Return the table of sources, the most telling first.

    Args:
        found: what they add.
        money: in which the shop counts.
        language: of the reader.
    """
    return [_row(each, money, language) for each in found.sources]


def _row(each: SourceWorth, money: Money, language: Language) -> list[str]:
    cells = (
        name_of(each.source),
        sentence("{count}", count=each.features),
        sentence("{low}", low=_signed(each.auroc.mean, 4)),
        _interval(each.auroc),
        sentence("{low}", low=_signed(-each.log_loss.mean, 4)),
        _between(-each.log_loss.high, -each.log_loss.low),
        UNKNOWN if each.held is None else _money(each.held, money.currency),
        sentence("yes") if each.adds else sentence("not measurably"),
    )
    return [said(cell, language, isolated=language.is_right_to_left) for cell in cells]


def name_of(source: str) -> Sentence:
    """Return a source as it is told: of a kind of several that stands alone all are meant.

    >>> name_of("events"), name_of("events: review"), name_of("returns")
    ('all events', 'events: review', 'returns')
    """
    kind, _, name = source.partition(": ")
    if name and kind == EVENTS:
        return sentence("events: {it}", it=kind_in_words(name))
    if name:
        return sentence("customers file: {name}", name=name)
    if kind in (EVENTS, CUSTOMERS):
        return sentence("all events") if kind == EVENTS else sentence("all of the customers file")
    return Sentence.of(KINDS[kind])


def _money(held: Added, currency: str) -> Sentence:
    mean, low, high = (Amount(round(each), currency) for each in (held.mean, held.low, held.high))
    return sentence("{amount} ({low} to {high})", amount=mean, low=low, high=high)


def _interval(one: Added) -> Sentence:
    return _between(one.low, one.high)


def _between(low: float, high: float) -> Sentence:
    return sentence("{low} to {high}", low=_signed(low, 4), high=_signed(high, 4))


def _signed(value: float, decimals: int = 3) -> Digits:
    return Digits(f"{value:+.{decimals}f}")


def worth_sentences(found: DataWorth) -> Iterator[Sentence]:
    """Yield three sentences: what adds, what does not, and what may be missing; then what to do about each."""
    adding, rest = [each for each in found.sources if each.adds], [each for each in found.sources if not each.adds]
    yield _what_adds(adding, found)
    yield _what_does_not(rest)
    yield _what_is_missing(found)


def _what_adds(adding: Sequence[SourceWorth], found: DataWorth) -> Sentence:
    if not adding:
        return sentence(
            "No source adds measurably to who ordered when (AUROC {auroc} with everything): the rhythm of the orders "
            "is what tells in this shop",
            auroc=Digits(f"{found.base_auroc:.3f}"),
        )
    return sentence(
        "Beside who ordered when, these tell who churns: {them}; keep them flowing, and complete",
        them=in_a_row(map(_with_auroc, adding), commas=True),
    )


def _with_auroc(each: SourceWorth) -> Sentence:
    return sentence(
        "{it} (AUROC {auroc}, {low} to {high})",
        it=name_of(each.source).message,
        auroc=_signed(each.auroc.mean),
        low=_signed(each.auroc.low, 4),
        high=_signed(each.auroc.high, 4),
    )


def _what_does_not(rest: Sequence[SourceWorth]) -> Sentence:
    if not rest:
        return sentence("Every source that the shop has adds something")
    return sentence(
        "These add nothing measurable to the forecast, at most {most} of AUROC each: {them}; reasons, lists and "
        "playbooks may use them all the same",
        most=_signed(max(each.auroc.high for each in rest)),
        them=in_a_row((name_of(each.source) for each in rest), commas=True),
    )


def _what_is_missing(found: DataWorth) -> Sentence:
    if not found.absent:
        return sentence("Of what a shop can have, nothing is missing")
    return sentence(
        "Not in this shop's files: {them}. That was elsewhere: what it would add here, only having it tells",
        them=in_a_row(sentence("{it} ({why})", it=KINDS[kind], why=_told(kind).message) for kind in found.absent),
    )


def _told(kind: str) -> Sentence:
    on_logs, in_shops = elsewhere(kind, simulated=False), elsewhere(kind, simulated=True)
    known = [*_range(ON_OPEN_LOGS, on_logs), *_range(IN_SIMULATED_SHOPS, in_shops)]
    if not known:
        return sentence("never measured")
    return sentence("where it was there it added {it}", it=in_a_row(known, commas=True))


def _range(messages: tuple[Message, Message], found: Sequence[Elsewhere]) -> Iterator[Sentence]:
    one, several = messages
    if len(found) == 1:
        yield counted(one, 1, low=_signed(found[0].auroc))
    elif found:
        yield counted(several, len(found), low=_signed(found[0].auroc), high=_signed(found[-1].auroc))


def worth_advice(found: DataWorth) -> Iterator[Sentence]:
    """Yield what to do: columns left out, sources too few to judge by, and what is worth asking for first."""
    if found.unused:
        yield sentence(
            "left out of training, as chance tells their groups apart as well or they know the future: {names}",
            names=", ".join(name.replace("_", " ") for name in found.unused),
        )
    promising = [kind for kind in found.absent if any(each.low > 0 for each in _of(kind))]
    if found.absent and not promising:
        yield sentence(
            "nothing that is missing added beyond chance where it was there: for the forecast alone it is not worth "
            "collecting; for reasons, lists and playbooks it may be"
        )
    if promising:
        yield sentence(
            "worth asking for first: {them}, which added beyond chance in a shop that had it; once some months of it "
            "are there, run this again",
            them=in_a_row((Sentence.of(KINDS[kind]) for kind in promising), commas=True),
        )


def _of(kind: str) -> tuple[Elsewhere, ...]:
    return (*elsewhere(kind, simulated=False), *elsewhere(kind, simulated=True))

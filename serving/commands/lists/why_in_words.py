"""The story of a customer in words: a line a fact, of a few short parts, in the sentences of the customer's page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from features.language.messages import Message, Sentence, message_in, sentence
from features.language.typed_values import Amount, Day, Days, Name, Number, Percent
from serving.book.decisions import HAND_OVER
from serving.book.lists import ROUND_ROBIN
from serving.book.outcomes import LEAVE_ALONE
from serving.book.sentences import sentences_from_json
from serving.outreach.plan.candidates import RANDOM, RANKED
from serving.outreach.plan.details import detail_sentence
from serving.outreach.plan.holdout import HOLDOUT, TREATED
from serving.outreach.plan.in_words import BANDS, CHANNELS, LEFT_OUT, LISTED_FOR, OUTCOMES, OWNERS, STATES
from serving.outreach.plan.in_words import KINDS as KINDS_LISTED
from serving.outreach.plan.snapshot import EVERY_CHANNEL
from serving.outreach.plan.suppression import SNOOZED

Row = Mapping[str, Any]
ARMS: Mapping[str, Message] = {
    TREATED: Message("to be contacted", context="arm"),
    HOLDOUT: Message("held out", context="arm"),
}
HOW_GIVEN: Mapping[str, Message] = {
    HAND_OVER: Message("handed over", context="owner"),
    ROUND_ROBIN: Message("in turn", context="owner"),
}
# How somebody came onto a list, and how large an expected spend is, beside the others of the list.
CELLS: Mapping[str, Message] = {
    RANKED: Message("listed by rank", context="cell"),
    RANDOM: Message("listed by a random draw", context="cell"),
}
SIZES: Mapping[str, Message] = {
    "large": Message("expected spend above the median"),
    "small": Message("expected spend not above the median"),
}
# What an outcome writes as the reason of the snooze that it makes; whatever else stands there somebody wrote.
LEFT_ALONE: Mapping[str, Message] = {
    LEAVE_ALONE["wrong_alarm"]: Message("a wrong alarm"),
    LEAVE_ALONE["already_known"]: OUTCOMES["already_known"],
}


def in_words(kind: str, row: Row, asked_for: str) -> Sentence:
    """Return a fact of a customer's story.

    Args:
        kind: of `DAY_OF`.
        row: as the book holds it.
        asked_for: the customer whose story it is.

    >>> row = {"account_id": "c1", "owner": "Zoe", "how": "hand-over"}
    >>> in_words("owners", row, "c1")
    'Given to Zoe; handed over'
    """
    parts = [each for each in _TOLD[kind]({**row, "asked_for": asked_for}) if each is not None]
    return _joined((*parts, *_of_account(row, asked_for)) if kind in _OF_ACCOUNT else parts)


def _joined(parts: Iterable[Sentence]) -> Sentence:
    def both(first: Message, second: Message) -> Message:
        return Message("{first}; {second}", {"first": first, "second": second})

    return Sentence.of(reduce(both, (each.message for each in parts)))


def _scored(row: Row) -> Iterator[Sentence | None]:
    at_risk = row["value_at_risk"]
    share, days = Percent(row["probability"]), Number(row["horizon_days"])
    yield sentence("Scored {share} to stay away for {days} days", share=share, days=days)
    yield sentence("probability: {band}", band=_word(BANDS, row["band"]))
    yield sentence("state: {state}", state=_word(STATES, row["state"]))
    yield None if at_risk is None else sentence("at risk: {it}", it=Amount(at_risk, row["currency"]))
    yield sentence("last order {days} before", days=Days(row["days_since_order"]))
    yield sentence("model version {version}", version=str(row["model_version"]))
    yield _texts(Message("why: {it}"), row["reasons"], row["reason_messages"])
    yield _texts(Message("buys less: {it}"), row["shrinking"], row["shrinking_messages"])


def _texts(said: Message, texts: str | None, messages: str | None) -> Sentence | None:
    """Return the sentences that the list has, too; nothing where none were computed."""
    told = sentences_from_json(texts, messages)
    if not told:
        return None
    every = _joined(each if isinstance(each, Sentence) else sentence("{name}", name=each) for each in told)
    return Sentence.of(replace(said, values={"it": every.message}))


def _given(row: Row) -> Iterator[Sentence]:
    yield sentence("Given to {who}", who=_word(OWNERS, row["owner"]))
    yield sentence("{name}", name=_word(HOW_GIVEN, row["how"]))


def _by_lot(row: Row) -> Iterator[Sentence]:
    yield sentence("Drawn by lot: {arm}", arm=_word(ARMS, row["arm"]))
    yield _stratum(str(row["stratum"]))


def _stratum(code: str) -> Sentence:
    """Return among whom a lot was drawn: kind, band and expected spend, as `serving.outreach.plan.holdout` writes them.

    >>> _stratum("regular high large"), _stratum("all")
    ('drawn among: regular customer, probability high, expected spend above the median', 'all')
    """
    kind, band, size = (*code.split(" "), "", "")[:3]
    if kind not in KINDS_LISTED or band not in BANDS or size not in SIZES:
        return sentence("{name}", name=code)
    return sentence(
        "drawn among: {kind}, probability {band}, {it}", kind=KINDS_LISTED[kind], band=BANDS[band], it=SIZES[size]
    )


def _in_programme(_row: Row) -> Iterator[Sentence]:
    yield sentence("In the programme holdout from this day on: no playbook ever touches it")


def _held_out(row: Row) -> Iterator[Sentence]:
    yield sentence("Held out with account {account} until {day}", account=str(row["account_id"]), day=Day(row["until"]))


def _listed(row: Row) -> Iterator[Sentence | None]:
    yield sentence("On the list of {who}", who=_word(OWNERS, row["owner"]))
    yield (
        None
        if row["customer_id"] == row["asked_for"]
        else sentence("through {customer} of the same account", customer=str(row["customer_id"]))
    )
    yield sentence("place {count}", count=row["position"])
    if row["playbook"]:
        yield sentence("do: {it}", it=row["title"] or row["playbook"])
        yield sentence("by {channel}", channel=_word(CHANNELS, row["channel"]))
    gain = row["expected_gain"]
    yield None if gain is None else sentence("worth {amount}", amount=Amount(gain, row["currency"]))
    yield None if not row["listed_for"] else sentence("listed for: {sign}", sign=_word(LISTED_FOR, row["listed_for"]))
    yield sentence("entry: {it}", it=str(row["entry_id"]))
    if row["withdrawn_at"]:
        by, why = str(row["withdrawn_by"]), str(row["withdrawn_why"])
        yield sentence("the list was taken back by {who}: {why}", who=by, why=why)


def _off(said: Message) -> Callable[[Row], Iterator[Sentence]]:
    """Return what says a reason and its detail, which a snooze has on a line of its own."""

    def told(row: Row) -> Iterator[Sentence]:
        yield Sentence.of(replace(said, values={"reason": _word(LEFT_OUT, row["reason"])}))
        if row["detail"] and row["reason"] != SNOOZED:
            yield detail_sentence(str(row["detail"]))

    return told


def _contacted(row: Row) -> Iterator[Sentence | None]:
    yield sentence("Contacted")
    yield sentence("by {channel}", channel=_word(CHANNELS, row["channel"]))
    yield from _signed(row)


def _came(row: Row) -> Iterator[Sentence | None]:
    yield sentence("outcome: {outcome}", outcome=_word(OUTCOMES, row["outcome"]))
    yield from _signed(row)


def _signed(row: Row) -> Iterator[Sentence | None]:
    for name in ("by", "note"):
        yield sentence("{name}", name=str(row[name])) if row[name] else None


def _consented(row: Row) -> Iterator[Sentence | None]:
    yield sentence("Agreed to be contacted") if row["allowed"] else sentence("Refused to be contacted")
    every = row["channel"] == EVERY_CHANNEL
    yield sentence("on every channel") if every else sentence("by {channel}", channel=_word(CHANNELS, row["channel"]))
    yield sentence("source: {it}", it=str(row["source"]))


def _held(row: Row) -> Iterator[Sentence | None]:
    by, until = str(row["by"] or "–"), row["until"]
    if row["kind"] == "veto":
        yield sentence("Veto by {who}", who=by)
    elif row["kind"] == "lift":
        yield sentence("Lifted by {who}", who=by)
    else:
        yield sentence("Put off until {day}", day=Day(until)) if until else sentence("Put off")
        yield sentence("{name}", name=by) if row["by"] else None
    yield sentence("{name}", name=_word(LEFT_ALONE, row["why"]))


def _watched(row: Row) -> Iterator[Sentence | None]:
    yield sentence("Watched for {days} days: {arm}", days=Number(row["horizon_days"]), arm=_word(ARMS, row["arm"]))
    yield sentence("{name}", name=_word(CELLS, row["cell"]))
    yield _stratum(str(row["stratum"]))
    yield sentence("void, since its list was taken back") if row["voided_at"] else None


def _of_account(row: Row, asked_for: str) -> Iterator[Sentence]:
    if row["account_id"] != asked_for:
        yield sentence("of account {account}", account=str(row["account_id"]))


def _word(codes: Mapping[str, Message], code: str) -> Message | Name:
    return codes.get(code) or message_in(str(code))


_TOLD: Mapping[str, Callable[[Row], Iterator[Sentence | None]]] = {
    "owners": _given,
    "scores": _scored,
    "arms": _by_lot,
    "programme": _in_programme,
    "drawn": _held_out,
    "entries": _listed,
    "suppressed": _off(Message("Not on the list: {reason}")),
    "gone": _off(Message("Left the list: {reason}")),
    "episodes": _watched,
    "contacts": _contacted,
    "outcomes": _came,
    "consent": _consented,
    "holds": _held,
}
_OF_ACCOUNT = frozenset(("owners", "holds"))
KINDS = tuple(_TOLD)  # in the order in which facts of one day are told

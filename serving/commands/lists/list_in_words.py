"""A published list in words, for a terminal: its top, who is not on it, and what has moved since the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from features.language.counted import counted
from features.language.languages import Language
from features.language.messages import Message, Sentence, in_a_row, message_in, said, sentence
from features.language.typed_values import Amount, Day, Days
from features.language.written import money_text, number_text, percent_text
from features.money import Money
from serving.commands.result import Table
from serving.outreach.exports.safe_text import joined
from serving.outreach.plan.in_words import LEFT_OUT, OWNERS, RANKED_BY, code_text
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.suppression import LITTLE_GAIN
from serving.scores import records

SHOWN = 10  # entries on a screen
MOST_NAMED = 5  # accounts in a sentence
COLUMNS: tuple[Message, ...] = (
    Message("#", context="column"),
    *(Message("customer", context="terminal"), Message("owner", context="terminal")),
    *(Message("risk", context="terminal"), Message("worth", context="terminal")),
    *(Message("what to do", context="terminal"), Message("why", context="terminal")),
)
NO_MONEY = Message("the orders hold no money: customers are ranked by their risk alone, and no worth is told")
WORTH = Message(
    "risk = left_probability, of no order within three horizons; worth = expected gain (expected_gain in the files): "
    "risk × P(saved | contacted) × expected spend − cost"
)
# Who is little worth a row.
LITTLE = Message(
    "{count} more would gain less than {least}, what it costs to read a row (a fiftieth of a call; [list] least_gain), "
    "and is left out",
    plural="{count} more would gain less than {least} each, what it costs to read a row (a fiftieth of a call; [list] "
    "least_gain), and are left out",
)
REGULARS = Message(
    "{count} regular on the list, ranked by {measure}", plural="{count} regulars on the list, ranked by {measure}"
)
# Group of a list → how many are in it.
APART: Mapping[str, Message] = {
    "newcomers": Message("{count} new customer", plural="{count} new customers"),
    "winback": Message("{count} lapsed one to win back", plural="{count} lapsed ones to win back"),
    "reminders": Message("{count} to remind before the due day", plural="{count} to remind before the due day"),
    "shrinking": Message("{count} that buys less", plural="{count} that buy less"),
}
A_DAY_OR_TWO = 25  # entries; what is proposed where nothing bounds a list
MOST_A_WEEK = 100  # entries that one owner works off before the next list: twenty calls on each of five days


def top_in_words(outreach: OutreachList, language: Language, *, has_money: bool) -> Iterator[Sentence | str | Table]:
    """Say what list it is, and show its first entries with their reasons.

    Args:
        outreach: the list, its titles and reasons in the language.
        language: of whoever reads it.
        has_money: whether the orders hold any.
    """
    values: dict[str, Day | Days] = {"day": Day(outreach.as_of), "horizon": Days(outreach.horizon_days)}
    if (every := len(outreach.entries)) > SHOWN:
        some = {"shown": SHOWN, "every": every}
        yield sentence("The list of {day:table}, {horizon} ahead, the first {shown} of {every}:", **values, **some)
    else:
        yield sentence("The list of {day:table}, {horizon} ahead:", **values)
    yield Sentence.of(WORTH if has_money else NO_MONEY)
    if count := outreach.left_out.get(LITTLE_GAIN, 0):
        least = Amount(outreach.least_gain, outreach.currency)
        yield counted(LITTLE, count, least=least)
    yield ""
    heads = [said(each, language) for each in COLUMNS]
    rows = [_row(entry, outreach.currency, language) for entry in records(outreach.entries.head(SHOWN))]
    yield Table(heads, rows, wide=heads[-1])


def counts_in_words(outreach: OutreachList) -> Iterator[Sentence]:
    """Say how many are on the list, who is not on it and why, and what has moved."""
    ranked = RANKED_BY.get(outreach.rank_by, outreach.rank_by)
    regulars = counted(REGULARS, len(outreach.entries), measure=ranked)
    apart = [(each, len(getattr(outreach, group))) for group, each in APART.items()]
    others = [counted(each, count) for each, count in apart if count]
    if others:
        rest = in_a_row(others, commas=True)
        yield sentence("{regulars}; apart from them {apart}", regulars=regulars.message, apart=rest)
    else:
        yield regulars
    if outreach.left_out:
        yield sentence("not on it: {reasons}", reasons=_reasons(outreach.left_out))


def moves_in_words(outreach: OutreachList) -> Iterator[Sentence]:
    """Say what has moved since the former list; nothing where there was none."""
    still, gone = int((outreach.everyone["change"] == "still").sum()), outreach.gone
    counts = {"new": len(outreach.everyone) - still, "still": still}
    if len(gone):
        why = _reasons({str(reason): count for reason, count in gone["reason"].value_counts().items()})
        values: dict[str, Message | int] = {**counts, "gone": len(gone), "reasons": why}
        yield sentence("since the former list: {new} new, {still} still on it, {gone} gone ({reasons})", **values)
    elif still:
        yield sentence("since the former list: {new} new, {still} still on it, nobody gone", **counts)


def long_in_words(outreach: OutreachList, capacity_of: Callable[[str], int | None]) -> Iterator[Sentence]:
    """Say which owner has more than a week's work, where no capacity bounds it; nothing where none has.

    Args:
        outreach: the list.
        capacity_of: an owner → how many entries the owner takes; None = no bound.
    """
    counts = outreach.everyone["owner"].value_counts()
    unbounded = counts[[capacity_of(str(owner)) is None for owner in counts.index]]
    if len(unbounded) and (most := int(unbounded.iloc[0])) > MOST_A_WEEK:
        owner = str(unbounded.index[0])
        yield sentence(
            "the longest list ({who}) has {count} entries, more than anybody calls in a week: with {setting} under "
            "[list] each owner gets the first {shown}",
            who=OWNERS.get(owner, owner),
            count=most,
            setting=f"capacity = {A_DAY_OR_TWO}",
            shown=A_DAY_OR_TWO,
        )


def taken_back_in_words(each: Mapping[str, Any]) -> Sentence:
    """Say that a list does not count, by whom and why."""
    facts = {"day": each["as_of"], "who": each["by"], "why": each["why"]}
    return sentence("the list of {day:table} was taken back by {who} and does not count: {why}", **facts)


def held_in_words(ids: Sequence[str]) -> Iterator[Sentence]:
    """Say which accounts a veto or snooze of another account keeps off; nothing where there are none."""
    yield from _careful(
        Message(
            "careful: {count} account is kept off by a veto or snooze that a customer brought from another account "
            "({ids}); regulars hold lift ends it",
            plural="careful: {count} accounts are kept off by a veto or snooze that a customer brought from another "
            "account ({ids}); regulars hold lift ends it",
        ),
        ids,
    )


def owned_in_words(ids: Sequence[str]) -> Iterator[Sentence]:
    """Say which accounts are with an owner who came along with a customer; nothing where there are none."""
    yield from _careful(
        Message(
            "careful: {count} account is with the owner whom some of its customers brought from another account "
            "({ids}); regulars hand-over gives it to another",
            plural="careful: {count} accounts are with the owner whom some of its customers brought from another "
            "account ({ids}); regulars hand-over gives it to another",
        ),
        ids,
    )


def merged_in_words(ids: Sequence[str]) -> Iterator[Sentence]:
    """Say in which accounts held-out customers and others came together; nothing where there are none."""
    yield from _careful(
        Message(
            "careful: {count} account holds held-out customers and others, so nobody of it is contacted: a contact "
            "cannot be undone ({ids})",
            plural="careful: {count} accounts hold held-out customers and others, so nobody of it is contacted: a "
            "contact cannot be undone ({ids})",
        ),
        ids,
    )


def written_in_words(files: Sequence[Path]) -> Sentence:
    """Say where the files were written, those of one folder together."""
    folder = files[0].parent
    shown = dict.fromkeys(_shown(path, folder) for path in files)
    return sentence("written to {folder}: {files}", folder=str(folder), files=", ".join(shown))


def _careful(message: Message, ids: Sequence[str]) -> Iterator[Sentence]:
    if ids:
        yield counted(message, len(ids), ids=_named(ids))


def _named(ids: Sequence[str]) -> Message:
    first = in_a_row([sentence("{name}", name=each) for each in ids[:MOST_NAMED]], commas=True)
    more = len(ids) - MOST_NAMED
    return Message("{ids} and {count} more", {"ids": first, "count": more}) if more > 0 else first


def _reasons(counts: Mapping[str, int]) -> Message:
    named = ((count, LEFT_OUT.get(reason) or message_in(reason)) for reason, count in counts.items())
    return in_a_row([sentence("{count} {reason}", count=count, reason=reason) for count, reason in named], commas=True)


def _row(entry: Mapping[str, Any], currency: str, language: Language) -> list[str]:
    who = entry["name"] if isinstance(entry["name"], str) and entry["name"] else entry["customer_id"]
    why = joined(entry["reasons"]) if isinstance(entry["reasons"], Sequence) else ""
    gain, money = entry["expected_gain"], Money(currency)
    worth = "" if gain is None else money_text(money.minor(gain), currency, language, form="table")
    risk = percent_text(entry["left_probability"], language, table=True)
    owner = code_text(OWNERS, str(entry["owner"]), language)
    return [number_text(entry["position"], language), str(who), owner, risk, worth, str(entry["title"]), why]


def _shown(path: Path, folder: Path) -> str:
    inside = path.relative_to(folder)
    return path.name if len(inside.parts) == 1 else f"{inside.parts[0]}/*{path.suffix}"

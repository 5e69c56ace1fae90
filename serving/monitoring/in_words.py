"""What a watch says of the model: how good it is now, what came of what it said, and how much has changed."""

from __future__ import annotations

from collections.abc import Sequence

from features.language.counted import counted
from features.language.messages import Message, Sentence, sentence
from features.language.typed_values import Digits, Percent
from serving.monitoring.expected_quality import Expected
from serving.monitoring.windows import Window

MANY_CHANGED = Message(
    "{count} thing has changed beyond what is usual for this shop: see what to do below.",
    plural="{count} things have changed beyond what is usual for this shop: see what to do below.",
)

INSIDE = Message("inside the interval")
OUTSIDE = Message("outside the interval, so the estimates of that day were off as well")


def how_good(now: Window | None) -> Sentence:
    """Say how good the latest scores are expected to be.

    Args:
        now: the window of the latest run; None where there is none.
    """
    if now is None:
        return sentence("Nothing was scored yet: run regulars score or regulars list first.")
    if now.has_ended:
        return sentence(
            "The last scores are of {day:table} and were about the days until {until:table}: score again to know of "
            "today.",
            day=now.run.as_of,
            until=now.until,
        )
    found = now.expected
    measures = {"auroc": _text(found["auroc"]), "loss": _text(found["log_loss"])}
    if now.listed is None:
        return sentence(
            "The scores of {day:table} are expected to have AUROC {auroc} and log loss {loss} over {customers} "
            "customers.",
            day=now.run.as_of,
            customers=len(now.said),
            **measures,
        )
    return sentence(
        "The scores of {day:table} are expected to have AUROC {auroc} and log loss {loss} over {customers} customers, "
        "and {hits} of the {entries} on its list will order nothing.",
        day=now.run.as_of,
        customers=len(now.said),
        hits=_count(found["hits"]),
        entries=len(now.listed),
        **measures,
    )


def what_came(windows: Sequence[Window], ended: Window | None) -> Sentence:
    """Say what came of what was said.

    Args:
        windows: of scoring runs, oldest first.
        ended: the latest whose horizon has ended; None where none has.
    """
    if ended is None:
        if not windows:
            return sentence("No window of a scoring run has ended yet.")
        return sentence(
            "No window of a scoring run has ended yet; the first ends on {day:table}.", day=windows[0].until
        )
    came, said = ended.realised or {}, ended.expected
    inside = said["churned"].holds(came["churned"])
    return sentence(
        "Of {customers} customers scored on {day:table}, {said} were expected to order nothing until {until:table}, "
        "and {came} did, where {low} to {high} were said: {it}; AUROC was {auroc}, {expected} were expected.",
        customers=len(ended.said),
        day=ended.run.as_of,
        said=Percent(float(ended.p.mean())),
        until=ended.until,
        came=Percent(came["churned"]),
        it=INSIDE if inside else OUTSIDE,
        auroc=_digits(came["auroc"]),
        expected=_digits(said["auroc"].value),
        **_ends(said["churned"]),
    )


def what_changed(alarms: int) -> Sentence:
    """Say how much has changed.

    >>> what_changed(0)
    'Nothing has changed beyond what is usual for this shop: there is nothing to do.'
    """
    if not alarms:
        return sentence("Nothing has changed beyond what is usual for this shop: there is nothing to do.")
    return counted(MANY_CHANGED, alarms)


def level_off(window: Window, came: float) -> Sentence:
    """Say that more or fewer ordered nothing than was said."""
    return sentence(
        "{came} ordered nothing, said were {low} to {high} ({first:table} to {last:table}, {customers} customers)",
        came=Percent(came),
        first=window.run.as_of,
        last=window.until,
        customers=len(window.said),
        **_ends(window.expected["churned"]),
    )


def ranking_off(window: Window, came: float) -> Sentence:
    """Say that who left was told apart worse than was said."""
    return sentence(
        "AUROC was {auroc}, expected was {it} ({first:table} to {last:table}, {customers} customers)",
        auroc=_digits(came),
        it=_text(window.expected["auroc"]),
        first=window.run.as_of,
        last=window.until,
        customers=len(window.said),
    )


def _ends(expected: Expected) -> dict[str, Percent]:
    return {"low": Percent(expected.low), "high": Percent(expected.high)}


def _digits(value: float) -> Digits:
    return Digits(f"{value:.3f}")


def _text(expected: Expected) -> Message:
    ends = {"low": _digits(expected.low), "high": _digits(expected.high)}
    return Message("{number} ({low} to {high})", {"number": _digits(expected.value), **ends})


def _count(expected: Expected) -> Message:
    number, low, high = (Digits(f"{each:,.0f}") for each in (expected.value, expected.low, expected.high))
    return Message("{number} ({low} to {high})", {"number": number, "low": low, "high": high})

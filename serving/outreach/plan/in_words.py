"""What the codes of a list are called: states, bands, groups, channels, signs, and reasons for not being on it.

The book, the API and files for programs hold the codes; whoever shows one to a person says it in the person's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from features.language.languages import Language
from features.language.messages import Message, said
from serving.outreach.plan.owners import NO_OWNER

STATES: Mapping[str, Message] = {
    "new": Message("new", context="state"),
    "active": Message("active", context="state"),
    "at_risk": Message("at risk", context="state"),
    "lapsed": Message("lapsed", context="state"),
}
BANDS: Mapping[str, Message] = {
    "low": Message("low", context="probability"),
    "medium": Message("medium", context="probability"),
    "high": Message("high", context="probability"),
}
# The groups of a list, and what an entry of each is.
KINDS: Mapping[str, Message] = {
    "regular": Message("regular customer"),
    "new": Message("new customer"),
    "winback": Message("to win back"),
    "reminder": Message("remind before the due day"),
    "shrunk": Message("buys less"),
}
CHANNELS: Mapping[str, Message] = {
    "call": Message("call", context="channel"),
    "mail": Message("mail", context="channel"),
    "letter": Message("letter", context="channel"),
    "visit": Message("visit", context="channel"),
    "message": Message("message", context="channel"),
    "service": Message("service", context="channel"),
}
CHANGES: Mapping[str, Message] = {
    "new": Message("new on the list"),
    "still": Message("still on the list"),
}
LISTED_FOR: Mapping[str, Message] = {
    "late": Message("late", context="sign"),
    "open ticket": Message("open ticket", context="sign"),
    "return": Message("return", context="sign"),
    "bad review": Message("bad review", context="sign"),
    "fewer orders": Message("fewer orders", context="sign"),
    "spends less": Message("spends less", context="sign"),
    "first order": Message("first order", context="sign"),
    "lapsed": Message("lapsed", context="sign"),
    "random draw": Message("random draw", context="sign"),
    "due soon": Message("due soon", context="sign"),
    "buys less": Message("buys less", context="sign"),
    "lost category": Message("lost category", context="sign"),
}
LEFT_OUT: Mapping[str, Message] = {
    "programme holdout": Message("programme holdout", context="left out"),
    "veto": Message("veto", context="left out"),
    "snoozed": Message("snoozed", context="left out"),
    "no consent": Message("no consent", context="left out"),
    "ordered": Message("ordered", context="left out"),
    "open ticket": Message("open ticket", context="left out"),
    "in transit": Message("in transit", context="left out"),
    "lost cause": Message("lost cause", context="left out"),
    "cooldown": Message("cooldown", context="left out"),
    "not yet due": Message("not yet due", context="left out"),
    "no gain": Message("no gain", context="left out"),
    "little gain": Message("little gain", context="left out"),
    "account": Message("account", context="left out"),
    "holdout": Message("holdout", context="left out"),
    "over capacity": Message("over capacity", context="left out"),
    "would stay": Message("would stay", context="left out"),
    "no longer scored": Message("no longer scored", context="left out"),
    "holds": Message("holds", context="left out"),
}
OUTCOMES: Mapping[str, Message] = {
    "contacted": Message("contacted", context="outcome"),
    "reached": Message("reached", context="outcome"),
    "saved": Message("saved", context="outcome"),
    "not_saved": Message("not saved", context="outcome"),
    "wrong_alarm": Message("wrong alarm", context="outcome"),
    "already_known": Message("already known", context="outcome"),
    "do_not_contact": Message("do not contact", context="outcome"),
}
RANKED_BY: Mapping[str, Message] = {
    "gain": Message("expected gain", context="measure"),
    "value_at_risk": Message("value at risk", context="measure"),
    "left_probability": Message("left probability", context="measure"),
    "probability": Message("probability", context="measure"),
}
SUCCESSES: Mapping[str, Message] = {
    "order within the horizon": Message("order within the horizon"),
    "second order": Message("second order"),
    "ticket solved": Message("ticket solved"),
    "feedback given": Message("feedback given"),
    "points used": Message("points used"),
    "tier kept": Message("tier kept"),
    "membership renewed": Message("membership renewed"),
    "challenge taken": Message("challenge taken"),
    "referral made": Message("referral made"),
    "spends as before": Message("spends as before"),
}
OWNERS: Mapping[str, Message] = {
    NO_OWNER: Message("unassigned", context="owner"),
}
# Column of a list → what its codes are called.
CODES: Mapping[str, Mapping[str, Message]] = {
    "state": STATES, "band": BANDS, "kind": KINDS, "channel": CHANNELS, "change": CHANGES, "listed_for": LISTED_FOR,
    "owner": OWNERS,
}  # fmt: skip


def code_text(codes: Mapping[str, Message], code: str, language: Language) -> str:
    """Return what a code is called; one that is not known, of an older list, is returned as it is.

    >>> from features.language.languages import ENGLISH
    >>> code_text(STATES, "at_risk", ENGLISH), code_text(STATES, "asleep", ENGLISH)
    ('at risk', 'asleep')
    """
    known = codes.get(code)
    return code if known is None else said(known, language)

"""One playbook, as data: whom it is for, what to say and to offer, what it costs, and what it is assumed to save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from features.language.catalogue import translated
from features.language.languages import LANGUAGES, Language
from serving.outreach.playbooks.fact_names import placeholders


@dataclass(frozen=True)
class Condition:
    """What must hold of a fact: every bound that is set. It does not hold where the fact is not known.

    Args:
        fact: one of `fact_names.FACTS`, or a fact of a shop's own kind of event.
        at_least: its least value; money in major units.
        at_most: its greatest value; money in major units.
        is_: its only value.
        among: its possible values.
        known: True where it must be known, False where it must not be.

    >>> print(Condition("days_since_return", at_most=Decimal(30)))
    days_since_return ≤ 30
    """

    fact: str
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    is_: bool | str | Decimal | None = None
    among: tuple[str | Decimal, ...] | None = None
    known: bool | None = None

    def __str__(self) -> str:
        bounds = [f"≥ {self.at_least}"] * (self.at_least is not None)
        bounds += [f"≤ {self.at_most}"] * (self.at_most is not None)
        bounds += [f"is {str(self.is_).lower() if isinstance(self.is_, bool) else self.is_}"] * (self.is_ is not None)
        bounds += [f"among {', '.join(map(str, self.among or ()))}"] * (self.among is not None)
        bounds += ["known" if self.known else "not known"] * (self.known is not None)
        return f"{self.fact} {' and '.join(bounds)}"


# Language → key of a playbooks file → the shop's own text or texts in that language.
Wordings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Stage:
    """One step of a playbook: what to say and to offer, what it costs, and what it is assumed to save.

    Its texts are English, or as the shop wrote them; `…_in` gives them in a language: as the shop wrote them in it,
    else as the catalogues word the shipped ones.

    Args:
        what_to_say: advice to whoever makes the contact.
        openings: the sentence to open with, then those for customers of whom a fact of it is not known.
        incentive: what is offered; "" = nothing.
        incentive_cost: cost of the incentive if the customer orders, major units.
        incentive_share: the same cost as a part of the customer's expected spend.
        saved: prior mean of P(saved | contacted, would have churned).
        saved_low: lower end of its 90 % range.
        saved_high: upper end of its 90 % range.
        wordings: the shop's own texts in other languages.
    """

    what_to_say: str
    openings: tuple[str, ...]
    incentive: str
    incentive_cost: Decimal
    incentive_share: Decimal
    saved: Decimal
    saved_low: Decimal
    saved_high: Decimal
    wordings: Wordings = field(default_factory=dict, hash=False)

    def what_to_say_in(self, language: Language) -> str:
        """Return the advice in a language."""
        return _text_in(self.what_to_say, self.wordings, "what_to_say", language)

    def incentive_in(self, language: Language) -> str:
        """Return what is offered in a language; "" = nothing."""
        return _text_in(self.incentive, self.wordings, "incentive", language)

    def openings_in(self, language: Language) -> tuple[str, ...]:
        """Return the sentences to open with in a language, their facts in braces."""
        own: tuple[str, ...] | None = self.wordings.get(language.code, {}).get("opening")
        return own or tuple(translated(text, language) for text in self.openings)

    @property
    def every_own_opening(self) -> tuple[str, ...]:
        """The sentences to open with as the playbooks file has them, in all its languages."""
        return (*self.openings, *(text for own in self.wordings.values() for text in own.get("opening", ())))

    @property
    def every_opening(self) -> tuple[str, ...]:
        """The sentences to open with, in all languages."""
        return tuple(text for language in LANGUAGES for text in (*self.openings, *self.openings_in(language)))


def _text_in(text: str, wordings: Wordings, key: str, language: Language) -> str:
    own: str | None = wordings.get(language.code, {}).get(key)
    return own or (translated(text, language) if text else "")


@dataclass(frozen=True)
class Playbook:
    """What to do for whom.

    Args:
        id: its key.
        title: as a list names it.
        kinds: the kinds of entries it is for: regular, new, winback, shrunk.
        channel: one of `features.sources.people.consent.CHANNELS`.
        stages: one, or rising offers, one per contact without an order.
        success_event: what counts as success.
        due_days: days in which the contact should be made.
        cooldown_days: days in which the customer is left in peace after it.
        source: where the prior comes from.
        states: states of the score it is for; empty = all.
        bands: bands of the score it is for; empty = all.
        when: conditions that must all hold.
        least_order_days: least number of days with an order.
        least_value: least expected spend, major units.
        least_value_ratio: least expected spend, as a multiple of the shop's median.
        most_contacts: after so many contacts of this playbook since the last order it no longer fits.
        cost: of a contact, major units; None = by the share.
        cost_share: cost of a contact as a part of the shop's median expected spend.
        priority: where two gain the same, the larger one is taken.
        before_due: reminds shortly before the order is due: taken first for regulars who are not late and show no sign.
        last_resort: taken only where no other playbook fits.
        sunset: after the last stage the customer is a lost cause.
        wordings: the shop's own title in other languages.
    """

    id: str
    title: str
    kinds: tuple[str, ...]
    channel: str
    stages: tuple[Stage, ...]
    success_event: str
    due_days: int
    cooldown_days: int
    source: str = ""
    states: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    least_order_days: int = 0
    least_value: Decimal = Decimal(0)
    least_value_ratio: Decimal = Decimal(0)
    most_contacts: int | None = None
    cost: Decimal | None = None
    cost_share: Decimal = Decimal(0)
    priority: int = 0
    before_due: bool = False
    last_resort: bool = False
    sunset: bool = False
    wordings: Wordings = field(default_factory=dict, hash=False)

    def title_in(self, language: Language) -> str:
        """Return the title in a language: as the shop wrote it in it, else as the catalogues word a shipped one."""
        return _text_in(self.title, self.wordings, "title", language)

    @property
    def facts(self) -> frozenset[str]:
        """The facts that its conditions and openings name."""
        sentences = " ".join(opening for stage in self.stages for opening in stage.every_own_opening)
        return frozenset(condition.fact for condition in self.when) | frozenset(placeholders(sentences))

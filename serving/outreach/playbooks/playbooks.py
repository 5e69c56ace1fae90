"""Playbooks: what to do for whom, as data.

`playbooks.toml` beside this file holds what retention practice names; a shop's own file replaces or adds by id, or
switches one off. What a playbook saves is stated as a prior, never as a fact: the shop's own holdout corrects it.

Amounts that would be nonsense in another currency are shares: of the shop's median expected spend, or of what the
customer is expected to spend. A shop's own playbook may write money instead, in major units of its currency.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from features.errors import InputError, Violation, suggest
from serving.outreach.playbooks.schema import Given, check_playbook, violation

SHIPPED = Path(__file__).with_name("playbooks.toml")
NAME = "playbooks.toml"


@dataclass(frozen=True)
class Condition:
    """What must hold of a fact; each bound that is set must hold, and a fact that is not known never does.

    Args:
        fact: one of `known_facts.FACTS`, or of a shop's own kind of event.
        at_least: its least value; money in major units.
        at_most: its greatest value; money in major units.
        is_: its value.
        among: its values.
        known: whether it must be known, or not be.

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
        bounds = [f"≥ {self.at_least}"] * (self.at_least is not None) + [f"≤ {self.at_most}"] * (
            self.at_most is not None
        )
        if self.is_ is not None:
            bounds.append(f"is {str(self.is_).lower() if isinstance(self.is_, bool) else self.is_}")
        if self.among is not None:
            bounds.append(f"among {', '.join(map(str, self.among))}")
        if self.known is not None:
            bounds.append("known" if self.known else "not known")
        return f"{self.fact} {' and '.join(bounds)}"


@dataclass(frozen=True)
class Stage:
    """One step of a playbook: what is said and offered, what it costs, and what it is believed to save.

    Args:
        what_to_say: advice to whoever makes the contact.
        openings: the sentence to begin with, and others for where a fact of it is not known.
        incentive: what is offered; "" = nothing.
        incentive_cost: of the incentive, major units, if the customer orders.
        incentive_share: the same as a part of the customer's expected spend.
        saved: prior mean of P(saved | contacted, would have churned).
        saved_low: lower end of its 90 % range.
        saved_high: upper end of its 90 % range.
    """

    what_to_say: str
    openings: tuple[str, ...]
    incentive: str
    incentive_cost: Decimal
    incentive_share: Decimal
    saved: Decimal
    saved_low: Decimal
    saved_high: Decimal


@dataclass(frozen=True)
class Playbook:
    """What to do for whom.

    Args:
        id: its key.
        title: as a list names it.
        kinds: of entries: regular, new, winback.
        channel: one of `features.sources.consent.CHANNELS`.
        stages: one, or rising offers: after as many contacts without an order as there are, the cause is lost.
        success_event: what counts as done.
        due_days: until it should be done.
        cooldown_days: for so long the customer is then left in peace.
        source: where the prior comes from.
        states: of the score; empty = every one.
        bands: of the score; empty = every one.
        when: conditions that must all hold.
        least_order_days: days with an order.
        least_value: expected spend, major units.
        least_value_ratio: expected spend as a multiple of the shop's median.
        most_contacts: so many contacts of this playbook since the last order are enough.
        cost: of a contact, major units; None = by the share.
        cost_share: of a contact, as a part of the shop's median expected spend.
        priority: the larger one is taken where two gain the same.
        last_resort: taken only where no other fits.
        sunset: after the last stage the customer is a lost cause.
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
    last_resort: bool = False
    sunset: bool = False

    @property
    def event_facts(self) -> frozenset[str]:
        """The facts that its conditions and openings ask of the log's own kinds of events."""
        said = " ".join(opening for stage in self.stages for opening in stage.openings)
        return frozenset(condition.fact for condition in self.when) | frozenset(placeholders(said))


@dataclass(frozen=True)
class Playbooks:
    """The playbooks of a shop, by id.

    >>> load_playbooks()["service-recovery"].channel
    'service'
    """

    all: tuple[Playbook, ...]
    by_id: Mapping[str, Playbook] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {playbook.id: playbook for playbook in self.all})

    def __iter__(self) -> Iterator[Playbook]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, playbook_id: str) -> Playbook:
        return self.by_id[playbook_id]

    @property
    def asked(self) -> frozenset[str]:
        """Every fact that a condition or an opening names: what `facts` is asked for."""
        return frozenset[str]().union(*(playbook.event_facts for playbook in self.all))


def load_playbooks(own: Path | None = None) -> Playbooks:
    """Return the shipped playbooks with a shop's own in their places, sorted by id.

    Args:
        own: the shop's file; None = the shipped ones alone.

    Raises:
        InputError: with every wrong key and value of the file.
    """
    known = {str(given["id"]): given for given in _read(SHIPPED)}
    file_name, broken = NAME if own is None else own.name, list[Violation]()
    if own is not None:
        mine = _read(own)
        broken += [*_repeated(mine, own.name), *_off_for_nothing(mine, known, own.name)]
        for place, given in enumerate(mine, 1):
            broken += check_playbook(given, own.name, place)
        known |= {str(given.get("id", "")): given for given in mine}
    kept = {key: given for key, given in known.items() if given.get("off") is not True}
    broken += [] if broken else _without_resort(list(kept.values()), file_name)
    if broken:
        raise InputError(f"{file_name} cannot be used", broken)
    return Playbooks(tuple(_playbook(kept[key]) for key in sorted(kept)))


def placeholders(opening: str) -> tuple[str, ...]:
    """Return the facts that an opening is filled with.

    >>> placeholders("{name}, your {points} points expire on {points_expire_on}.")
    ('name', 'points', 'points_expire_on')
    """
    return Given.placeholders(opening)


def _read(path: Path) -> list[dict[str, object]]:
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not written in UTF-8; save it so") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not TOML: {error}") from None
    wrong = [violation(path.name, key, "is not known", "", "write [[playbook]]") for key in held if key != "playbook"]
    listed = held.get("playbook", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        wrong.append(violation(path.name, "playbook", "is not a list of tables", "", "write [[playbook]]"))
    if wrong:
        raise InputError(f"{path.name} cannot be used", wrong)
    return [dict(each) for each in listed]


def _off_for_nothing(
    mine: Sequence[Mapping[str, object]], known: Mapping[str, object], file_name: str
) -> list[Violation]:
    switched_off = [str(each.get("id")) for each in mine if each.get("off") is True]
    return [
        violation(file_name, f"{each}.off", f"switches off a playbook that is not there.{suggest(each, known)}", "", "")
        for each in switched_off
        if each not in known
    ]


def _repeated(given: Sequence[Mapping[str, object]], file_name: str) -> list[Violation]:
    ids = [str(each.get("id", "")) for each in given]
    twice = sorted({each for each in ids if each and ids.count(each) > 1})
    return [
        violation(file_name, f"{each}.id", "stands twice", "", "give each playbook an id of its own") for each in twice
    ]


def _without_resort(kept: Sequence[Mapping[str, object]], file_name: str) -> list[Violation]:
    """Every entry needs a playbook: of each kind one must fit whoever nothing else fits."""
    resorts = {kind for each in kept if each.get("last_resort") is True for kind in Given(each).texts("kinds")}
    remedy = "keep one with last_resort = true for them"
    return [
        violation(file_name, "playbook", f"leaves customers of kind {kind} without a playbook", "", remedy)
        for kind in Given.KINDS
        if kind not in resorts
    ]


def _playbook(given: Mapping[str, object]) -> Playbook:
    read = Given(given)
    first = _stage(read, _NOTHING)
    return Playbook(
        id=str(given["id"]),
        title=str(given["title"]),
        kinds=read.texts("kinds"),
        channel=str(given["channel"]),
        stages=tuple(_stage(Given(each), first) for each in read.tables("stage")) or (first,),
        success_event=str(given["success_event"]),
        due_days=read.whole("due_days", 0),
        cooldown_days=read.whole("cooldown_days", 0),
        source=str(given.get("source", "")),
        states=read.texts("states"),
        bands=read.texts("bands"),
        when=tuple(_condition(Given(each)) for each in read.tables("when")),
        least_order_days=read.whole("least_order_days", 0),
        least_value=read.number("least_value", _ZERO),
        least_value_ratio=read.number("least_value_ratio", _ZERO),
        most_contacts=read.whole("most_contacts", 0) if "most_contacts" in given else None,
        cost=read.number("cost", _ZERO) if "cost" in given else None,
        cost_share=read.number("cost_share", _ZERO),
        priority=read.whole("priority", 0),
        last_resort=given.get("last_resort") is True,
        sunset="stage" in given,
    )


def _stage(read: Given, before: Stage) -> Stage:
    """Return a step; what it leaves out is as in the playbook itself."""
    return Stage(
        what_to_say=str(read.given.get("what_to_say", before.what_to_say)),
        openings=read.texts("opening") or before.openings,
        incentive=str(read.given.get("incentive", before.incentive)),
        incentive_cost=read.number("incentive_cost", before.incentive_cost),
        incentive_share=read.number("incentive_share", before.incentive_share),
        saved=read.number("saved", before.saved),
        saved_low=read.number("saved_low", before.saved_low),
        saved_high=read.number("saved_high", before.saved_high),
    )


def _condition(read: Given) -> Condition:
    given = read.given
    return Condition(
        fact=str(given["fact"]),
        at_least=read.number("at_least", _ZERO) if "at_least" in given else None,
        at_most=read.number("at_most", _ZERO) if "at_most" in given else None,
        is_=read.plain("is") if "is" in given else None,
        among=read.values("among") if "among" in given else None,
        known=given["known"] is True if "known" in given else None,
    )


_ZERO = Decimal(0)
_NOTHING = Stage("", (), "", _ZERO, _ZERO, _ZERO, _ZERO, _ZERO)

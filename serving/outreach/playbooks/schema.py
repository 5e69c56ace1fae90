"""What a playbook may say: a closed set of keys, each with the rule that its value must keep.

Every broken rule of a file is found at once, named by playbook and key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from string import Formatter
from typing import ClassVar, cast

from features.errors import Violation, suggest
from features.sources.consent import CHANNELS
from serving.outreach.playbooks.fact_names import ALWAYS_KNOWN, FACTS, Fact, fact_of
from serving.scores import BANDS, STATES

SUCCESS_EVENTS = (
    *("order within the horizon", "second order", "ticket solved", "feedback given", "points used", "tier kept"),
    *("membership renewed", "challenge taken", "referral made"),
)
LONGEST_ID = 48  # as the book holds it
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Rule = Callable[[object], str | None]


def violation(file: str, key: str, rule: str, value: str, remedy: str) -> Violation:
    """Return a broken rule of a key."""
    return Violation(f"{file}, {key}", None, "", rule, value, remedy)


@dataclass(frozen=True)
class Given:
    """A table as TOML has it, read once its rules were found to hold.

    >>> Given({"kinds": "new", "saved": 1}).texts("kinds")
    ('new',)
    """

    KINDS: ClassVar[tuple[str, ...]] = ("regular", "new", "winback")
    given: Mapping[str, object]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return one text or several; none where the key is missing."""
        return tuple(str(each) for each in self.values(key))

    def values(self, key: str) -> tuple[str | Decimal, ...]:
        """Return one value or several, numbers as decimals."""
        held = self.given.get(key, ())
        return tuple(_plain(each) for each in (held if isinstance(held, (list, tuple)) else [held]))

    def plain(self, key: str) -> bool | str | Decimal:
        """Return a flag, a text or a number."""
        held = self.given[key]
        return held if isinstance(held, bool) else _plain(held)

    def number(self, key: str, otherwise: Decimal) -> Decimal:
        """Return a number."""
        return Decimal(str(self.given.get(key, otherwise)))

    def whole(self, key: str, otherwise: int) -> int:
        """Return a whole number."""
        return int(str(self.given.get(key, otherwise)))

    def tables(self, key: str) -> list[Mapping[str, object]]:
        """Return the tables under a key."""
        return list(cast("list[Mapping[str, object]]", self.given.get(key, [])))

    @staticmethod
    def placeholders(opening: str) -> tuple[str, ...]:
        """Return the names in braces."""
        return tuple(name for _, name, _, _ in Formatter().parse(opening) if name is not None)


def _plain(value: object) -> str | Decimal:
    return value if isinstance(value, str) else Decimal(str(value))


def _text(value: object) -> str | None:
    return None if isinstance(value, str) and value.strip() else "a text"


def _is_number(value: object) -> bool:
    known = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return known and Decimal(str(value)).is_finite()


def _amount(value: object) -> str | None:
    return None if _is_number(value) and Decimal(str(value)) >= 0 else "a number from 0 on"


def _share(value: object) -> str | None:
    return None if _is_number(value) and 0 <= Decimal(str(value)) <= 1 else "a number from 0 to 1"


def _count(value: object) -> str | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if fits else "a whole number from 0 on"


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _id(value: object) -> str | None:
    fits = isinstance(value, str) and len(value) <= LONGEST_ID and _ID.fullmatch(value)
    return None if fits else f"an id of up to {LONGEST_ID} small letters, digits and -"


def _one_of(known: tuple[str, ...]) -> Rule:
    def rule(value: object) -> str | None:
        return None if value in known else f"one of {', '.join(known)}.{suggest(str(value), known)}"

    return rule


def _some_of(known: tuple[str, ...]) -> Rule:
    one = _one_of(known)

    def rule(value: object) -> str | None:
        held = value if isinstance(value, list) else [value]
        return next((wrong for each in held if (wrong := one(each))), None if held else "at least one")

    return rule


def _openings(value: object) -> str | None:
    given = value if isinstance(value, list) else [value]
    held = [str(each) for each in given if isinstance(each, str) and each.strip()]
    if not held or len(held) < len(given):
        return "a sentence, or several"
    return next((wrong for each in held if (wrong := _opening(each))), None) or _always_said(held[-1])


def _opening(text: str) -> str | None:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return "a sentence with facts in braces such as {name}"
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if spec or conversion:
            return f"a sentence: write {{{name}}} without format"
        fact = fact_of(name)
        if fact is None or fact.unit == "flag":
            return f'a sentence of known facts: "{name}" is none.{suggest(name, FACTS)}'
    return None


def _always_said(last: str) -> str | None:
    asked = sorted(set(Given.placeholders(last)) - ALWAYS_KNOWN)
    return f"sure to be said: the last opening must not need {', '.join(asked)}" if asked else None


_STAGE: dict[str, Rule] = {
    "what_to_say": _text, "opening": _openings, "incentive": _text, "incentive_cost": _amount,
    "incentive_share": _share, "saved": _share, "saved_low": _share, "saved_high": _share,
}  # fmt: skip
_PLAYBOOK: dict[str, Rule] = {
    **_STAGE, "id": _id, "title": _text, "kinds": _some_of(Given.KINDS), "channel": _one_of(CHANNELS),
    "states": _some_of(STATES), "bands": _some_of(BANDS), "least_order_days": _count, "least_value": _amount,
    "least_value_ratio": _amount, "most_contacts": _count, "cost": _amount, "cost_share": _share, "source": _text,
    "success_event": _one_of(SUCCESS_EVENTS), "due_days": _count, "cooldown_days": _count, "priority": _count,
    "last_resort": _flag, "off": _flag,
}  # fmt: skip
_NEEDED = (
    *("id", "title", "kinds", "channel", "what_to_say", "opening", "saved", "saved_low", "saved_high"),
    *("success_event", "due_days", "cooldown_days"),
)
_BOUNDS = ("at_least", "at_most", "is", "among", "known")
# Where nothing may be asked of a customer, a playbook that fits whoever nothing else fits.
_ASKING = ("when", "states", "bands", "least_order_days", "least_value", "least_value_ratio", "most_contacts", "stage")


def check_playbook(given: Mapping[str, object], file: str, place: int) -> Iterator[Violation]:
    """Return every broken rule of one playbook.

    Args:
        given: the table as TOML has it, floats as decimals.
        file: name of the file.
        place: which playbook of the file it is, from 1; names it where it has no id.
    """
    name = given["id"] if isinstance(given.get("id"), str) else f"playbook {place}"

    def wrong(key: str, rule: str, value: object = "", remedy: str = "") -> Violation:
        return violation(file, f"{name}.{key}", rule, str(value), remedy)

    if given.get("off") is True and set(given) == {"id", "off"}:
        return
    yield from _keys(given, _PLAYBOOK, wrong, ("when", "stage"))
    yield from (wrong(key, "is missing") for key in _NEEDED if key not in given and not _each_has(given, key))
    yield from _together(given, wrong)
    for key, check in (("when", _check_condition), ("stage", _check_stage)):
        tables = given.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            yield wrong(key, "is not a list of tables", "", f"write [[playbook.{key}]]")
            continue
        for nth, table in enumerate(tables, 1):
            yield from check(table, lambda sub, *more, at=f"{key} {nth}": wrong(f"{at}.{sub}", *more))


Wrong = Callable[..., Violation]


def _each_has(given: Mapping[str, object], key: str) -> bool:
    """Say whether every stage brings a key of its own, so that the playbook needs none."""
    stages = given.get("stage")
    return key in _STAGE and isinstance(stages, list) and bool(stages) and all(key in each for each in stages)


def _keys(
    given: Mapping[str, object], rules: Mapping[str, Rule], wrong: Wrong, more: tuple[str, ...]
) -> Iterator[Violation]:
    for key, value in given.items():
        if key in rules:
            broken = rules[key](value)
            if broken:
                yield wrong(key, broken, value)
        elif key not in more:
            yield wrong(key, f"is not known.{suggest(key, (*rules, *more))}")


def _together(given: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    """Return the rules that hold between keys."""
    yield from _range(given, wrong)
    for money, share in (
        ("cost", "cost_share"),
        ("incentive_cost", "incentive_share"),
        ("least_value", "least_value_ratio"),
    ):
        if money in given and share in given:
            yield wrong(share, f"stands beside {money}", "", "write the one or the other")
    if given.get("last_resort") is True:
        yield from (
            wrong(key, "stands in a last resort", "", "a last resort fits everyone") for key in _ASKING if key in given
        )


def _range(given: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    held = [given.get(name) for name in ("saved_low", "saved", "saved_high")]
    if all(_is_number(each) for each in held):
        low, mean, high = (Decimal(str(each)) for each in held)
        if not low <= mean <= high:
            yield wrong("saved", f"within {low} and {high}, its own range", mean)


def _check_stage(given: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    yield from _keys(given, _STAGE, wrong, ())
    yield from _range(given, wrong)


def _check_condition(given: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    keys = ("fact", *_BOUNDS)
    yield from (wrong(key, f"is not known.{suggest(key, keys)}") for key in given if key not in keys)
    name = str(given.get("fact", ""))
    fact = fact_of(name)
    if fact is None or (fact.unit == "date" and "known" not in given):
        yield wrong("fact", f"a fact that can be compared.{suggest(name, FACTS)}", name)
        return
    if not any(key in given for key in _BOUNDS):
        yield wrong("fact", "is not compared with anything", "", f"write one of {', '.join(_BOUNDS)}")
    yield from (broken for key in _BOUNDS if key in given for broken in _check_bound(fact, key, given[key], wrong))


def _check_bound(fact: Fact, key: str, value: object, wrong: Wrong) -> Iterator[Violation]:
    values = value if key == "among" and isinstance(value, list) else [value]
    if key == "known":
        fits, kind = isinstance(value, bool), "true or false"
    elif key in ("at_least", "at_most") or fact.is_number:
        fits, kind = all(_is_number(each) for each in values) and fact.is_number, "a number, and only where the fact is"
    elif fact.unit == "flag":
        fits, kind = isinstance(value, bool) and key == "is", "true or false after is"
    else:
        fits, kind = all(isinstance(each, str) for each in values), "a text, or several after among"
    if not fits:
        yield wrong(key, f"{kind} ({fact.name}: {fact.unit})", value)

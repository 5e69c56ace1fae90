"""Checks the tables of a playbooks file: a closed set of keys, each with a rule for its value.

All broken rules of a file are reported at once, each named by playbook and key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from string import Formatter

from features.errors import Violation, suggest
from features.language.languages import LANGUAGES
from features.sources.people.consent import CHANNELS
from serving.outreach.plan.candidates import KINDS
from serving.outreach.playbooks.fact_names import ALWAYS_KNOWN, FACTS, Fact, fact_of, placeholders
from serving.scores import BANDS, STATES

SUCCESS_EVENTS = (
    *("order within the horizon", "second order", "ticket solved", "feedback given", "points used", "tier kept"),
    *("membership renewed", "challenge taken", "referral made", "spends as before"),
)
LONGEST_ID = 48  # the width of the book's column
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Rule = Callable[[object], str | None]  # value → what it should be; None where it is right


def violation(file: str, key: str, rule: str, value: str, remedy: str) -> Violation:
    """Return the violation of a rule by a key of the file."""
    return Violation(f"{file}, {key}", None, "", rule, value, remedy)


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
        values = value if isinstance(value, list) else [value]
        return next((wrong for each in values if (wrong := one(each))), None if values else "at least one")

    return rule


def _openings(value: object) -> str | None:
    values = value if isinstance(value, list) else [value]
    sentences = [str(each) for each in values if isinstance(each, str) and each.strip()]
    if not sentences or len(sentences) < len(values):
        return "a sentence, or several"
    return next((wrong for each in sentences if (wrong := _opening(each))), None) or _last_opening(sentences[-1])


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


def _last_opening(text: str) -> str | None:
    asked = sorted(set(placeholders(text)) - ALWAYS_KNOWN)
    return f"sure to be said: the last opening must not need {', '.join(asked)}" if asked else None


_STAGE: dict[str, Rule] = {
    "what_to_say": _text, "opening": _openings, "incentive": _text, "incentive_cost": _amount,
    "incentive_share": _share, "saved": _share, "saved_low": _share, "saved_high": _share,
}  # fmt: skip
_PLAYBOOK: dict[str, Rule] = {
    **_STAGE, "id": _id, "title": _text, "kinds": _some_of(KINDS), "channel": _one_of(CHANNELS),
    "states": _some_of(STATES), "bands": _some_of(BANDS), "least_order_days": _count, "least_value": _amount,
    "least_value_ratio": _amount, "most_contacts": _count, "cost": _amount, "cost_share": _share, "source": _text,
    "success_event": _one_of(SUCCESS_EVENTS), "due_days": _count, "cooldown_days": _count, "priority": _count,
    "last_resort": _flag, "before_due": _flag, "off": _flag,
}  # fmt: skip
_NEEDED = (
    *("id", "title", "kinds", "channel", "what_to_say", "opening", "saved", "saved_low", "saved_high"),
    *("success_event", "due_days", "cooldown_days"),
)
# What a shop may write in several languages, each under its own table such as [playbook.fa].
LANGUAGE_CODES: tuple[str, ...] = tuple(language.code for language in LANGUAGES)
_SAID: dict[str, Rule] = {name: _PLAYBOOK[name] for name in ("title", "what_to_say", "opening", "incentive")}
_SAID_IN_A_STAGE = {name: rule for name, rule in _SAID.items() if name != "title"}
_EITHER_OR = (("cost", "cost_share"), ("incentive_cost", "incentive_share"), ("least_value", "least_value_ratio"))
_BOUNDS = ("at_least", "at_most", "is", "among", "known")
# The keys that restrict for whom a playbook is: a last resort has none of them.
_RESTRICTING = (
    "when",
    "states",
    "bands",
    "least_order_days",
    "least_value",
    "least_value_ratio",
    "most_contacts",
    "stage",
)


def check_playbooks(tables: Sequence[Mapping[str, object]], shipped: Collection[str], file: str) -> Iterator[Violation]:
    """Return every broken rule of a shop's own tables: first across them, then of each.

    Args:
        tables: as TOML has them, floats as decimals.
        shipped: ids of the shipped playbooks, which alone can be switched off.
        file: name of the file.
    """
    ids = [str(table.get("id", "")) for table in tables]
    for each in sorted({each for each in ids if each and ids.count(each) > 1}):
        yield violation(file, f"{each}.id", "stands twice", "", "give each playbook an id of its own")
    for each in (str(table.get("id")) for table in tables if table.get("off") is True):
        if each not in shipped:
            rule = f"switches off a playbook that is not there.{suggest(each, shipped)}"
            yield violation(file, f"{each}.off", rule, "", "")
    for number, table in enumerate(tables, 1):
        yield from check_playbook(table, file, number)


Wrong = Callable[..., Violation]  # (key, rule, value, remedy) → the violation, named by playbook


def check_playbook(table: Mapping[str, object], file: str, number: int) -> Iterator[Violation]:
    """Return every broken rule of one playbook.

    Args:
        table: as TOML has it, floats as decimals.
        file: name of the file.
        number: which playbook of the file it is, from 1; names it where it has no id.
    """
    name = table["id"] if isinstance(table.get("id"), str) else f"playbook {number}"

    def wrong(key: str, rule: str, value: object = "", remedy: str = "") -> Violation:
        return violation(file, f"{name}.{key}", rule, str(value), remedy)

    if table.get("off") is True and set(table) == {"id", "off"}:
        return
    yield from _wrong_keys(table, _PLAYBOOK, wrong, ("when", "stage", *LANGUAGE_CODES))
    yield from _wrong_wordings(table, _SAID, wrong)
    yield from (wrong(key, "is missing") for key in _NEEDED if key not in table and not _each_stage_has(table, key))
    yield from _wrong_together(table, wrong)
    yield from _wrong_subtables(table, "when", _wrong_condition, wrong)
    yield from _wrong_subtables(table, "stage", _wrong_stage, wrong)


def _wrong_subtables(
    table: Mapping[str, object], key: str, check: Callable[..., Iterator[Violation]], wrong: Wrong
) -> Iterator[Violation]:
    subtables = table.get(key, [])
    if not isinstance(subtables, list) or not all(isinstance(each, dict) for each in subtables):
        yield wrong(key, "is not a list of tables", "", f"write [[playbook.{key}]]")
        return
    for number, subtable in enumerate(subtables, 1):
        yield from check(subtable, lambda sub, *more, at=f"{key} {number}": wrong(f"{at}.{sub}", *more))


def _each_stage_has(table: Mapping[str, object], key: str) -> bool:
    """Return whether every stage has the key, so that the playbook itself needs none."""
    stages = table.get("stage")
    return key in _STAGE and isinstance(stages, list) and bool(stages) and all(key in each for each in stages)


def _wrong_keys(
    table: Mapping[str, object], rules: Mapping[str, Rule], wrong: Wrong, more: tuple[str, ...]
) -> Iterator[Violation]:
    for key, value in table.items():
        if key in rules and (expected := rules[key](value)):
            yield wrong(key, expected, value)
        elif key not in rules and key not in more:
            yield wrong(key, f"is not known.{suggest(key, (*rules, *more))}")


def _wrong_together(table: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    """Return the broken rules between keys."""
    yield from _wrong_range(table, wrong)
    for money, share in _EITHER_OR:
        if money in table and share in table:
            yield wrong(share, f"stands beside {money}", "", "write the one or the other")
    if table.get("last_resort") is True:
        for key in (key for key in _RESTRICTING if key in table):
            yield wrong(key, "stands in a last resort", "", "a last resort fits everyone")


def _wrong_range(table: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    ends = [table.get(name) for name in ("saved_low", "saved", "saved_high")]
    if all(_is_number(each) for each in ends):
        low, mean, high = (Decimal(str(each)) for each in ends)
        if not low <= mean <= high:
            yield wrong("saved", f"within {low} and {high}, its own range", mean)


def _wrong_wordings(table: Mapping[str, object], rules: Mapping[str, Rule], wrong: Wrong) -> Iterator[Violation]:
    for code in (code for code in LANGUAGE_CODES if code in table):
        texts = table[code]
        if isinstance(texts, dict):
            yield from _wrong_keys(texts, rules, lambda key, *more, at=code: wrong(f"{at}.{key}", *more), ())
        else:
            yield wrong(code, "is not a table of texts", "", f"write [playbook.{code}], and under it title = …")


def _wrong_stage(table: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    yield from _wrong_keys(table, _STAGE, wrong, LANGUAGE_CODES)
    yield from _wrong_wordings(table, _SAID_IN_A_STAGE, wrong)
    yield from _wrong_range(table, wrong)


def _wrong_condition(table: Mapping[str, object], wrong: Wrong) -> Iterator[Violation]:
    keys = ("fact", *_BOUNDS)
    yield from (wrong(key, f"is not known.{suggest(key, keys)}") for key in table if key not in keys)
    name = str(table.get("fact", ""))
    fact = fact_of(name)
    if fact is None or (fact.unit == "date" and "known" not in table):
        yield wrong("fact", f"a fact that can be compared.{suggest(name, FACTS)}", name)
        return
    if not any(key in table for key in _BOUNDS):
        yield wrong("fact", "is not compared with anything", "", f"write one of {', '.join(_BOUNDS)}")
    for key in (key for key in _BOUNDS if key in table):
        if expected := _wrong_bound(fact, key, table[key]):
            yield wrong(key, f"{expected} ({fact.name}: {fact.unit})", table[key])


def _wrong_bound(fact: Fact, key: str, value: object) -> str | None:
    """Return what the value of a bound should be; None where it is right."""
    values = value if key == "among" and isinstance(value, list) else [value]
    if key == "known":
        return _flag(value)
    if key in ("at_least", "at_most") or fact.is_number:
        fits = all(_is_number(each) for each in values) and fact.is_number
        return None if fits else "a number, and only where the fact is"
    if fact.unit == "flag":
        return None if isinstance(value, bool) and key == "is" else "true or false after is"
    return None if all(isinstance(each, str) for each in values) else "a text, or several after among"

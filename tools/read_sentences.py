"""Prints sentences as their readers see them, without the English: to be read by somebody who speaks the language.

    python -m tools.read_sentences fa [--count 300] [--seed 0] [--keys]

First is what a list says: one sentence of each message, and more with other numbers and names where more are asked for.
Then come the messages of pages, mails, sheets and questions, below the file that says them. The numbers are such as a
shop holds; whoever reads marks what sounds wrong, and by the sentence's key (`--keys`) its wording is found in the
catalogue.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain

from features.definitions import default_features
from features.feature import Words
from features.language.languages import LANGUAGES, Language, language_named
from features.language.messages import said
from features.money import TOMAN, Money
from features.reasons import AHEAD, DUE, filled, sentences
from serving.outreach.playbooks.fact_names import placeholders
from serving.outreach.playbooks.openings import opening
from serving.outreach.playbooks.playbook import Playbook
from serving.outreach.playbooks.playbooks import load_playbooks
from tools.catalogues import KINDS
from tools.read_messages import CURRENCIES, messages

TODAY = date(2026, 11, 30)
A_STEP = {"EUR": 450, "IRR": 250_000}  # of amounts, minor units
NAMES = {
    "en": ("Ann Lee", "Maria Green", "Tom Baker"),
    "fa": ("آقای رضایی", "خانم احمدی", "سارا محمدی", "Ali"),
    "el": ("Γιώργος Παπαδόπουλος", "Ελένη Νικολάου", "Νίκος", "κα Δήμου", "Άννα"),
}
FAVOURITES = {"en": ("tea", "coffee"), "fa": ("چای", "قهوه"), "el": ("τσάι", "καφές")}
TIERS = {"en": ("gold",), "fa": ("طلایی",), "el": ("Χρυσό",)}
# A silence is longer than a gap that is rarely met, and that one longer than the rhythm.
BEYOND_ITS_RHYTHM = {"days_since_order": 58.0, "long_gap_days": 45.0}


def reasons(language: Language, numbers: random.Random) -> Iterator[tuple[str, str]]:
    """Yield key and wording of every sentence of the features, with numbers such as a list holds."""
    features, money = default_features(KINDS), Money(CURRENCIES[language.code])
    for _, words in sentences(features):
        yield (
            words.text,
            said(filled(words, _numbers(words, A_STEP[money.currency], numbers), features, money), language),
        )


def _numbers(words: Words, step: int, numbers: random.Random) -> dict[str, float]:
    """Return a number for each column, the first of two as the sentence has it: less than the second where it fell."""
    small, large = sorted(numbers.sample(range(2, 60), 2))
    fell = "up from" not in words.text and "longer than" not in words.text and "no order for" not in words.text
    own = {name: float(small if (index == 0) == fell else large) for index, name in enumerate(words.names)}
    found = {name: _of(name, value, step, numbers) for name, value in own.items()}
    return found | {name: value for name, value in BEYOND_ITS_RHYTHM.items() if "long_gap_days" in found}


def _of(name: str, value: float, step: int, numbers: random.Random) -> float:
    if "spend" in name or name.endswith("returned_365d"):
        return value * step
    if name.endswith("share_365d") or "_answered_" in name:
        return numbers.choice((0.2, 0.35, 0.5))
    if "last_value" in name:
        return numbers.choice((1.0, 2.0, 4.5))
    if "rhythm" in name:
        return numbers.choice((1.0, 7.0, 14.0, 31.0, 12.0))
    return value if name not in (DUE, AHEAD) else float(numbers.randint(5, 40))


def openings(language: Language, numbers: random.Random) -> Iterator[tuple[str, str]]:
    """Yield key and wording of every opening of the shipped playbooks, as a customer hears it."""
    money = Money(CURRENCIES[language.code])
    for playbook in load_playbooks():
        for stage in playbook.stages:
            for key, text in zip(stage.openings, stage.openings_in(language), strict=True):
                known = {name: _fact(name, language, numbers) for name in placeholders(text)}
                if "name" in known and opening(known, (text, ""), money, language) == "":
                    known["name"] = NAMES[language.code][0]
                yield key, opening(known | RHYTHMIC, (text,), money, language)


# What an opening asks before it names a rhythm or a silence.
RHYTHMIC = {"order_days": 9, "usual_gap_days": 31.0, "days_since_order": 74.0}


def _fact(name: str, language: Language, numbers: random.Random) -> object:
    chosen: dict[str, Callable[[], object]] = {
        "name": lambda: numbers.choice(NAMES[language.code]),
        "favourite": lambda: numbers.choice(FAVOURITES[language.code]),
        "lost_category": lambda: numbers.choice(FAVOURITES[language.code]),
        "tier": lambda: numbers.choice(TIERS[language.code]),
        "last_spend": lambda: numbers.randint(4, 90) * A_STEP[CURRENCIES[language.code]],
        "points": lambda: numbers.randint(20, 900),
    }
    if name.endswith(("_on", "_until")):
        return TODAY + timedelta(days=numbers.randint(3, 40))
    return chosen.get(name, lambda: float(numbers.randint(3, 90)))()


def advice(language: Language) -> Iterator[tuple[str, str]]:
    """Yield key and wording of what a manager reads about each playbook."""
    for playbook in load_playbooks():
        yield playbook.title, playbook.title_in(language)
        yield from _stages(playbook, language)


def _stages(playbook: Playbook, language: Language) -> Iterator[tuple[str, str]]:
    for stage in playbook.stages:
        yield stage.what_to_say, stage.what_to_say_in(language)
        if stage.incentive:
            yield stage.incentive, stage.incentive_in(language)


def sample(language: Language, count: int = 0, seed: int = 0) -> list[tuple[str, str]]:
    """Return key and wording of what a list says, each sentence once: every message, and so many sentences at least."""
    numbers, found = random.Random(seed), dict[str, str]()  # noqa: S311 - examples, no secret
    for text in (*reasons(language, numbers), *openings(language, numbers), *advice(language)):
        found.setdefault(text[1], text[0])
    for _ in range(count):
        if len(found) >= count:
            break
        found |= {text: key for key, text in (*reasons(language, numbers), *openings(language, numbers))}
    return [(key, text) for text, key in found.items()]


def told(language: Language, count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield a heading, key and wording of everything that is said, each sentence once below a heading."""
    everything = (("a list", *each) for each in sample(language, count, seed))
    yield from dict.fromkeys(chain(everything, messages(language)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the sentences, numbered, below their headings."""
    parser = argparse.ArgumentParser(prog="python -m tools.read_sentences", description=__doc__)
    parser.add_argument("language", choices=[language.code for language in LANGUAGES])
    parser.add_argument("--count", type=int, default=0, help="so many sentences of a list at least")
    parser.add_argument("--seed", type=int, default=0, help="other numbers and names")
    parser.add_argument("--keys", action="store_true", help="also the English under which the catalogue has each")
    asked = parser.parse_args(arguments)
    language, below = replace(language_named(asked.language), rials_as=TOMAN if asked.language == "fa" else None), ""
    for number, (heading, key, text) in enumerate(told(language, asked.count, asked.seed), 1):
        if heading != below:
            print(f"\n== {heading}")
        below = heading
        print(f"{number}. {text}" + (f"\n      {key}" if asked.keys else ""))


if __name__ == "__main__":
    main()

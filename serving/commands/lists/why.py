"""`regulars why`: the whole story of one customer, or one day of it, from the book."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd

from features.errors import InputError
from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, said, sentence
from features.language.typed_values import Percent
from features.language.written import day_text
from serving.book.history import History, history_of
from serving.book.privacy.erasure import erasures_of
from serving.commands.lists.known_ids import not_in_orders, unknown_customers
from serving.commands.lists.why_in_words import KINDS, in_words
from serving.outreach.playbooks.guidance import title_of
from serving.outreach.playbooks.playbooks import Playbooks, load_playbooks
from serving.scores import MEDIUM_FROM, records
from serving.shop import OpenShop

DAY_OF = {
    "scores": "as_of",
    "entries": "as_of",
    "suppressed": "as_of",
    "gone": "as_of",
    "contacts": "contacted_on",
    "outcomes": "happened_on",
    "consent": "decided_on",
    "holds": "since",
    "owners": "since",
    "arms": "since",
    "drawn": "since",
    "programme": "since",
    "episodes": "began_on",
}
OF_A_LIST = ("entries", "suppressed", "gone")
LAST = 1_000_000  # of a day: what was not stored is told behind all that was
_AFTER_FULL_STOP = re.compile(r"\.[;؛·] ")  # a whole sentence, as reasons are in some languages, needs no more
HIDDEN = {"key", "id", "run_id", "list_id", "recorded_at"}


@dataclass(frozen=True, eq=False)
class Story:
    """What the book knows of a customer, in time order.

    Args:
        history: all that the book holds of it.
        enter_at: the probability from which on the shop's lists begin.
        as_of: the only day whose run and list are shown; None = every day.
        language: of the terminal, the shop's.
        playbooks: those in force, whose titles the shop may have worded itself.
    """

    history: History
    enter_at: float = MEDIUM_FROM
    as_of: date | None = None
    language: Language = ENGLISH
    playbooks: Playbooks = field(default_factory=lambda: Playbooks(()))

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; money in minor units, as the book holds it."""
        found = {name: records(self._shown(name)) for name in DAY_OF}
        return {"customer_id": self.history.customer_id, "account_ids": list(self.history.account_ids), **found}

    def _shown(self, name: str) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(self.history, name)
        return frame[[column for column in frame if column not in HIDDEN]]

    def lines(self) -> Iterator[str]:
        """Say it to a person: one line a fact, oldest first."""
        yield said(self._head(), self.language)
        recorded = [(row[DAY_OF[name]], number, words) for number, (name, row, words) in enumerate(self._recorded())]
        for day, _, words in sorted([*recorded, *self._on_no_list()], key=lambda each: each[:2]):
            line = _AFTER_FULL_STOP.sub(". ", said(words, self.language))
            yield f"{day_text(day, self.language, 'table')}  {line}"

    def _head(self) -> Sentence:
        who = self.history.customer_id
        accounts = [each for each in self.history.account_ids if each != who]
        if accounts:
            return sentence("customer {customer}, account {account}", customer=who, account=accounts[0])
        return sentence("customer {customer}", customer=who)

    def _on_no_list(self) -> Iterator[tuple[date, int, Sentence]]:
        """Yield what the book does not store: days without a list, and risks below those of lists."""
        on_or_off = {*self.in_force("entries")["as_of"], *self.in_force("suppressed")["as_of"]}
        safe = sentence("on no list: would stay anyway, lists begin at {share}", share=Percent(self.enter_at))
        for row in records(self.in_force("scores")):
            day = row["as_of"]
            if day in self.history.lists and day not in on_or_off and row["probability"] < self.enter_at:
                yield day, LAST, safe
        asked = {self.as_of} if self.as_of else {*self.history.scores["as_of"]}
        none = sentence("no list was made of this day")
        yield from ((day, LAST, none) for day in asked - self.history.lists.keys())

    def _recorded(self) -> Iterator[tuple[str, dict[str, Any], Sentence]]:
        for name in KINDS:
            for row in records(self.in_force(name)):
                told = self._titled(row) if name == "entries" else row
                yield name, row, in_words(name, told, self.history.customer_id)

    def _titled(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "title": title_of(self.playbooks.by_id.get(row["playbook"]), row["title"], self.language)}

    def in_force(self, name: str) -> pd.DataFrame:
        """Return what holds of a day of one kind of DAY_OF: its last run with each horizon, and its last list."""
        frame: pd.DataFrame = getattr(self.history, name)
        if name == "scores":
            return frame.drop_duplicates(["as_of", "horizon_days"], keep="last")
        if name == "drawn":
            return frame[frame["until"].notna()]  # what the lot said is told by `arms`
        if name not in OF_A_LIST:
            return frame
        holds = [self.history.lists.get(day) == n for day, n in zip(frame["as_of"], frame["list_id"], strict=True)]
        return frame[pd.Series(holds, index=frame.index, dtype=bool)]


def customer_story(shop: OpenShop, customer_id: str, as_of: date | None = None) -> Story:
    """Return the story of one customer.

    Args:
        shop: the open shop.
        customer_id: whose.
        as_of: show that day's run and list alone, and what people did before; None = everything.

    Raises:
        InputError: the book does not know the customer.
    """
    story = recorded_story(shop, customer_id)
    if not story.history.known:
        raise InputError(_nothing_known(shop, customer_id))
    story = replace(story, playbooks=load_playbooks(shop.settings.list.playbooks))
    return story if as_of is None else replace(story, history=_as_of_day(story.history, as_of), as_of=as_of)


def _nothing_known(shop: OpenShop, customer_id: str) -> str:
    """Say whether the customer was erased, the id is wrong, or nothing was recorded of it yet."""
    try:
        erased = erasures_of(shop.book, customer_id)
    except InputError as error:  # nor can the shop's files be read then, for they may bring back who was erased
        return f'the book knows no customer "{customer_id}"; whether it was erased cannot be told: {error}'
    if not erased:
        return _not_recorded(shop, customer_id)
    at, who = erased[-1].at, erased[-1].who
    return f'customer "{customer_id}" was erased on {at:%Y-%m-%d} by {who}; the book holds nothing else of it'


def _not_recorded(shop: OpenShop, customer_id: str) -> str:
    if customer_id and not not_in_orders(shop, unknown_customers(shop, [customer_id])):
        return (
            f'the book holds nothing of "{customer_id}" yet, no score, list or report: regulars score records everyone '
            "who can churn"
        )
    return f'the book knows no customer "{customer_id}": it is asked for ids as in the order source'


def recorded_story(shop: OpenShop, customer_id: str) -> Story:
    """Return what the book holds of one customer; an unknown one has an empty story.

    Args:
        shop: the open shop.
        customer_id: whose.
    """
    settings = shop.settings
    return Story(history_of(shop.book, customer_id), settings.list.enter_at, language=settings.language)


def _as_of_day(found: History, day: date) -> History:
    of_the_day = ("scores", *OF_A_LIST)
    kept: dict[str, Any] = {}
    for name, column in DAY_OF.items():
        frame: pd.DataFrame = getattr(found, name)
        days = [each == day if name in of_the_day else each <= day for each in frame[column]]
        kept[name] = frame[pd.Series(days, index=frame.index, dtype=bool)]
    return replace(found, **kept)

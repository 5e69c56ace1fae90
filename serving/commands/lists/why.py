"""`regulars why`: the whole story of one customer, or one day of it, from the book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from features.errors import InputError
from features.money import Money
from features.rounding import percent
from serving.book.history import History, history_of
from serving.book.privacy.erasure import erasures_of
from serving.book.sql_rows import texts_from_json
from serving.commands.lists.known_ids import not_in_orders, unknown_customers
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
HIDDEN = {"key", "id", "run_id", "list_id", "recorded_at"}


@dataclass(frozen=True, eq=False)
class Story:
    """What the book knows of a customer, in time order.

    Args:
        history: all that the book holds of it.
        enter_at: the probability from which on the shop's lists begin.
        as_of: the only day whose run and list are shown; None = every day.
    """

    history: History
    enter_at: float = MEDIUM_FROM
    as_of: date | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; money in minor units, as the book holds it."""
        found = {name: records(self._shown(name)) for name in DAY_OF}
        return {"customer_id": self.history.customer_id, "account_ids": list(self.history.account_ids), **found}

    def _shown(self, name: str) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(self.history, name)
        return frame[[column for column in frame if column not in HIDDEN]]

    def lines(self) -> Iterator[str]:
        """Say it to a person: one line a fact, oldest first."""
        accounts = [each for each in self.history.account_ids if each != self.history.customer_id]
        yield f"customer {self.history.customer_id}{f', account {accounts[0]}' if accounts else ''}"
        recorded = [(row[DAY_OF[name]], number, words) for number, (name, row, words) in enumerate(self._recorded())]
        yield from (f"{day}  {words}" for day, _, words in sorted([*recorded, *self._on_no_list()]))

    def _on_no_list(self) -> Iterator[tuple[date, int, str]]:
        """Yield what the book does not store: days without a list, and risks below those of lists."""
        on_or_off = {*self.in_force("entries")["as_of"], *self.in_force("suppressed")["as_of"]}
        safe = f"on no list: would stay anyway, lists begin at {percent(self.enter_at)}"
        for row in records(self.in_force("scores")):
            day = row["as_of"]
            if day in self.history.lists and day not in on_or_off and row["probability"] < self.enter_at:
                yield day, len(SENTENCES), safe
        asked = {self.as_of} if self.as_of else {*self.history.scores["as_of"]}
        yield from ((day, len(SENTENCES), "no list was made of this day") for day in asked - self.history.lists.keys())

    def _recorded(self) -> Iterator[tuple[str, dict[str, Any], str]]:
        for name, say in SENTENCES.items():
            for row in records(self.in_force(name)):
                yield name, row, say(row | {"asked_for": self.history.customer_id})

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


def _scored(row: dict[str, Any]) -> str:
    at_risk = row["value_at_risk"]
    stake = "no money is known to be" if at_risk is None else Money(row["currency"]).text(at_risk)
    return (
        f"scored {percent(row['probability'])} ({row['band']}, {row['state']}) to stay away for "
        f"{row['horizon_days']} days; "
        f"{stake} at stake; last order {row['days_since_order']} days before; model version {row['model_version']}"
        f"{_because(row['reasons'])}{_buys_less(row)}"
    )


def _buys_less(row: dict[str, Any]) -> str:
    told = texts_from_json(row["shrinking"])
    return f"; buys less: {'; '.join(told)}" if told else ""


def _because(reasons: str | None) -> str:
    """Return the sentences that the list has, too; nothing where none were computed."""
    told = texts_from_json(reasons)
    return f"; why: {'; '.join(told)}" if told else ""


def _listed(row: dict[str, Any]) -> str:
    what = f": {row['playbook']} by {row['channel']}" if row["playbook"] else ""
    gain = "" if row["expected_gain"] is None else f", worth {Money(row['currency']).text(row['expected_gain'])}"
    through = "" if row["customer_id"] == row["asked_for"] else f" through {row['customer_id']} of the same account"
    by, why = row["withdrawn_by"], row["withdrawn_why"]
    sign = f", listed for: {row['listed_for']}" if row["listed_for"] else ""
    back = f"; the list was taken back by {by}: {why}" if row["withdrawn_at"] else ""
    place = f"on the list of {row['owner']}{through}, place {row['position']}"
    return f"{place}{what}{gain}{sign} (entry {row['entry_id']}){back}"


def _consented(row: dict[str, Any]) -> str:
    channel = "every channel" if row["channel"] == "*" else row["channel"]
    return f"{'agreed to' if row['allowed'] else 'refused'} {channel} ({row['source']})"


def _held(row: dict[str, Any]) -> str:
    until = f" until {row['until']}" if row["until"] else ""
    return f"{row['kind']}{until}{_by(row)}: {row['why']}{_of_account(row)}"


def _of_account(row: dict[str, Any]) -> str:
    return "" if row["account_id"] == row["asked_for"] else f" (of account {row['account_id']})"


def _watched(row: dict[str, Any]) -> str:
    void = "; void, since its list was taken back" if row["voided_at"] else ""
    return f"watched for {row['horizon_days']} days as {row['arm']} ({row['cell']}, {row['stratum']}){void}"


def _by(row: dict[str, Any]) -> str:
    return f" by {row['by']}" if row["by"] else ""


def _note(row: dict[str, Any]) -> str:
    return f": {row['note']}" if row["note"] else ""


SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "owners": lambda row: f"given to {row['owner']} ({row['how']}){_of_account(row)}",
    "scores": _scored,
    "arms": lambda row: f"drawn as {row['arm']} among {row['stratum']}",
    "programme": lambda row: "in the programme holdout from this day on: no playbook ever touches it",
    "drawn": lambda row: f"held out with account {row['account_id']} until {row['until']}",
    "entries": _listed,
    "suppressed": lambda row: f"not on the list: {row['reason']}, {row['detail']}",
    "gone": lambda row: f"left the list: {row['reason']}, {row['detail']}",
    "episodes": _watched,
    "contacts": lambda row: f"contacted by {row['channel']}{_by(row)}{_note(row)}",
    "outcomes": lambda row: f"outcome: {row['outcome'].replace('_', ' ')}{_by(row)}{_note(row)}",
    "consent": _consented,
    "holds": _held,
}


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
    return story if as_of is None else replace(story, history=_as_of_day(story.history, as_of), as_of=as_of)


def _nothing_known(shop: OpenShop, customer_id: str) -> str:
    """Say whether the customer was erased, the id is wrong, or nothing was recorded of it yet."""
    try:
        erased = erasures_of(shop.book, customer_id)
    except InputError as error:
        return f"{_not_recorded(shop, customer_id)}; whether it was erased cannot be told: {error}"
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
    return Story(history_of(shop.book, customer_id), shop.settings.list.enter_at)


def _as_of_day(found: History, day: date) -> History:
    of_the_day = ("scores", *OF_A_LIST)
    kept: dict[str, Any] = {}
    for name, column in DAY_OF.items():
        frame: pd.DataFrame = getattr(found, name)
        days = [each == day if name in of_the_day else each <= day for each in frame[column]]
        kept[name] = frame[pd.Series(days, index=frame.index, dtype=bool)]
    return replace(found, **kept)

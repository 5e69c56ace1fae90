"""What is said of a list, in each language by how many there are: one customer is not said in the plural."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd
import pytest

from features.language.languages import language_named
from features.language.messages import Sentence, said
from serving.commands.lists.list_in_words import MOST_A_WEEK, counts_in_words, long_in_words
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.owners import NO_OWNER
from serving.outreach.plan.policy import Policy


def of_owners(**groups: Mapping[str, int]) -> OutreachList:
    """A list of so many entries of each owner in each group."""
    named = ("entries", "newcomers", "winback", "reminders", "shrinking")
    frames = {name: [owner for owner, many in groups.get(name, {}).items() for _ in range(many)] for name in named}
    wide = {name: pd.DataFrame({"owner": pd.Series(owners, dtype=str)}) for name, owners in frames.items()}
    return OutreachList(date(2026, 11, 30), 30, "1", "EUR", "gain", None, **wide)


def in_language(sentences: tuple[Sentence, ...], code: str) -> list[str]:
    return [said(each, language_named(code)) for each in sentences]


@pytest.mark.parametrize(
    ("code", "one", "two"),
    [
        ("en", "1 regular on the list, ", "2 regulars on the list, "),
        ("el", "στη λίστα 1 τακτικός πελάτης, ", "στη λίστα 2 τακτικοί πελάτες, "),
        ("fa", "۱ مشتری دائمی در فهرست، ", "۲ مشتری دائمی در فهرست، "),
    ],
)
def test_one_is_not_said_as_several(code: str, one: str, two: str) -> None:
    for many, begins in ((1, one), (2, two)):
        (said_of,) = in_language(tuple(counts_in_words(of_owners(entries={"Eleni": many}))), code)
        assert said_of.startswith(begins)


def test_groups_apart_are_counted_and_an_empty_one_is_not_named() -> None:
    made = of_owners(entries={"Eleni": 3}, newcomers={"Eleni": 1}, shrinking={"Eleni": 1, "Ada": 1})
    (said_of,) = in_language(tuple(counts_in_words(made)), "en")
    assert said_of.partition("; ")[2] == "apart from them 1 new customer, 2 that buy less"


def test_a_list_that_nobody_works_off_in_a_week_names_its_owner_and_the_setting() -> None:
    """All kinds together, as capacity counts; and nothing is said where the shop has bounded that owner."""
    made = of_owners(entries={"Ada": 5, NO_OWNER: MOST_A_WEEK}, newcomers={NO_OWNER: 1})
    (said_of,) = in_language(tuple(long_in_words(made, Policy().capacity_of)), "en")
    assert "(unassigned) has 101 entries" in said_of
    assert "capacity = 25 under [list]" in said_of
    assert not list(long_in_words(made, Policy(capacity=500).capacity_of))
    assert not list(long_in_words(made, Policy(capacities={NO_OWNER: 500}).capacity_of))
    assert not list(long_in_words(of_owners(entries={"Ada": MOST_A_WEEK}), Policy().capacity_of))

"""Kill -9 at random moments: the book opens, is sound, and holds every list whole, and all that was acknowledged."""

from __future__ import annotations

import multiprocessing
import os
import random
import select
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from serving.book import Book, Outcome, record_outcomes
from serving.book.decisions import Consent, set_consent
from serving.book.keys import create_key
from serving.book.runs import record_scores
from serving.book.schema import CONSENT, CONTACTS, ENTRIES, KEYS, LISTS, OUTCOMES, RUNS, SCORES
from serving.book.withdrawals import withdraw
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue

KILLS, MANY_KILLS = 8, int(os.environ.get("REGULARS_KILLS", "100"))
CUSTOMERS = 200
IMPORTED = 20
FIRST_WORDS_SECONDS = 60


def write(place: Path | str, scores: pd.DataFrame, planned: OutreachList, first: int, said: int) -> None:
    """Record runs, lists, outcomes, consent and keys, and take every third list back; a line for each that is kept."""
    book = Book(place)
    for number in count(first):
        day = date(2026, 3, 2) + timedelta(number)
        run_id = record_scores(book, scores.assign(as_of=day), currency="EUR", data_digest="d")
        episodes = planned.episodes.assign(began_on=day)
        published = publish_and_enqueue(book, replace(planned, as_of=day, episodes=episodes), run_id)
        ids = published.outreach.entries["entry_id"].tolist()
        os.write(said, f"list {published.list_id} {len(ids)}\n".encode())
        for at in range(0, 3 * IMPORTED, IMPORTED):
            rows = [Outcome(each, "saved", day, "call") for each in ids[at : at + IMPORTED]]
            record_outcomes(book, rows)
            os.write(said, "".join(f"outcome {row.entry_id} .\n" for row in rows).encode())
        set_consent(book, [Consent(f"c{number}", "*", allowed=False, decided_on=day, source="asked")])
        os.write(said, f"consent c{number} .\n".encode())
        os.write(said, f"key {create_key(book, 'crm', ['scores'])[0].id} .\n".encode())
        if number % 3 == 2:
            with book.writing() as connection:
                withdraw(connection, day, "Ada", "wrong file")
            os.write(said, f"withdrawn {published.list_id} .\n".encode())


def killed_after(seconds: float, *arguments: Any, writing: bool) -> list[list[str]]:
    """Let a process write for so long (since its first words where `writing`), kill it, and return what it had said."""
    reads, writes = os.pipe()
    child = multiprocessing.get_context("fork").Process(target=write, args=(*arguments, writes))
    child.start()
    os.close(writes)
    if writing:
        select.select([reads], [], [], FIRST_WORDS_SECONDS)
    time.sleep(seconds)
    alive = child.is_alive()
    child.kill()
    child.join()
    with open(reads, encoding="ascii") as lines:
        said = lines.read()
    assert alive, "it had stopped by itself"
    return [line.split() for line in said[: said.rfind("\n") + 1].splitlines()]


def check(place: Path | str, lists: dict[int, int], told: dict[str, set[str]]) -> int:
    """Look at all that the book holds and that was told; returns how many lists it has."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place / "book.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with closing(Book(place)) as book, book.reading() as reader:
        held = {row[0]: row[1] for row in reader.execute(per(ENTRIES.c.list_id))}
        assert set(reader.scalars(sa.select(LISTS.c.id))) == set(held)
        assert {number: held.get(number) for number in lists} == lists
        assert set(held.values()) <= {CUSTOMERS}
        scored = {row[0]: row[1] for row in reader.execute(per(SCORES.c.run_id))}
        assert set(reader.scalars(sa.select(RUNS.c.id))) == set(scored)
        assert set(scored.values()) <= {CUSTOMERS}
        known = set(reader.scalars(sa.select(OUTCOMES.c.entry_id)))
        assert told["outcome"] <= known
        assert told["consent"] <= set(reader.scalars(sa.select(CONSENT.c.customer_id)))
        assert told["key"] <= set(reader.scalars(sa.select(KEYS.c.id)))
        taken_back = set(reader.scalars(sa.select(LISTS.c.id).where(LISTS.c.withdrawn_at.is_not(None))))
        assert {int(each) for each in told["withdrawn"]} <= taken_back
        closed = reader.execute(per(ENTRIES.c.list_id).where(ENTRIES.c.closed_at.is_not(None)))
        assert {row[0]: row[1] for row in closed} == dict.fromkeys(taken_back, CUSTOMERS - 3 * IMPORTED)
        assert len(known) % IMPORTED == 0
        assert known == set(reader.scalars(sa.select(CONTACTS.c.entry_id)))
        return len(held)


def per(column: sa.Column[Any]) -> sa.Select[Any]:
    """How many rows there are of each value."""
    return sa.select(column, sa.func.count(column)).group_by(column)


@pytest.mark.slow
def test_a_killed_writer_leaves_a_sound_book(place: Path | str, make_scores: Any) -> None:
    """From the first moment on, when it makes the book; the next one goes on where it stopped."""
    killed_again_and_again(place, make_scores, KILLS, longest_seconds=0.5)


@pytest.mark.slow
@pytest.mark.whole
def test_a_writer_killed_many_times_leaves_a_sound_book(place: Path | str, make_scores: Any) -> None:
    """The same, at many more moments, and in a book that has grown."""
    killed_again_and_again(place, make_scores, MANY_KILLS, longest_seconds=1.0)


def killed_again_and_again(place: Path | str, make_scores: Any, kills: int, *, longest_seconds: float) -> None:
    chance = random.Random(4)
    scores = make_scores(*((f"c{n}", 0.9 - n / 1000, "30.00") for n in range(CUSTOMERS)))
    planned = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0))
    lists: dict[int, int] = {}
    told: dict[str, set[str]] = {kind: set() for kind in ("outcome", "consent", "key", "withdrawn")}
    done = 0
    for number in range(kills):
        seconds, writing = chance.uniform(0.01, longest_seconds), number % 2 == 0
        for kind, one, other in killed_after(seconds, place, scores, planned, done, writing=writing):
            if kind == "list":
                lists[int(one)] = int(other)
            else:
                told[kind].add(one)
        done = check(place, lists, told)
    assert lists
    assert told["outcome"]

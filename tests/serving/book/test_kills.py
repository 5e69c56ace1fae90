"""Kill -9 at random moments: the book opens, is sound, and holds every list whole and every acknowledged outcome."""

from __future__ import annotations

import multiprocessing
import os
import random
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
from serving.book.runs import record_scores
from serving.book.schema import CONTACTS, ENTRIES, LISTS, OUTCOMES, RUNS, SCORES
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue

KILLS = int(os.environ.get("REGULARS_KILLS", "25"))
CUSTOMERS = 200
IMPORTED = 20


def write(place: Path | str, scores: pd.DataFrame, planned: OutreachList, first: int, said: int) -> None:
    """Record run after run, list after list, and outcomes of each; a line for each that the book acknowledged."""
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


def killed_after(seconds: float, *arguments: Any) -> list[list[str]]:
    """Let a process write for so long, kill it, and return what it had said."""
    reads, writes = os.pipe()
    child = multiprocessing.get_context("fork").Process(target=write, args=(*arguments, writes))
    child.start()
    os.close(writes)
    time.sleep(seconds)
    alive = child.is_alive()
    child.kill()
    child.join()
    with open(reads, encoding="ascii") as lines:
        said = lines.read()
    assert alive, "it had stopped by itself"
    return [line.split() for line in said[: said.rfind("\n") + 1].splitlines()]


def check(place: Path | str, lists: dict[int, int], outcomes: set[str]) -> int:
    """Look at all that the book holds; returns how many lists it has."""
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
        assert outcomes <= known
        assert len(known) % IMPORTED == 0
        assert known == set(reader.scalars(sa.select(CONTACTS.c.entry_id)))
        return len(held)


def per(column: sa.Column[Any]) -> sa.Select[Any]:
    """How many rows there are of each value."""
    return sa.select(column, sa.func.count(column)).group_by(column)


@pytest.mark.slow
def test_a_killed_writer_leaves_a_sound_book(place: Path | str, make_scores: Any) -> None:
    """From the first moment on, when it makes the book; the next one goes on where it stopped."""
    chance = random.Random(4)
    scores = make_scores(*((f"c{n}", 0.9 - n / 1000, "30.00") for n in range(CUSTOMERS)))
    planned = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0))
    lists: dict[int, int] = {}
    outcomes: set[str] = set()
    done = 0
    for _ in range(KILLS):
        for kind, one, other in killed_after(chance.uniform(0.01, 1.0), place, scores, planned, done):
            if kind == "list":
                lists[int(one)] = int(other)
            else:
                outcomes.add(one)
        done = check(place, lists, outcomes)
    assert lists
    assert outcomes

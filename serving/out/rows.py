"""What goes into each table, read from the book at one moment: the latest run, the list in force, every outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.language.languages import Language
from features.language.messages import all_said
from features.money import Money
from serving.book.lists import with_entry
from serving.book.pages import EntryFilter, page_of
from serving.book.runs import Run, read_column, run_in, run_of
from serving.book.schema import LISTS, OUTCOMES, RUNS, SCORES
from serving.book.score_json import SCORE_FACTS
from serving.book.sentences import MESSAGES_OF, sentences_from_json
from serving.book.sql_rows import frame_of, to_amounts
from serving.book.withdrawals import in_force
from serving.out.contract import RUN_NAMES, TABLES
from serving.outreach.playbooks.guidance import guided, in_language
from serving.outreach.playbooks.playbooks import Playbooks
from serving.scores import plain_values, with_unknown_money

RunKey = tuple[int, date, str]  # run_id, as_of, model_version


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a table, and the runs whose former rows they take the place of.

    Args:
        frame: in the columns of the table.
        replaces: the runs; also such as have no row any more.
    """

    frame: pd.DataFrame
    replaces: Sequence[RunKey]


def key_of(run: Run) -> RunKey:
    """Return what a table knows a run by."""
    return run.id, run.as_of, run.model_version


def runs_told(connection: Connection, latest: Run) -> list[Run]:
    """Return the runs whose scores are written: the latest, and the one behind the list in force.

    Args:
        connection: of a reader of the book.
        latest: run of the book.
    """
    listed = connection.execute(in_force()).mappings().first()
    if listed is None or listed["run_id"] == latest.id:
        return [latest]
    return [latest, run_of(connection, listed["run_id"])]


def score_rows(connection: Connection, runs: Sequence[Run], language: Language) -> Rows:
    """Return the scores of runs, their sentences in a language.

    Args:
        connection: of a reader of the book.
        runs: whose scores.
        language: of whoever reads the table.
    """
    frames = [_scores(connection, run, language) for run in runs]
    return Rows(pd.concat(frames, ignore_index=True), list(map(key_of, runs)))


def _scores(connection: Connection, run: Run, language: Language) -> pd.DataFrame:
    found, money = frame_of(connection, sa.select(SCORES).where(SCORES.c.run_id == run.id)), Money(run.currency)
    read = {name: read_column(found[name].tolist(), name, money) for name in SCORE_FACTS}
    for name, held in MESSAGES_OF.items():
        pairs = zip(found[name], found[held], strict=True)
        read[name] = [all_said(sentences_from_json(*pair), language) for pair in pairs]
    columns = {name: pd.Series(list(values), found.index, object) for name, values in read.items()}
    scores = with_unknown_money(pd.DataFrame(columns)).assign(horizon_days=run.horizon_days)
    return _of_run(scores, run)[list(TABLES["scores"].column_names)]


def list_rows(connection: Connection, playbooks: Playbooks, language: Language, today: date) -> Rows:
    """Return the entries of the list in force; runs whose list was taken back have none any more.

    Args:
        connection: of a reader of the book.
        playbooks: the shop's, for what to say.
        language: of whoever calls.
        today: the day whose owners count.
    """
    names, gone = list(TABLES["lists"].column_names), _runs_with(connection, LISTS.c.withdrawn_at.is_not(None))
    page = page_of(connection, None, EntryFilter(), today, None, None)
    if page is None:
        return Rows(pd.DataFrame(columns=names), gone)
    entries = in_language(guided(page.entries, playbooks, language), playbooks, language)
    said = [all_said(each, language) for each in plain_values(entries["shrinking"])]
    entries = entries.assign(shrinking=pd.Series(said, entries.index, dtype=object))
    return Rows(_of_run(entries, page.run)[names], [*gone, key_of(page.run)])


def outcome_rows(connection: Connection) -> Rows:
    """Return every outcome of an entry that the book still holds, by the run behind the entry's list.

    Args:
        connection: of a reader of the book.
    """
    joined, entry = with_entry(OUTCOMES)
    own = [OUTCOMES.c[name] for name in ("entry_id", "customer_id", "outcome", "happened_on", "channel", "cost")]
    of_run = [RUNS.c.id.label("run_id"), RUNS.c.as_of, RUNS.c.model_version, RUNS.c.currency]
    behind = joined.join(LISTS, LISTS.c.id == entry.c.list_id).join(RUNS, RUNS.c.id == LISTS.c.run_id)
    found = frame_of(connection, sa.select(*of_run, *own).select_from(behind))
    costs = zip(found["cost"], found["currency"], strict=True)
    found["cost"] = pd.Series([to_amounts([cost], Money(unit))[0] for cost, unit in costs], found.index, object)
    return Rows(found[list(TABLES["outcomes"].column_names)], _runs_with(connection, sa.true()))


def feature_rows(features: pd.DataFrame, run: Run) -> Rows:
    """Return the features of a run's day.

    Args:
        features: `customer_id` and `as_of`, then a column for each feature.
        run: of that day.
    """
    names = [name for name in features.columns if name not in ("customer_id", "as_of")]
    frame = _of_run(features.drop(columns="as_of"), run)
    return Rows(frame[[*RUN_NAMES, "customer_id", *names]], [key_of(run)])


def _of_run(frame: pd.DataFrame, run: Run) -> pd.DataFrame:
    return frame.assign(run_id=run.id, as_of=run.as_of, model_version=run.model_version, currency=run.currency)


def _runs_with(connection: Connection, of_list: sa.ColumnElement[bool]) -> list[RunKey]:
    """Return the runs behind lists of a kind."""
    query = sa.select(RUNS).where(RUNS.c.id.in_(sa.select(LISTS.c.run_id).where(of_list)))
    return [key_of(run_in(row)) for row in connection.execute(query).mappings()]

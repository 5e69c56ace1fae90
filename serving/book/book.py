"""The book: the database of record of one installation.

It holds the scores of every run, every list that went out, what came of it, and who let which model serve. SQLite
beside `regulars.toml` by default, PostgreSQL by URL. Each run is one transaction, so whoever looks sees the former run
or the new one, never half of it. Money is stored in minor units, times in UTC, the sentences of a score as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
from sqlalchemy.engine import Connection

from serving.book import audit, connection, lists, runs
from serving.book.audit import AuditRow
from serving.book.migrate import bring_up_to_date
from serving.book.runs import Run
from serving.outreach.plan.outreach_list import OutreachList
from serving.scores import Score


class Book:
    """The database of record, opened and brought to this version's shape.

    `place` is a folder, for SQLite in `<folder>/book.db`, or the URL of an SQLite or PostgreSQL database. Raises
    InputError where it cannot be opened, or was written by a newer version of Regulars.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     book.latest_run() is None
    ...     book.close()
    True
    """

    def __init__(self, place: Path | str) -> None:
        self.engine = connection.engine_of(place)
        try:
            bring_up_to_date(self.engine)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def writing(self) -> AbstractContextManager[Connection]:
        """Give a connection inside a transaction that nobody else writes beside."""
        return connection.writing(self.engine)

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection that sees one moment of the book and waits for nobody."""
        return connection.reading(self.engine)

    def record_scores(self, scores: pd.DataFrame, *, currency: str, data_digest: str) -> int:
        """Record a run's scores in one transaction and return the run's number.

        The same run twice (same day, model, horizon and data) changes nothing; only sentences that the first time
        had left out are filled in.

        Args:
            scores: a frame in SCORE_COLUMNS, one row per customer, one as_of, horizon and model.
            currency: of its money, ISO 4217.
            data_digest: fingerprint of the log the scores were made from, `Log.digest()`.

        Raises:
            ValueError: the frame is empty, or mixes several runs.
        """
        with self.writing() as opened:
            return runs.record(opened, scores, currency, data_digest)

    def latest_run(self) -> Run | None:
        """Return the run that holds today: the latest as_of, and of these the one recorded last."""
        with self.reading() as opened:
            return runs.latest_run(opened)

    def latest_scores(self, customer_ids: Iterable[str]) -> dict[str, Score]:
        """Return the latest run's scores of the given customers; ids that it does not know are missing."""
        with self.reading() as opened:
            run = runs.latest_run(opened)
            found = runs.scores_of(opened, run, customer_ids) if run is not None else ()
            return {score.customer_id: score for score in found}

    def bands(self) -> tuple[Run, dict[str, int]] | None:
        """Return the latest run and how many customers are in each band; None where there is no run."""
        with self.reading() as opened:
            run = runs.latest_run(opened)
            return None if run is None else (run, runs.bands_of(opened, run))

    def probabilities(self) -> tuple[Run, list[float]] | None:
        """Return the latest run and its probabilities, in no order; None where there is no run."""
        with self.reading() as opened:
            run = runs.latest_run(opened)
            return None if run is None else (run, runs.probabilities_of(opened, run))

    def publish_list(self, outreach: OutreachList, run_id: int) -> int:
        """Record a list made from a run's scores, with who was left out and the trial that begins with it.

        It is one transaction, and returns the list's number. The same list twice changes nothing.

        Raises:
            InputError: an account was drawn for the other arm meanwhile.
            sqlalchemy.exc.IntegrityError: there is no such run.
        """
        with self.writing() as opened:
            return lists.publish(opened, outreach, run_id)

    def current_list(self, *, whole: bool = False) -> OutreachList | None:
        """Return the list that holds today: the latest as_of, and of these the one published last.

        Args:
            whole: also with who was suppressed and what began with it, which may be many times as many; else those
                frames are empty.
        """
        with self.reading() as opened:
            return lists.current(opened, whole=whole)

    def list_on(self, day: date) -> OutreachList | None:
        """Return the whole list that held on a day: the last one published of the latest as_of until then."""
        with self.reading() as opened:
            return lists.current(opened, day)

    @contextmanager
    def auditing(
        self, action: str, who: str, from_version: str | None, to_version: str, why: str, *, forced: bool = False
    ) -> Iterator[AuditRow]:
        """Record a change of what serves, which the caller makes inside; where that fails, nothing is recorded.

        Nobody else can write meanwhile, so of two people who change it at once one comes after the other.
        """
        with self.writing() as opened:
            yield audit.recorded(opened, AuditRow.now(action, who, from_version, to_version, why, forced))

    def audit_trail(self) -> tuple[AuditRow, ...]:
        """Return every recorded change of what serves, oldest first."""
        with self.reading() as opened:
            return audit.audit_trail(opened)

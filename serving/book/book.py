"""The book: the database of record of one installation.

It holds the scores of every run, every list that went out, and who let which model serve. SQLite beside
`regulars.toml` by default, any other database by URL. Each run is one transaction, so whoever looks sees the former run
or the new one, never half of it. Money is stored in minor units, times in UTC, the sentences of a score as JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from features.money import Money
from serving.book.schema import AUDIT, ENTRIES, LISTS, METADATA, RUNS, SCORES
from serving.outreach.lists import ENTRY_NAMES, OutreachList
from serving.scores import SCORE_COLUMNS, Score

BUSY_SECONDS = 30
IDS_PER_QUERY = 1_000  # well below the number of parameters that SQLite and PostgreSQL allow in one statement
ROWS_PER_INSERT = 20_000
REGULAR, NEW, WINBACK = "regular", "new", "winback"
_TYPES = {column.name: column.type for column in SCORE_COLUMNS}
_KEPT = ["customer_id", "position", "owner", "name", "segment"]

@dataclass(frozen=True)
class AuditRow:
    """One change of what serves: who let which version take over from which, and why; `at` is in UTC."""

    action: str
    who: str
    from_version: str | None
    to_version: str
    why: str
    forced: bool
    at: datetime


@dataclass(frozen=True)
class Run:
    """One scoring run as the book holds it; `recorded_at` is in UTC."""

    id: int
    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    customers: int
    recorded_at: datetime


class Book:
    """The database of record, opened; tables and columns that are not there yet are made.

    `place` is a folder, for SQLite in `<folder>/book.db`, or the URL of a database.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     book.latest_run() is None
    ...     book.close()
    True
    """

    def __init__(self, place: Path | str) -> None:
        self.engine = _engine(place)
        with self._writing() as connection:
            METADATA.create_all(connection)
            _add_columns(connection)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

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
        facts = _run_facts(scores, currency, data_digest)
        with self._writing() as connection:
            known = connection.scalar(sa.select(RUNS.c.id).where(RUNS.c.key == facts["key"]))
            if known is not None:
                _fill_in(connection, known, scores)
                return int(known)
            run_id = _inserted(connection, RUNS, {**facts, "recorded_at": _utc_now()})
            _insert_all(connection, SCORES, _score_rows(scores, run_id, Money(currency)))
            return run_id

    def latest_run(self) -> Run | None:
        """Return the run that holds today: the latest as_of, and of these the one recorded last."""
        with self._reading() as connection:
            row = connection.execute(_latest(RUNS)).mappings().first()
        return _run(row) if row is not None else None

    def latest_scores(self, customer_ids: Iterable[str]) -> dict[str, Score]:
        """Return the latest run's scores of the given customers; ids that it does not know are missing."""
        with self._reading() as connection:
            row = connection.execute(_latest(RUNS)).mappings().first()
            if row is None:
                return {}
            run = _run(row)
            return {found.customer_id: found for found in _scores_of(connection, run, list(customer_ids))}

    def publish_list(self, outreach: OutreachList, run_id: int) -> int:
        """Record a list made from a run's scores, in one transaction, and return its number.

        The same list twice changes nothing.

        Raises:
            sqlalchemy.exc.IntegrityError: there is no such run.
        """
        key = _list_key(outreach, run_id)
        with self._writing() as connection:
            known = connection.scalar(sa.select(LISTS.c.id).where(LISTS.c.key == key))
            if known is not None:
                return int(known)
            list_id = _inserted(connection, LISTS, _list_row(outreach, run_id, key))
            _insert_all(connection, ENTRIES, _entry_rows(outreach, list_id))
            return list_id

    def current_list(self) -> OutreachList | None:
        """Return the list that holds today: the latest as_of, and of these the one published last."""
        with self._reading() as connection:
            row = connection.execute(_latest(LISTS)).mappings().first()
            return _outreach_list(connection, row) if row is not None else None

    @contextmanager
    def auditing(
        self, action: str, who: str, from_version: str | None, to_version: str, why: str, *, forced: bool = False
    ) -> Iterator[AuditRow]:
        """Record a change of what serves, which the caller makes inside; where that fails, nothing is recorded.

        Nobody else can write meanwhile, so of two people who change it at once one comes after the other.
        """
        row = AuditRow(action, who, from_version, to_version, why, forced, _utc_now())
        with self._writing() as connection:
            connection.execute(sa.insert(AUDIT).values(asdict(row)))
            yield row

    def audit_trail(self) -> tuple[AuditRow, ...]:
        """Return every recorded change of what serves, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.id)).mappings()
            return tuple(AuditRow(**{name: row[name] for name in AuditRow.__dataclass_fields__}) for row in rows)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(regulars_writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection, connection.begin():
            yield connection


def _engine(place: Path | str) -> Engine:
    if isinstance(place, str) and "://" in place:
        return _with_manners(sa.create_engine(place))
    path = Path(place).resolve() / "book.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    url = sa.URL.create("sqlite", database=str(path))
    return _with_manners(sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}))


def _with_manners(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    # The driver would begin transactions late and leave table changes outside of them; `_begin_sqlite` begins them.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: two runs then wait for each other instead of failing half way.
    writes = connection.get_execution_options().get("regulars_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _add_columns(connection: Connection) -> None:
    """Add what an older version did not keep; of its rows it is not known, so it must be nullable."""
    known = sa.inspect(connection)
    for table in METADATA.sorted_tables:
        there = {column["name"] for column in known.get_columns(table.name)}
        for column in table.c:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")


def _utc_now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(tzinfo=None)


def _latest(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).order_by(table.c.as_of.desc(), table.c.id.desc()).limit(1)


def _inserted(connection: Connection, table: sa.Table, row: dict[str, object]) -> int:
    result = connection.execute(sa.insert(table).values(row))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _insert_all(connection: Connection, table: sa.Table, rows: Iterator[dict[str, object]]) -> None:
    chunk: list[dict[str, object]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == ROWS_PER_INSERT:
            connection.execute(sa.insert(table), chunk)
            chunk = []
    if chunk:
        connection.execute(sa.insert(table), chunk)


def _run_facts(scores: pd.DataFrame, currency: str, data_digest: str) -> dict[str, object]:
    runs = scores[["as_of", "horizon_days", "model_version"]].drop_duplicates()
    if len(runs) != 1:
        raise ValueError(f"a run is of one day, horizon and model; this frame holds {len(runs)}")
    as_of, horizon_days, model_version = runs.iloc[0].tolist()
    key = _digest(as_of.isoformat(), str(horizon_days), model_version, data_digest)
    return {
        "key": key,
        "as_of": as_of,
        "horizon_days": int(horizon_days),
        "model_version": model_version,
        "data_digest": data_digest,
        "currency": currency,
        "customers": len(scores),
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _score_rows(scores: pd.DataFrame, run_id: int, money: Money) -> Iterator[dict[str, object]]:
    names = [c.name for c in SCORES.c if c.name != "run_id"]
    for values in zip(*(_stored(scores[name], _TYPES[name], money) for name in names), strict=True):
        yield {"run_id": run_id, **dict(zip(names, values, strict=True))}


def _stored(values: Iterable[Any], type_: str, money: Money) -> Iterable[object]:
    if type_ == "money":
        return [money.minor(value) for value in values]
    if type_ == "number":
        return [None if pd.isna(value) else float(value) for value in values]
    return map(_as_json, values) if type_ == "texts" else values


def _read(value: Any, type_: str, money: Money) -> Any:
    if type_ == "money":
        return None if value is None else money.major(value)
    return _as_sentences(value) if type_ == "texts" else value


def _as_json(sentences: Sequence[str] | None) -> str | None:
    return None if sentences is None else json.dumps(list(sentences), ensure_ascii=False)


def _as_sentences(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))


def _fill_in(connection: Connection, run_id: int, scores: pd.DataFrame) -> None:
    told = scores[scores["reasons"].notna()]
    if told.empty:
        return
    statement = (
        sa.update(SCORES)
        .where(SCORES.c.run_id == run_id, SCORES.c.customer_id == sa.bindparam("id"), SCORES.c.reasons.is_(None))
        .values(reasons=sa.bindparam("risk"), protective=sa.bindparam("calm"))
    )
    columns = (told["customer_id"], told["reasons"], told["protective"])
    rows = [{"id": i, "risk": _as_json(r), "calm": _as_json(p)} for i, r, p in zip(*columns, strict=True)]
    connection.execute(statement, rows)


def _run(row: RowMapping) -> Run:
    return Run(**{name: row[name] for name in Run.__dataclass_fields__})


def _scores_of(connection: Connection, run: Run, customer_ids: Sequence[str]) -> Iterator[Score]:
    wanted = list(dict.fromkeys(customer_ids))
    of_run = sa.select(SCORES).where(SCORES.c.run_id == run.id)
    money = Money(run.currency)
    for first in range(0, len(wanted), IDS_PER_QUERY):
        chunk = wanted[first : first + IDS_PER_QUERY]
        for row in connection.execute(of_run.where(SCORES.c.customer_id.in_(chunk))).mappings():
            yield _score(row, run, money)


def _score(row: RowMapping, run: Run, money: Money) -> Score:
    facts: dict[str, Any] = {c.name: _read(row[c.name], _TYPES[c.name], money) for c in SCORES.c if c.name != "run_id"}
    of_run: dict[str, Any] = {"as_of": run.as_of, "horizon_days": run.horizon_days, "model_version": run.model_version}
    return Score(**facts, **of_run, currency=run.currency)


def _list_key(outreach: OutreachList, run_id: int) -> str:
    frames = (outreach.entries, outreach.newcomers, outreach.winback)
    rows = ["\x1f".join(map(str, row)) for f in frames for row in f[_KEPT].itertuples(index=False)]
    lengths = (str(len(frame)) for frame in frames[:2])
    return _digest(str(run_id), outreach.rank_by, str(outreach.capacity), *lengths, *rows)


def _list_row(outreach: OutreachList, run_id: int, key: str) -> dict[str, object]:
    return {
        "key": key,
        "run_id": run_id,
        "as_of": outreach.as_of,
        "rank_by": outreach.rank_by,
        "capacity": outreach.capacity,
        "left_out": json.dumps(dict(outreach.left_out)),
        "published_at": _utc_now(),
    }


def _entry_rows(outreach: OutreachList, list_id: int) -> Iterator[dict[str, object]]:
    groups = ((REGULAR, outreach.entries), (NEW, outreach.newcomers), (WINBACK, outreach.winback))
    for kind, frame in groups:
        for row in zip(*(frame[name] for name in _KEPT), strict=True):
            yield {"list_id": list_id, "kind": kind, **dict(zip(_KEPT, row, strict=True))}


def _outreach_list(connection: Connection, row: RowMapping) -> OutreachList:
    run = _run(connection.execute(sa.select(RUNS).where(RUNS.c.id == row["run_id"])).mappings().one())
    return OutreachList(
        as_of=row["as_of"],
        horizon_days=run.horizon_days,
        model_version=run.model_version,
        currency=run.currency,
        rank_by=row["rank_by"],
        capacity=row["capacity"],
        entries=_entries(connection, row["id"], run, REGULAR),
        newcomers=_entries(connection, row["id"], run, NEW),
        winback=_entries(connection, row["id"], run, WINBACK),
        left_out=json.loads(row["left_out"]),
    )


def _entries(connection: Connection, list_id: int, run: Run, kind: str) -> pd.DataFrame:
    facts = [c for c in SCORES.c if c.name not in ("run_id", "customer_id")]
    query = (
        sa.select(ENTRIES, *facts)
        .join_from(ENTRIES, SCORES, SCORES.c.customer_id == ENTRIES.c.customer_id)
        .where(ENTRIES.c.list_id == list_id, ENTRIES.c.kind == kind, SCORES.c.run_id == run.id)
        .order_by(ENTRIES.c.position)
    )
    money = Money(run.currency)
    rows = [{**row, **vars(_score(row, run, money))} for row in connection.execute(query).mappings()]
    return pd.DataFrame(rows, columns=list(ENTRY_NAMES), dtype=object)

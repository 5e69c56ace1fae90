"""`regulars out`: scores, lists, outcomes and features of the day as tables of a database, for other systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from features.build import feature_table
from features.errors import ConfigError, InputError
from features.language.languages import ENGLISH, Language
from features.language.messages import Sentence, said, sentence
from features.sources.databases.address import Database
from serving.book.privacy.tombstones import tombstones_of
from serving.book.runs import Run, latest_run
from serving.config.out_settings import OutSettings, OutTableName
from serving.out.rows import Rows, feature_rows, list_rows, outcome_rows, runs_told, score_rows
from serving.out.write import erase_rows, write_tables
from serving.outreach.playbooks.playbooks import load_playbooks
from serving.shop import OpenShop
from training.attribute_codes import coded


@dataclass(frozen=True)
class TablesWritten:
    """What was written, or would be.

    Args:
        run: the latest of the book.
        schema: in which the tables lie.
        rows: table → how many rows.
        dry_run: whether nothing was written.
        language: of the terminal, the shop's.
    """

    run: Run
    schema: str
    rows: Mapping[str, int]
    dry_run: bool = False
    language: Language = ENGLISH

    @property
    def words(self) -> Sentence:
        """Say it in one line."""
        tables = ", ".join(f"{name} {count:,}" for name, count in self.rows.items())
        if self.dry_run:
            return sentence("would write into the schema {schema}: {tables}", schema=self.schema, tables=tables)
        return sentence("written into the schema {schema}, rows: {tables}", schema=self.schema, tables=tables)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        run = {"run_id": self.run.id, "as_of": self.run.as_of, "model_version": self.run.model_version}
        return {**run, "schema": self.schema, "rows": dict(self.rows), "dry_run": self.dry_run}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield said(self.words, self.language)


def write_out(shop: OpenShop, *, dry_run: bool = False) -> TablesWritten:
    """Write the tables that `[out]` names, in one transaction.

    Args:
        shop: the open shop.
        dry_run: only say how many rows there would be; the database is not asked.

    Raises:
        ConfigError: the settings have no `[out]`, or its database is of another kind.
        InputError: nothing was scored yet, or a table of that name is not ours.
        MachineFault: the database does not answer or refuses; nothing is written then.
    """
    settings = shop.settings.out
    if settings is None:
        raise ConfigError('no database is named: write url = "postgresql://…" under [out] in regulars.toml')
    run, tables = _tables(shop, settings)
    if not dry_run:
        write_tables(database_of(shop, settings), settings.schema, tables, shop.settings.files.access())
        _erase_forgotten_meanwhile(shop, settings, tables)
    counts: dict[str, int] = {name: len(rows.frame) for name, rows in tables.items()}
    return TablesWritten(run, settings.schema, counts, dry_run, shop.settings.language)


def _erase_forgotten_meanwhile(shop: OpenShop, settings: OutSettings, tables: Mapping[OutTableName, Rows]) -> None:
    """Erase who was forgotten after the rows were read, and before they were written: `forget` did not see them yet."""
    if (forgotten := tombstones_of(shop.book)) is None:
        return
    ids = set().union(*(rows.frame["customer_id"] for rows in tables.values()))
    if back := forgotten(ids):
        erase_rows(database_of(shop, settings), settings.schema, sorted(back))


def database_of(shop: OpenShop, settings: OutSettings) -> Database:
    """Return where the tables are written; the file of a DuckDB lies beside regulars.toml."""
    return settings.database().at(shop.settings.folder)


def _tables(shop: OpenShop, settings: OutSettings) -> tuple[Run, dict[OutTableName, Rows]]:
    language, playbooks = shop.settings.language, load_playbooks(shop.settings.list.playbooks)
    tables: dict[OutTableName, Rows] = {}
    with shop.book.reading() as connection:
        run = latest_run(connection)
        if run is None:
            raise InputError("nothing was scored yet; score first: regulars list --out list")
        if "scores" in settings.what:
            tables["scores"] = score_rows(connection, runs_told(connection, run), language)
        if "lists" in settings.what:
            tables["lists"] = list_rows(connection, playbooks, language, shop.today)
        if "outcomes" in settings.what:
            tables["outcomes"] = outcome_rows(connection)
    if "features" in settings.what:
        tables["features"] = _features(shop, run)
    return run, tables


def _features(shop: OpenShop, run: Run) -> Rows:
    log, days, definition = shop.log, [run.as_of], shop.definition
    features = coded(shop.features, log, days, definition)
    return feature_rows(feature_table(log, days, features, definition.active_days), run)

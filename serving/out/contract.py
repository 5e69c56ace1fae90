"""The contract of the tables that `[out]` writes: each table, its columns, their types and what they mean.

Scores and entries of lists take their columns from the contracts that files and answers have. What could name a person
(names, openings, notes, the other members of an account) is in none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from serving.book.outcomes import OUTCOME_NAMES
from serving.book.schema import KIND_WORDS
from serving.config.out_settings import OutTableName
from serving.outreach.plan.outreach_list import ENTRY_COLUMNS
from serving.scores import SCORE_COLUMNS, Column, ColumnType

SQL_TYPES: Mapping[ColumnType, str] = {
    "text": "VARCHAR",
    "texts": "VARCHAR",  # sentences as one text
    "date": "DATE",
    "integer": "BIGINT",
    "number": "DOUBLE PRECISION",
    "money": "DECIMAL(24, 4)",  # no currency has more digits
}
RUN_NAMES = ("run_id", "as_of", "model_version")
NAMES_PERSONS = ("name", "opening", "members")  # columns of entries that stay in the book


@dataclass(frozen=True)
class OutTable:
    """One table.

    Args:
        name: of the table.
        meaning: one sentence.
        key: with the run it tells the rows apart.
        columns: in their order, without features.
    """

    name: OutTableName
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of its columns.

        >>> TABLES["features"].column_names
        ('run_id', 'as_of', 'model_version', 'customer_id')
        """
        return tuple(column.name for column in self.columns)


_SCORED = {column.name: column for column in SCORE_COLUMNS}
_CUSTOMER = _SCORED["customer_id"]
_RUN = (
    Column("run_id", "integer", "", "number of the scoring run in the book"),
    _SCORED["as_of"],
    _SCORED["model_version"],
)
_CURRENCY = Column("currency", "text", "", "of the row's money, ISO 4217")
_ENTRY = Column("entry_id", "text", "", "names the entry when its outcome is reported")
_GUIDANCE = (
    Column("what_to_say", "text", "", "advice of the playbook; none: it is no longer in force", is_optional=True),
    Column("incentive", "text", "", "what the playbook lets them offer", is_optional=True),
)
_KIND = Column("kind", "text", "", "which group of the list the entry is in", choices=tuple(KIND_WORDS["words"]))
_ENTRIES = tuple(
    {"entry_id": _ENTRY, "kind": _KIND}.get(each.name, each) for each in ENTRY_COLUMNS if each.name not in NAMES_PERSONS
)
_REPORTED = (
    _ENTRY,
    _CUSTOMER,
    Column("outcome", "text", "", "what came of it", choices=OUTCOME_NAMES),
    Column("happened_on", "date", "business day", "when"),
    Column("channel", "text", "", "how the customer was reached; none: not said", is_optional=True),
    Column("cost", "money", "major units", "of the contact; none: not said", is_optional=True),
    _CURRENCY,
)
_OUTCOME_KEY = ("entry_id", "outcome", "happened_on")
TABLES: Mapping[OutTableName, OutTable] = {
    table.name: table
    for table in (
        OutTable(
            "scores",
            "the score of each customer in a scoring run",
            ("customer_id",),
            (*_RUN, *(each for each in SCORE_COLUMNS if each.name not in RUN_NAMES), _CURRENCY),
        ),
        OutTable("lists", "the entries of a published list", ("entry_id",), (*_RUN, *_ENTRIES, *_GUIDANCE, _CURRENCY)),
        OutTable(
            "outcomes",
            "what was reported of entries, by the run behind their list",
            _OUTCOME_KEY,
            (*_RUN, *_REPORTED),
        ),
        OutTable("features", "the features of each customer on the day of a run", ("customer_id",), (*_RUN, _CUSTOMER)),
    )
}

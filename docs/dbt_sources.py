"""Writes the sources of the dbt package from the contract of `[out]`: every column with its meaning and its tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from serving.out.contract import RUN_NAMES, TABLES, OutTable
from serving.scores import Column

PAGE = Path(__file__).parents[1] / "dbt" / "models" / "sources.yml"
HEAD = "# Generated from serving/out/contract.py by `make docs`; do not edit.\n"
PACKAGE = "regulars"
MORE = {"features": " Beside these, a column for each feature: docs/features.md says which."}
SCORED = ("lists",)  # whose customers have a score of the same run


def sources() -> str:
    """Return the file as YAML."""
    source = {
        "name": PACKAGE,
        "description": "What Regulars writes for other systems: `regulars out`.",
        "schema": "{{ var('regulars_schema', 'regulars') }}",
        "tables": [_table(table) for table in TABLES.values()],
    }
    written: str = yaml.safe_dump({"version": 2, "sources": [source]}, sort_keys=False, allow_unicode=True, width=120)
    return HEAD + written


def _table(table: OutTable) -> dict[str, Any]:
    key = {"unique_by_run": {"arguments": {"columns": [*RUN_NAMES, *table.key]}}}
    return {
        "name": table.name,
        "description": f"{_sentence(table.meaning)}{MORE.get(table.name, '')}",
        "data_tests": [key],
        "columns": [_column(table, column) for column in table.columns],
    }


def _column(table: OutTable, column: Column) -> dict[str, Any]:
    unit = f" ({column.unit})" if column.unit else ""
    described = {"name": column.name, "description": _sentence(f"{column.meaning}{unit}")}
    tests = list(_tests(table, column))
    return {**described, "data_tests": tests} if tests else described


def _tests(table: OutTable, column: Column) -> Iterator[Any]:
    if not column.is_optional:
        yield "not_null"
    if column.choices:
        yield {"accepted_values": {"arguments": {"values": list(column.choices)}}}
    if column.name == "customer_id" and table.name in SCORED:
        scores = {"to": f"source('{PACKAGE}', 'scores')", "field": "customer_id"}
        yield {"relationships": {"arguments": scores}}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."

"""The dbt package documents the tables as they are, by tests that dbt or the package has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from docs.dbt_sources import PAGE, sources
from serving.out.contract import TABLES

ROOT = PAGE.parents[1]
GIVEN: dict[str, set[str]] = {
    "not_null": set(),
    "accepted_values": {"values"},
    "relationships": {"to", "field"},
    "unique_by_run": {"columns"},
}


def tables() -> dict[str, dict[str, Any]]:
    [source] = yaml.safe_load(PAGE.read_text("utf-8"))["sources"]
    return {table["name"]: table for table in source["tables"]}


def test_the_sources_are_as_they_are_generated() -> None:
    assert PAGE.read_text("utf-8") == sources(), "a column of [out] is another one: run make docs"


def test_every_column_is_documented_and_no_other() -> None:
    found = {name: [column["name"] for column in table["columns"]] for name, table in tables().items()}
    assert found == {name: list(table.column_names) for name, table in TABLES.items()}
    assert all(column["description"].strip(".") for table in tables().values() for column in table["columns"])


def test_every_test_is_one_that_dbt_or_the_package_has() -> None:
    own = re.findall(r"{% test (\w+)\(model, (\w+)\) %}", (ROOT / "macros" / "unique_by_run.sql").read_text("utf-8"))
    assert own == [("unique_by_run", "columns")]
    asked = [
        test
        for table in tables().values()
        for each in (table, *table["columns"])
        for test in each.get("data_tests", ())
    ]
    named = [(test, {}) if isinstance(test, str) else next(iter(test.items())) for test in asked]
    assert {name for name, _ in named} == set(GIVEN)
    for name, config in named:
        assert set(config.get("arguments", {})) == GIVEN[name]


def test_the_project_names_the_schema_that_the_settings_have() -> None:
    from serving.config.out_settings import OutSettings

    project = yaml.safe_load(Path(ROOT / "dbt_project.yml").read_text("utf-8"))
    assert project["vars"] == {"regulars_schema": OutSettings("duckdb://a.duckdb").schema}
    assert (ROOT / project["model-paths"][0] / "sources.yml") == PAGE

"""The names of the engines; a module of its own, since the command line knows them before Ibis is imported."""

from __future__ import annotations

from collections.abc import Mapping

NUMPY = "numpy"
SPARK = "spark"
# What is connected to, and the schemes of its URLs.
DATABASES: Mapping[str, tuple[str, ...]] = {"duckdb": ("duckdb",), "postgresql": ("postgresql", "postgres")}
# What a statement is compiled for, and the name of its SQL at Ibis and sqlglot.
DIALECTS: Mapping[str, str] = {
    "duckdb": "duckdb",
    "postgresql": "postgres",
    "bigquery": "bigquery",
    "snowflake": "snowflake",
    "databricks": "databricks",
    SPARK: "databricks",  # Ibis compiles for Spark only while connected to one; the SQL is the same
    "clickhouse": "clickhouse",
    "trino": "trino",
}
ENGINES = (NUMPY, *DIALECTS)

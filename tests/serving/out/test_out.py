"""`regulars out`: tables of PostgreSQL and DuckDB; each run once, whole or not at all, and of nobody forgotten."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from serving.commands.lists import out as write_out_module
from serving.out.contract import TABLES
from serving.out.write import write_tables
from tests.serving.conftest import in_book
from tests.serving.out.conftest import Out

# Ibis 12 asks DuckDB 2 by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
KILLED = """
import os, sys
from serving.cli import app, run
from serving.out import write
real = write._insert
def insert(connection, place, frame):
    real(connection, place, frame)
    if "lists" in place:
        os._exit(9)  # the scores are written, the outcomes are not, and nothing is committed
write._insert = insert
run(lambda: app(["out", "--config", sys.argv[1]], standalone_mode=False))
"""


def entry(out: Out) -> str:
    """An entry that an outcome is reported of."""
    [(found,)] = in_book(out.folder, "SELECT entry_id FROM entries ORDER BY kind, position LIMIT 1")
    assert (
        out.command("outcome", "--entry", found, "--outcome", "saved", "--on", "2023-01-10", "--cost", "2.50")[0] == 0
    )
    return str(found)


def test_written_twice_equals_once_and_says_what_the_book_holds(out: Out) -> None:
    reported = entry(out)
    code, first, err = out.command("out", "--json")
    assert code == 0, err
    once = out.everything()
    assert out.command("out")[0] == 0
    assert out.everything() == once
    document = json.loads(first)
    assert document["rows"] == {name: len(rows) for name, rows in once.items()}
    counts = {name: in_book(out.folder, f"SELECT count(*) FROM {name}")[0][0] for name in ("scores", "entries")}
    assert (len(once["scores"]), len(once["lists"])) == (counts["scores"], counts["entries"])
    assert min(counts.values()) > 0
    run = (document["run_id"], document["as_of"], document["model_version"])
    for name in once:
        keys = out.ask(f"SELECT DISTINCT run_id, CAST(as_of AS VARCHAR), model_version FROM regulars.{name}")
        assert keys == [run], name
    told = (
        "SELECT entry_id, outcome, CAST(happened_on AS VARCHAR), CAST(cost AS VARCHAR), currency FROM regulars.outcomes"
    )
    assert out.ask(told) == [(reported, "saved", "2023-01-10", "2.5000", "EUR")]


def test_a_score_is_the_one_of_the_book(out: Out) -> None:
    assert out.command("out")[0] == 0
    asked = "SELECT customer_id, probability, band, value_at_risk FROM {} ORDER BY customer_id"
    here = out.ask(asked.format("regulars.scores"))
    book = in_book(out.folder, asked.format("scores"))
    assert [(who, band, round(value * 100)) for who, _, band, value in here] == [
        (who, band, value) for who, _, band, value in book
    ]
    assert [row[1] for row in here] == pytest.approx([row[1] for row in book], rel=1e-12)
    listed = out.ask("SELECT reasons, what_to_say FROM regulars.lists WHERE kind = 'regular'")
    assert listed
    assert all(reasons and say for reasons, say in listed)


# What each database calls the types of the contract.
TYPES = {
    "postgresql": {"text": "character varying", "integer": "bigint", "number": "double precision", "money": "numeric"},
    "duckdb": {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "money": "DECIMAL(24,4)", "date": "DATE"},
}


def test_the_columns_and_types_are_those_of_the_contract(out: Out) -> None:
    assert out.command("out")[0] == 0
    names = {"texts": TYPES[out.engine]["text"], "date": "date", **TYPES[out.engine]}
    for name, table in TABLES.items():
        found = out.ask(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            f"WHERE table_schema = 'regulars' AND table_name = '{name}' ORDER BY ordinal_position"
        )
        meant = [(each.name, names[each.type], "YES" if each.is_optional else "NO") for each in table.columns]
        assert found[: len(meant)] == meant
        assert {kind for _, kind, _ in found[len(meant) :]} == ({names["number"]} if name == "features" else set())


def test_no_table_holds_what_could_name_a_person(out: Out) -> None:
    assert out.command("out")[0] == 0
    names = {name for (name,) in in_book(out.folder, "SELECT name FROM entries") if name}
    held = "\n".join(row for rows in out.everything().values() for row in rows)
    assert names
    assert not [name for name in names if name in held]
    assert not {"name", "opening", "members", "note", "by"} & {each for t in TABLES.values() for each in t.column_names}


def test_a_table_that_is_not_ours_is_left_alone(out: Out) -> None:
    out.ask("CREATE SCHEMA regulars")
    out.ask("CREATE TABLE regulars.lists(run_id BIGINT)")
    out.ask("INSERT INTO regulars.lists VALUES (1)")
    code, _, err = out.command("out")
    assert code == 2
    assert "regulars.lists is there, and not a table of [out]; name another schema under [out]" in err
    assert out.ask("SELECT * FROM regulars.lists") == [(1,)]
    assert out.ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'regulars'") == [(1,)]


def test_a_kill_within_the_write_leaves_what_was_there(out: Out) -> None:
    assert out.command("out")[0] == 0
    before = out.everything()
    entry(out)
    toml = str(out.folder / "regulars.toml")
    killed = subprocess.run([sys.executable, "-c", KILLED, toml], env=os.environ, capture_output=True, check=False)
    assert killed.returncode == 9, killed.stderr
    assert out.everything() == before
    assert out.command("out")[0] == 0
    assert len(out.everything()["outcomes"]) == 1


def test_an_earlier_run_stays_and_a_list_that_was_taken_back_goes(out: Out) -> None:
    assert out.command("out")[0] == 0
    before = len(out.everything()["scores"])
    assert out.command("list", "--as-of", "2023-01-16", "--out", out.folder / "list")[0] == 0
    assert out.command("out")[0] == 0
    by_day = out.ask("SELECT CAST(as_of AS VARCHAR), count(*) FROM regulars.lists GROUP BY 1 ORDER BY 1")
    assert [day for day, _ in by_day] == ["2023-01-09", "2023-01-16"]
    assert len(out.everything()["scores"]) > before
    assert out.command("list", "--withdraw", "2023-01-16", "--by", "Ada", "--why", "too early")[0] == 0
    assert out.command("out")[0] == 0
    assert out.ask("SELECT DISTINCT CAST(as_of AS VARCHAR) FROM regulars.lists") == [("2023-01-09",)]


def test_who_is_forgotten_is_in_no_table(out: Out) -> None:
    entry(out)
    assert out.command("out")[0] == 0
    [(who,)] = out.ask("SELECT customer_id FROM regulars.outcomes")
    code, said, err = out.command("forget", who, "--yes", "--json")
    assert code == 0, err
    assert json.loads(said)["customers"][0]["rows"]["[out]"] >= 4
    rows = [row for rows in out.everything().values() for row in rows]
    assert rows
    assert not [row for row in rows if f"'{who}'" in row]


def test_who_is_forgotten_while_the_tables_are_written_is_in_none(out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows were read before, and `forget` could not find them yet."""
    assert out.command("out")[0] == 0
    [(who,)] = out.ask("SELECT customer_id FROM regulars.lists ORDER BY entry_id LIMIT 1")
    forgotten = []

    def meanwhile(*arguments: Any) -> None:
        forgotten.append(out.command("forget", who, "--yes")[0])
        write_tables(*arguments)

    monkeypatch.setattr(write_out_module, "write_tables", meanwhile)
    assert out.command("out")[0] == 0
    assert forgotten == [0]
    assert not [row for rows in out.everything().values() for row in rows if f"'{who}'" in row]


def test_a_dry_run_writes_nothing(out: Out) -> None:
    code, said, _ = out.command("out", "--dry-run")
    assert code == 0
    assert re.search(r"would write into the schema regulars: scores \d+, lists \d+, outcomes 0, features \d+", said)
    assert out.ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'regulars'") == [(0,)]

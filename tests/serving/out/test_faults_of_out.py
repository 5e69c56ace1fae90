"""A database of `[out]` that is away, that goes away amid a write, or that holds what is not ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from serving.out import write
from tests.serving.conftest import Call, in_book
from tests.serving.out.conftest import Out

# Ibis 12 asks DuckDB 2 by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

AWAY = "postgresql://shop@127.0.0.1:9/shop"


def doctor(call: Any) -> dict[str, str]:
    _, found, _ = call("doctor", "--json")
    [each] = [each for each in json.loads(found)["findings"] if each["check"] == "out"]
    return {"state": each["state"], "words": each["words"], "to_do": each["to_do"]}


def test_a_connection_lost_amid_a_write_leaves_what_was_there_and_the_next_run_writes(out: Out) -> None:
    if out.engine != "postgresql":
        pytest.skip("a DuckDB is a file: nothing is connected")
    assert out.command("out")[0] == 0
    before = out.everything()
    out.ask("DELETE FROM regulars.features WHERE true")
    inserted, given = [], write._insert

    def lost_at_the_third(connection: Any, place: str, frame: Any) -> None:
        inserted.append(place)
        if len(inserted) == 3:
            out.ask(f"SELECT pg_terminate_backend({connection.con.info.backend_pid})")
        given(connection, place, frame)

    with mock.patch.object(write, "_insert", lost_at_the_third):
        code, _, err = out.command("out")
    assert code != 0
    assert "nothing was written, and what was there before is unchanged" in err
    assert len(err.strip().splitlines()) == 1
    assert out.everything() == {**before, "features": []}
    assert out.command("out")[0] == 0
    assert out.everything() == before


def test_a_week_ends_without_the_tables_and_the_next_run_writes_them_alone(
    out: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    if out.engine != "postgresql":
        pytest.skip("a DuckDB is never away")
    (toml := out.folder / "regulars.toml").write_text(
        f"{toml.read_text('utf-8')}\n[serve]\ntoday = 2023-05-18\n", "utf-8"
    )
    is_up = os.environ["OUT_DB"]
    monkeypatch.setenv("OUT_DB", AWAY)
    code, _, err = out.command("weekly")
    assert code != 0
    assert "the database does not answer at ${OUT_DB}" in err
    others = ("add", "check", "score", "list", "watch", "train")
    assert states_of_week(out.folder) == {**dict.fromkeys(others, "done"), "out": "begun"}
    lists = in_book(out.folder, "SELECT count(*) FROM lists")
    monkeypatch.setenv("OUT_DB", is_up)
    code, _, err = out.command("weekly")
    assert code == 0, err
    assert states_of_week(out.folder) == dict.fromkeys((*others, "out"), "done")
    assert in_book(out.folder, "SELECT count(*) FROM lists") == lists
    assert out.everything()["lists"]


def states_of_week(folder: Path) -> dict[str, str]:
    stages = json.loads((folder / ".regulars" / "weekly.json").read_text("utf-8"))["stages"]
    return {name: each["state"] for name, each in stages.items()}


def test_doctor_says_that_the_database_is_away(office: Path, call: Call) -> None:
    toml = office / "regulars.toml"
    toml.write_text(f'{toml.read_text("utf-8")}\n[out]\nurl = "{AWAY}"\n', "utf-8")
    found = doctor(lambda *given: call(*given, "--config", toml))
    assert found["state"] == "problem"
    assert "127.0.0.1:9" in found["words"]


def test_doctor_knows_its_own_tables_and_those_of_others(out: Out) -> None:
    assert doctor(out.command) == {"state": "ok", "words": "the schema regulars holds no table yet", "to_do": ""}
    assert out.command("out")[0] == 0
    words = "the schema regulars holds scores, lists, outcomes, features"
    assert doctor(out.command) == {"state": "ok", "words": words, "to_do": ""}
    out.ask("DROP TABLE regulars.lists")
    out.ask("CREATE TABLE regulars.lists (mine INTEGER)")
    found = doctor(out.command)
    assert (found["state"], found["to_do"]) == ("problem", "name another schema under [out]")
    assert found["words"] == "tables of these names in the schema regulars are not of [out]: lists"


def test_doctor_knows_who_may_make_no_tables(out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    if out.engine != "postgresql":
        pytest.skip("a DuckDB has no users")
    out.ask("CREATE SCHEMA regulars")
    out.ask("DROP ROLE IF EXISTS reads_only")
    out.ask("CREATE ROLE reads_only LOGIN")
    monkeypatch.setenv("OUT_DB", os.environ["OUT_DB"].replace("://postgres:", "://reads_only:", 1))
    assert doctor(out.command)["to_do"] == "GRANT USAGE, CREATE ON SCHEMA regulars TO …"
    out.ask("DROP ROLE reads_only")

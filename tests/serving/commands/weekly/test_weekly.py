"""A week: what it does and says, where it goes on, what it begins anew, and what a dry run leaves alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest

from features.errors import DiskFull
from features.file_access import Access
from serving.commands.weekly import running, stages
from serving.commands.weekly.lock import held
from serving.commands.weekly.run_state import RunState, read_state, write_state
from serving.commands.weekly.weekly import FILE
from serving.config import load_settings
from tests.serving.conftest import Call, SmallShop, in_book

# Ibis 12 asks DuckDB 2 by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture
def week(office: Path) -> Path:
    """A shop whose model has learnt from all its orders."""
    with (office / "regulars.toml").open("a", encoding="utf-8") as toml:
        toml.write('\n[serve]\ntoday = 2023-05-18\n\n[weekly]\nscores = "scores.csv"\n')
    return office / "regulars.toml"


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_week_scores_lists_and_watches_and_says_why_nothing_is_trained(week: Path, call: Call):
    code, out, err = call("weekly", "--config", week)
    assert (code, err) == (0, "")
    heads = [line for line in out.splitlines() if line and not line.startswith("  ")]
    assert heads[1:] == ["New exports", "The orders", "Scores", "The list", "The model today", "Training"]
    listed = pd.read_csv(week.parent / "list" / "list.csv")
    assert heads[0] == f"Regulars, 2023-05-18: {in_book(week.parent, LATEST_ENTRIES)[0][0]} to contact, no alarm"
    assert len(listed) > 0
    assert len(pd.read_csv(week.parent / "scores.csv")) > len(listed)
    assert "no training is due: the last training knew the orders until 2023-05-18" in out
    assert (week.parent / ".regulars" / "last-watch.json").exists()


LATEST_ENTRIES = "SELECT count(*) FROM entries WHERE list_id = (SELECT max(id) FROM lists)"


def test_no_customer_is_named_in_what_a_week_says_and_keeps(week: Path, shop: SmallShop, call: Call):
    _, out, _ = call("weekly", "--config", week, "--json")
    names = pd.read_csv(shop.settings.folder / "customers.csv", dtype=str)
    kept = (week.parent / ".regulars" / FILE).read_text(encoding="utf-8")
    for text in (out, kept):
        words = set(text.replace('"', " ").replace(",", " ").split())
        assert not words & {*names["customer_id"]}
        assert not [name for name in names["name"].dropna() if name in text]


def test_the_document_holds_every_stage(week: Path, call: Call):
    code, out, _ = call("weekly", "--config", week, "--json")
    found = json.loads(out)
    assert [each["stage"] for each in found["stages"]] == ["add", "check", "score", "list", "watch", "train"]
    result = {each["stage"]: each["result"] for each in found["stages"]}
    assert result["score"]["as_of"] == result["list"]["as_of"] == "2023-05-18"
    assert result["list"]["entries"] == sum(result["list"]["by_owner"].values())
    assert (result["train"]["trained"], result["train"]["next_on"]) == (False, "2023-06-15")
    assert (found["exit_code"], found["alarms"], found["times"]) == (code, [], 1)


def test_a_week_is_one_run_of_mlflow_with_a_run_for_each_stage_in_it(week: Path, call: Call):
    with mock.patch.object(stages, "publish", side_effect=DiskFull(str(week.parent / "list"))):
        call("weekly", "--config", week)
    call("weekly", "--config", week)
    with closing(sqlite3.connect(week.parent / "mlruns" / "mlflow.db")) as runs:
        found = runs.execute(
            "SELECT r.run_uuid, r.name, r.status, e.name, t.value FROM runs r JOIN experiments e USING (experiment_id) "
            "LEFT JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = 'mlflow.parentRunId'"
        ).fetchall()
    ((parent, *_),) = [row for row in found if row[1] == "week of 2023-05-18"]
    within = sorted((name, status) for _, name, status, _, above in found if above == parent)
    stage_names = ("add", "check", "list", "score", "train", "watch")
    assert within == sorted([*((name, "FINISHED") for name in stage_names), ("list", "FAILED")])
    ((stage, *_),) = [row for row in found if row[1] == "watch"]
    assert [(name, where) for _, name, _, where, above in found if above == stage] == [
        ("watch 2023-05-18", "regulars watch")
    ]


def test_twice_is_as_once(week: Path, call: Call):
    call("weekly", "--config", week)
    before = in_book(week.parent, "SELECT entry_id FROM entries ORDER BY entry_id")
    code, out, _ = call("weekly", "--config", week)
    assert code == 0
    assert in_book(week.parent, "SELECT entry_id FROM entries ORDER BY entry_id") == before
    assert "stopped at" not in out


def test_an_alarm_has_its_exit_code(week: Path, call: Call):
    week.write_text(week.read_text().replace("today = 2023-05-18", "today = 2023-08-18"))
    code, out, _ = call("weekly", "--config", week)
    assert code == 13
    assert "1 alarm" in out.splitlines()[0]
    assert "  to do: bring the export up to date, then score again" in out


def test_a_run_that_stopped_goes_on_at_its_stage(week: Path, call: Call):
    full = DiskFull(str(week.parent / "list"))
    with mock.patch.object(stages, "publish", side_effect=full):
        code, _, err = call("weekly", "--config", week)
    assert code == 5
    assert "and run regulars weekly again" in err
    with mock.patch.object(stages, "let_rhythms_serve", side_effect=AssertionError("it was scored already")):
        code, out, _ = call("weekly", "--config", week)
    assert code == 0
    assert out.splitlines()[0] == "the run of 2023-05-18 stopped at list: it goes on there"
    state = read_state(week.parent / ".regulars" / FILE)
    assert state is not None
    assert (state.times, state.ended_at is None) == (2, False)


def test_where_out_names_a_database_its_tables_are_written_after_the_list(week: Path, call: Call):
    with week.open("a", encoding="utf-8") as toml:
        toml.write('\n[out]\nurl = "duckdb://out.duckdb"\nwhat = ["scores", "lists"]\n')
    _, planned, _ = call("weekly", "--dry-run", "--config", week)
    assert "  out: write scores, lists into the schema regulars\n" in planned
    assert not (week.parent / "out.duckdb").exists()
    code, out, err = call("weekly", "--config", week, "--json")
    assert code == 0, err
    stages_done = json.loads(out)["stages"]
    assert [each["stage"] for each in stages_done] == ["add", "check", "score", "list", "out", "watch", "train"]
    result = {each["stage"]: each["result"] for each in stages_done}
    assert result["out"]["rows"] == {"scores": result["score"]["rows"], "lists": result["list"]["entries"]}
    assert (week.parent / "out.duckdb").exists()


def test_if_stopped_begins_no_run_and_goes_on_with_one(week: Path, call: Call):
    assert call("weekly", "--if-stopped", "--config", week)[:2] == (
        0,
        "no run was stopped: there is nothing to take up\n",
    )
    with mock.patch.object(stages, "publish", side_effect=DiskFull(str(week.parent / "list"))):
        call("weekly", "--config", week)
    settings = load_settings(week)
    with held(settings.state_folder, "regulars weekly", settings.files.access()):
        assert "a run goes on at this moment" in call("weekly", "--if-stopped", "--config", week)[1]
    assert "it goes on there" in call("weekly", "--if-stopped", "--config", week)[1]
    assert "no run was stopped" in call("weekly", "--if-stopped", "--config", week)[1]


def test_what_was_done_from_other_orders_is_done_anew(week: Path, call: Call):
    with mock.patch.object(stages, "publish", side_effect=DiskFull(str(week.parent / "list"))):
        call("weekly", "--config", week)
    orders = week.parent / "orders.csv"
    lines = orders.read_text(encoding="utf-8").splitlines()
    orders.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    code, out, _ = call("weekly", "--config", week)
    assert code == 0
    assert "have changed since: the stages after add begin anew" in out
    assert in_book(week.parent, "SELECT count(*) FROM runs WHERE as_of >= '2023-05-17'") == [(2,)]


def test_a_week_has_ended_once_its_record_has(week: Path, call: Call):
    """Killed in between it would not be taken up, and its run of MLflow would stay under way."""
    under_way: list[int] = []

    def wrote(file: Path, state: RunState, access: Access) -> None:
        if state.ended_at is not None:
            with closing(sqlite3.connect(week.parent / "mlruns" / "mlflow.db")) as runs:
                under_way.extend(runs.execute("SELECT count(*) FROM runs WHERE status = 'RUNNING'").fetchone())
        write_state(file, state, access)

    with mock.patch.object(running, "write_state", wrote):
        assert call("weekly", "--config", week)[0] == 0
    assert under_way == [0]


def test_another_week_begins_a_run_of_its_own(week: Path, call: Call):
    with mock.patch.object(stages, "publish", side_effect=DiskFull(str(week.parent / "list"))):
        call("weekly", "--config", week)
    week.write_text(week.read_text().replace("today = 2023-05-18", "today = 2023-05-25"))
    _, out, _ = call("weekly", "--config", week)
    first = "the run of 2023-05-18 stopped at list, too long ago to be taken up: a new one begins"
    assert out.splitlines()[0] == first


def test_a_second_run_is_refused_and_told_who_holds_the_shop(week: Path, call: Call):
    settings = load_settings(week)
    with held(settings.state_folder, "regulars weekly", settings.files.access()):
        for command in (("weekly",), ("retrain",), ("add", week.parent / "orders.csv")):
            code, _, err = call(*command, "--config", week)
            assert code == 9
            assert "regulars weekly, process" in err
        assert (
            "now a run would be refused: regulars weekly, process" in call("weekly", "--dry-run", "--config", week)[1]
        )


def test_orders_that_cannot_be_used_stop_it_before_anything_is_scored(week: Path, call: Call):
    with (week.parent / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write("O9,C1,yesterday,P1,1,3.00,0.0,false\n" * 200)
    runs = in_book(week.parent, "SELECT count(*) FROM runs")
    code, _, err = call("weekly", "--config", week)
    assert code == 2
    assert 'column ordered_at: "yesterday" is not' in err
    assert in_book(week.parent, "SELECT count(*) FROM runs") == runs


def test_a_lost_registry_is_not_made_to_look_like_a_new_one(week: Path, call: Call):
    call("promote", "2", "--config", week)  # the book knows from then on that a model served
    shutil.rmtree(week.parent / "mlruns")
    code, _, err = call("weekly", "--config", week)
    assert code == 3
    assert "and the shop had models" in err
    assert not (week.parent / "mlruns").exists()


def test_a_dry_run_writes_nothing(week: Path, call: Call):
    before = tree(week.parent)
    code, out, err = call("weekly", "--dry-run", "--config", week)
    assert (code, err, tree(week.parent)) == (0, "", before)
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "nothing is done or written; a run would:"
    assert [line.partition(":")[0] for line in lines[1:]] == ["add", "check", "score", "list", "watch", "train"]
    assert "score: score everyone as of 2023-05-18" in lines
    assert "train nothing, unless the watch raises an alarm" in lines[-1]


def test_a_dry_run_tells_what_an_export_would_change(month: Path, call: Call):
    before = tree(month)
    code, out, _ = call("weekly", month / "later.csv", "--dry-run", "--config", month / "regulars.toml", "--json")
    assert (code, tree(month)) == (0, before)
    found = json.loads(out)
    would = {each["stage"]: each["words"] for each in found["would_do"]}
    assert would["add"] == "new exports: 1; there already: 0"
    assert would["score"] == "score everyone as of 2023-05-18"
    assert found["training"]["is_due"] is True
    assert "40 of 28 days are over; the gate decides" in would["train"]


def test_a_dry_run_stops_where_a_run_would(month: Path, call: Call):
    head = (month / "later.csv").read_text(encoding="utf-8").splitlines()[0]
    (month / "later.csv").write_text(head + "\n" + "O9,C1,yesterday,P1,1,3.00,0.0,false\n" * 200, encoding="utf-8")
    code, out, _ = call("weekly", month / "later.csv", "--dry-run", "--config", month / "regulars.toml")
    assert code == 2
    assert "check: the orders cannot be used: it would stop here, and nothing would be scored" in out
    assert '"yesterday" is not' in out


def test_where_nothing_was_trained_a_training_comes_first(shop: SmallShop, tmp_path: Path, call: Call):
    shop.copy_files(tmp_path)
    _, out, _ = call("weekly", "--dry-run", "--config", tmp_path / "regulars.toml")
    names = [line.strip().partition(":")[0] for line in out.splitlines()[1:]]
    assert names == ["add", "check", "train", "score", "list", "watch"]
    assert "train, as nothing was trained yet; the gate decides whether it serves" in out


def test_retrain_says_why_not_and_when(week: Path, call: Call):
    code, out, _ = call("retrain", "--config", week)
    assert code == 0
    assert out.splitlines() == [
        "no training is due: the last training knew the orders until 2023-05-18, and a model is judged by 7 new days "
        "at least",
        "the next is due by age once there are orders until 15 June 2023",
    ]
    _, out, _ = call("retrain", "--dry-run", "--config", week, "--json")
    assert json.loads(out)["next_on"] == "2023-06-15"

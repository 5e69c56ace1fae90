"""The examples that start a week's run, each held to what its own reader says of it, and to the command line."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from features.errors import RegularsError

HERE = Path(__file__).parents[1] / "deploy" / "weekly"
BIN = Path(sys.executable).parent
COMMANDS = re.compile(r"regulars (?:weekly|retrain|webhooks)[^\n|>\"]*")
ALARM = 13


def test_every_command_is_understood() -> None:
    """Options and all, as the command line itself reads them."""
    found = {line.strip() for file in HERE.iterdir() for line in COMMANDS.findall(code_of(file)) if "{" not in line}
    assert {"regulars weekly /srv/exports/orders.csv", "regulars weekly --if-stopped"} <= found
    for command in found:
        done = subprocess.run([BIN / "regulars", *command.split()[1:], "--help"], capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stderr)


def code_of(file: Path) -> str:
    """The lines of a file that are not remarks, nor keys that describe."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s*#|name: |Description=", line))


def test_cron_reads_its_table() -> None:
    """Two jobs on Mondays, which find the command and whose words are mailed."""
    crontab = pytest.importorskip("crontab", reason="make setup installs python-crontab")
    table = crontab.CronTab(tabfile=str(HERE / "crontab"))
    assert [(job.is_valid(), str(job.slices)) for job in table] == [(True, "0 6 * * 1"), (True, "30 6 * * 1")]
    assert {"PATH", "MAILTO", "SHELL"} <= set(re.findall(r"^([A-Z]+)=", (HERE / "crontab").read_text(), re.MULTILINE))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze")
def test_systemd_reads_its_units(tmp_path: Path) -> None:
    """With the program at its place on this machine; a wrong line is found."""
    for unit in HERE.glob("regulars-weekly.*"):
        text = unit.read_text(encoding="utf-8").replace("/opt/regulars/.venv/bin", str(BIN))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    assert verified(tmp_path) == (0, "")
    timer = tmp_path / "regulars-weekly.timer"
    timer.write_text(timer.read_text().replace("Mon ", "Moon "))
    code, said = verified(tmp_path)
    assert (code != 0, "Failed to parse calendar specification" in said) == (True, True)


def verified(folder: Path) -> tuple[int, str]:
    units = [folder / f"regulars-weekly.{kind}" for kind in ("timer", "service")]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_systemd_takes_an_alarm_for_success_and_tries_again_what_may_pass() -> None:
    """A code that stays until somebody acts is not tried again."""
    unit = (HERE / "regulars-weekly.service").read_text(encoding="utf-8")
    given = {
        name: re.findall(rf"^{name}=(.*)", unit, re.MULTILINE)
        for name in ("SuccessExitStatus", "RestartPreventExitStatus")
    }
    assert given["SuccessExitStatus"] == [str(ALARM)]
    stays = set(map(int, given["RestartPreventExitStatus"][0].split()))
    known = {each.exit_code for each in _errors(RegularsError)}
    assert stays < known
    assert known - stays == {5, 6, 7, 9, 10, 12}


def _errors(kind: type[RegularsError]) -> set[type[RegularsError]]:
    return {kind, *(each for below in kind.__subclasses__() for each in _errors(below))}


def test_github_reads_its_workflow(tmp_path: Path) -> None:
    """By the schema of workflows; a wrong key is found."""
    workflow = (HERE / "github-actions.yml").read_text(encoding="utf-8")
    assert checked(tmp_path, workflow) == 0
    assert checked(tmp_path, workflow.replace("runs-on:", "run-on:")) == 1
    read = yaml.safe_load(workflow)
    assert read["permissions"] == {}
    assert "self-hosted" in read["jobs"]["weekly"]["runs-on"]


def checked(folder: Path, workflow: str) -> int:
    linter = pytest.importorskip("check_jsonschema", reason="make setup installs check-jsonschema")
    file = folder / "workflow.yml"
    file.write_text(workflow, encoding="utf-8")
    return CliRunner().invoke(linter.main, ["--builtin-schema", "vendor.github-workflows", str(file)]).exit_code


def test_the_steps_of_the_workflow_are_a_shell_s() -> None:
    """As GitHub runs them: bash stops at the first command that fails."""
    (step,) = yaml.safe_load((HERE / "github-actions.yml").read_text())["jobs"]["weekly"]["steps"]
    for code, ends in ((0, 0), (ALARM, 0), (2, 1)):
        script = f"regulars() {{ return {code}; }}\nGITHUB_STEP_SUMMARY=/dev/null\ncd $(mktemp -d)\n{step['run']}"
        assert subprocess.run(["bash", "-eo", "pipefail", "-c", script]).returncode == ends


def test_airflow_s_own_rules_find_nothing() -> None:
    """Ruff's rules of Airflow 3: what was moved or removed, which a former file has plenty of."""
    assert broken_rules((HERE / "airflow_dag.py").read_text(encoding="utf-8")) == []
    former = "from airflow.operators.bash import BashOperator\nBashOperator(task_id='a', bash_command='b')\n"
    assert broken_rules(former)


def broken_rules(source: str) -> list[str]:
    command = [
        BIN / "ruff",
        "check",
        "--isolated",
        "--preview",
        "--select",
        "AIR,F,B",
        "--output-format",
        "concise",
        "-",
    ]
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if line.startswith("-:")]


def test_the_airflow_task_gives_arguments_that_are_plain_values() -> None:
    """Airflow reads the file every half minute: nothing heavy is imported, and nothing is done."""
    tree = ast.parse((HERE / "airflow_dag.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "datetime", "airflow.sdk", "airflow.providers.standard.operators.bash"}
    (task,) = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "BashOperator"
    ]
    given = {each.arg: ast.unparse(each.value) for each in task.keywords}
    assert "test $? -eq 13" in given["bash_command"]
    assert int(given["retries"]) > 0

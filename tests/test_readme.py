"""What the README says works: its commands are run as they stand there, on a shop that is not the sample."""

import json
import re
from pathlib import Path

import pytest

from docs.readme_list import sample_rows
from features.errors import MachineFault, RegularsError, WrongBook
from serving.cli import app, run
from serving.commands.models.watch import ALARM_EXIT_CODE
from tests.readme_shop import README, block_after
from tests.sample import FOLDER as SAMPLE

ROOT = Path(__file__).parents[1]


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in block_after("Try it"):
        assert f"\n{command.removeprefix('make ')}: " in makefile


@pytest.mark.slow
def test_the_commands_for_an_own_shop_run_as_they_stand(readme_shop):
    """Each of them ended well, or there would be no shop."""
    assert (readme_shop / "list" / "list.csv").read_bytes().startswith(b"\xef\xbb\xbfposition,name,customer_id")


def test_every_command_of_the_table_exists_and_every_command_is_in_it():
    told = set(re.findall(r"^\| `regulars ([\w-]+)", README, re.MULTILINE))
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert told | {"demo"} == known


def test_every_path_that_the_readme_links_exists():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def walked(folder, capsys):
    """What the demo says of itself; its files are in the folder."""
    assert run(lambda: app(["demo", "--out", str(folder), "--json"], standalone_mode=False)) == 0
    assert (folder / "demo" / "list" / "list.csv").exists()
    assert (folder / "mlruns" / "mlflow.db").exists()
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_the_demo_walks_the_whole_way_on_a_sample(tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(SAMPLE)
    document = walked(tmp_path, capsys)
    truth = document["truth"]
    assert truth["customers"] == 290
    assert truth["churned"] == 86
    assert truth["auroc"] >= 0.79
    assert document["training"]["backtest"]["beats_rule"]
    (came,) = document["watch"]["groups"]["list"]
    assert came["customers"] == truth["listed"] > 0
    assert "290 customers scored" in document["watch"]["words"][1]


@pytest.mark.slow
@pytest.mark.whole
def test_the_demo_walks_the_whole_way(tmp_path, capsys):
    document = walked(tmp_path, capsys)
    truth, backtest = document["truth"], document["training"]["backtest"]
    assert truth["customers"] == 2321
    assert truth["churned"] == 621
    assert truth["auroc"] >= 0.830
    assert f"```\n{sample_rows(tmp_path / 'demo' / 'list' / 'list.csv')}```\n" in README, "python docs/readme_list.py"
    assert backtest["beats_rule"]


def _kinds_of(error: type[RegularsError]) -> list[type[RegularsError]]:
    return [error, *(kind for each in error.__subclasses__() for kind in _kinds_of(each))]


def test_one_table_tells_the_exit_code_of_every_error() -> None:
    """In one place that the README links to; an error without a row, or a row without an error, is found."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
    section = pages["operations.md"].split("\n## Exit codes\n")[1].split("\n## ")[0]
    told = {int(code): word for code, word in re.findall(r"^\| (\d+) \|(?: `([a-z-]+)`)? \|", section, re.MULTILINE)}
    raised = {
        kind.exit_code: getattr(kind, "code", "") for kind in _kinds_of(RegularsError) if kind is not MachineFault
    }
    assert told == {0: "", 130: "", ALARM_EXIT_CODE: "", **raised, WrongBook.exit_code: "wrong-book"}
    assert ALARM_EXIT_CODE not in raised
    assert [name for name, page in pages.items() if "\n## Exit codes\n" in page] == ["operations.md"]
    assert "docs/operations.md#exit-codes" in README

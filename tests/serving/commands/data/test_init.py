"""`regulars init` from the command line: columns that are said, what it asks for, and what it does not import."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from functools import partial
from pathlib import Path

import pytest
import typer

from features.errors import InputError
from features.language.languages import GREEK, PERSIAN, Language
from serving.cli import app, run
from serving.commands.data.check import check_shop
from serving.commands.data.init import init_shop, named_columns
from serving.config import load_settings
from tests.serving.conftest import in_shop

STRANGE = "Wann,Wer,Zaster,Note\n2024-01-05,a,5,x\n2024-01-06,b,7,y\n"
COLUMNS = ("ordered_at=Wann", "customer_id=Wer", "amount=Zaster")


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(STRANGE, encoding="utf-8")
    return path


def test_a_refused_init_names_the_command_that_works(tmp_path, orders):
    out = tmp_path / "regulars.toml"
    orders.write_text("Wann,Wer,Zaster,Note\nsoon,a,5,x\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        init_shop(orders, None, None, out, force=True, columns=COLUMNS[1:])
    named = '--column customer_id="Wer" --column amount="Zaster" --column ordered_at="…"'
    wanted = f"regulars init {orders} {named} --out {out}"
    assert f"{wanted} --force" in str(error.value)
    assert not out.exists()
    orders.write_text(STRANGE, encoding="utf-8")
    done = init_shop(orders, None, None, out, force=True, columns=COLUMNS)
    written = tomllib.loads(out.read_text(encoding="utf-8"))
    assert written["orders"]["columns"] == {"ordered_at": "Wann", "customer_id": "Wer", "amount": "Zaster"}
    assert done.to_dict()["not_used"] == {"orders": ["Note"]}
    assert '# - Not used of orders.csv: "Note".' in out.read_text(encoding="utf-8")


def test_what_is_named_and_cannot_be_read_is_a_question_that_no_command_passes(
    tmp_path, orders, call, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    orders.write_text("Wann,Wer,Zaster,Note\nweek 1,a,5,\nweek 2,b,7,\n", encoding="utf-8")
    columns = [f"--column={each}" for each in (*COLUMNS, "returned=Wer", "quantity=Note")]
    code, out, _ = call("init", orders, *columns, "--json")
    asked = {
        "orders.columns.ordered_at": "Which column is ordered_at, when it was ordered? "
        'Cells of "Wann" such as "week 1", "week 2" are not dates in a form that is known.',
        "orders.columns.quantity": 'Which column is quantity, units of the line? The cells of "Note" are empty.',
        "orders.columns.returned": "Which column is returned, the line came back? "
        'Cells of "Wer" such as "a", "b" are not yes or no.',
    }
    document = json.loads(out)
    assert (code, document["horizon_days"]) == (2, "auto")
    assert {each["setting"]: each["words"] for each in document["questions"]} == asked
    assert document["questions"][1]["answers"][0] == {
        "words": "no column is", "settings": {"orders.columns.quantity": None},
    }  # fmt: skip
    program = typer.main.get_command(app)
    for command in commands_of_a_shop(program):
        code = run(partial(program, command, standalone_mode=False))
        err = capsys.readouterr().err
        assert (code, [name for name in asked if name in err.splitlines()[0]]) == (2, list(asked)), (command, err)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["orders.csv", "regulars.toml"]
    path = tmp_path / "regulars.toml"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if ' = "? ' not in line]
    form = '[orders.format]\ndate_format = "week %d"'
    path.write_text("\n".join([*lines, form]).replace("amount =", 'ordered_at = "Wann"\namount ='), encoding="utf-8")
    assert "nobody has answered" not in call("check")[2]


# Each is refused without one of two, whatever the shop.
MORE = {"outcome": ("x.csv",), "consent": ("--yes",), "list": ("--out", "list")}


def commands_of_a_shop(program):
    """Return each command that opens a shop, with something for each of its required arguments."""

    def given_as(parameter):
        word = {"kind": "veto"}.get(parameter.name) or getattr(parameter.type, "choices", ["x.csv"])[0]
        return [*(option for option in parameter.opts[:1] if option.startswith("-")), word]

    def walk(command, name):
        for each, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*name, each))
        if any(given.name == "config" for given in command.params) and name != ("doctor",):  # it tells it as a finding
            needed = [given for given in command.params if given.required]
            yield (*name, *(word for given in needed for word in given_as(given)), *MORE.get(" ".join(name), ()))

    return list(walk(program, ()))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["amount"], "write FIELD=HEADER"),
        (["=Zaster"], "write FIELD=HEADER"),
        (["amount="], "write FIELD=HEADER"),
        (["amount=A", "amount=B"], 'amount is given twice: "A" and "B"'),
    ],
)
def test_a_column_that_says_nothing_is_refused(columns, said):
    with pytest.raises(InputError, match=said):
        named_columns(columns)


def test_a_check_says_rules_and_cells_apart(tmp_path, orders):
    init_shop(orders, None, None, tmp_path / "regulars.toml", force=False, columns=COLUMNS)
    orders.write_text(STRANGE + "soon,c,5,\n" * 30 + "2024-01-07,c,free,\n", encoding="utf-8")
    report = in_shop(load_settings(tmp_path / "regulars.toml"), check_shop)
    assert "2 rules broken, in 31 cells; the first 3 of each are shown; nothing was read" in list(report.lines())
    counts = {rule["column"]: rule["cells"] for rule in json.loads(json.dumps(report.to_dict()))["broken"]}
    assert counts == {"Wann": 30, "Zaster": 1}
    orders.write_text(STRANGE + "soon,c,5,\n", encoding="utf-8")
    one = in_shop(load_settings(tmp_path / "regulars.toml"), check_shop)
    assert "1 rule broken, in 1 cell; nothing was read" in list(one.lines())


def test_a_check_that_reads_nothing_tells_of_nothing_that_was_converted(tmp_path, orders):
    lines = "Wann,Wer,Zaster,Currency\n2024-01-05,a,5,EUR\n2024-01-05,b,9,EUR\n2024-01-06,b,7,USD\n"
    orders.write_text(lines, encoding="utf-8")
    toml = tmp_path / "regulars.toml"
    init_shop(orders, None, None, toml, force=False, columns=COLUMNS)
    rates = '[shop.exchange_rates]\nUSD = "0.9"\n\n[orders]\n'
    toml.write_text(toml.read_text(encoding="utf-8").replace("[orders]\n", rates), encoding="utf-8")
    assert any("currency converted" in str(line) for line in in_shop(load_settings(toml), check_shop).lines())
    orders.write_text(lines + "soon,c,5,USD\n", encoding="utf-8")
    report = in_shop(load_settings(toml), check_shop)
    assert report.to_dict()["rules"] == []
    assert list(report.lines())[-1] == "1 rule broken, in 1 cell; nothing was read"


def modules_after(folder, *arguments):
    """Run the command line in a fresh interpreter and return what it printed and the modules it imported."""
    code = (
        "import sys\nfrom serving.cli import app, run\n"
        f"code = run(lambda: app({list(arguments)!r}, standalone_mode=False))\n"
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    code, *modules = done.stdout.splitlines()[-1].split()
    return int(code), done.stderr, set(modules)


def test_a_config_that_is_wrong_is_told_before_anything_heavy_is_imported(tmp_path):
    heavy = {"pandas", "duckdb", "pyarrow", "sqlalchemy", "mlflow", "matplotlib", "scipy", "training"}
    for command in (("check",), ("score", "--out", "s.csv"), ("list", "--out", "lists"), ("kpis",), ("promote", "1")):
        code, out, modules = modules_after(tmp_path, *command)
        assert (code, "there is no regulars.toml" in out, modules & heavy) == (2, True, set()), (command, out)
    (tmp_path / "regulars.toml").write_text("[shop]\nzome = 1\n", encoding="utf-8")
    code, out, modules = modules_after(tmp_path, "check")
    assert (code, "no such key" in out, modules & heavy) == (2, True, set())


def test_a_check_imports_no_models_no_book_and_no_workbooks(tmp_path, orders):
    init_shop(orders, None, None, tmp_path / "regulars.toml", force=False, columns=COLUMNS)
    code, out, modules = modules_after(tmp_path, "check")
    assert code == 0, out
    assert not modules & {"sqlalchemy", "mlflow", "matplotlib", "scipy", "xlsxwriter", "training", "sklearn"}


@pytest.mark.parametrize(("language", "assumed"), [(PERSIAN, "فرض‌ها:"), (GREEK, "παραδοχές:")])
def test_what_it_assumes_and_asks_is_said_and_written_in_the_language(
    tmp_path: Path, language: Language, assumed: str
) -> None:
    """The document for a machine keeps its English."""
    orders = tmp_path / "orders.csv"
    orders.write_text("تاریخ,مشتری,مبلغ\n" + "".join(f"1403/01/{day:02},c{day},1500000\n" for day in range(1, 20)))
    found = init_shop(orders, None, None, tmp_path / "regulars.toml", force=False, language=language)
    written = (tmp_path / "regulars.toml").read_text(encoding="utf-8")
    notes = [line for line in written.splitlines() if line.startswith("# - ")]
    assert assumed in found.lines()[0]
    assert notes
    assert not [line for line in notes if re.search("[a-z]{3,} [a-z]{3,} [a-z]{3,}", line)]
    asked = next(line for line in written.splitlines() if line.startswith('currency = "? '))
    assert "Are the amounts" not in asked
    assert found.document["questions"][0]["words"].startswith("Are the amounts in rial")
    assert all(str(each).isascii() or '"' in each for each in found.document["assumptions"])

"""The talk of `regulars init`: on a terminal, with `--yes`, and without anybody who answers."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import Call

TILL = "order_id,order_date,customer,total\n" + "".join(
    f"{day},2026-01-{day:02d},{who},10.00\n" for day, who in enumerate(("Guest", "Ann", "Ben", "Ann"), start=1)
)
TWO_PAYERS = "day,customer_id,total,Note\n" + "".join(f"week {n},a,5,2026-01-0{n}\n" for n in range(1, 5))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text(TILL, encoding="utf-8")
    return tmp_path


def written(shop: Path) -> dict[str, Any]:
    return tomllib.loads((shop / "regulars.toml").read_text(encoding="utf-8"))


def test_nobody_answers_so_the_question_stands_in_the_file_with_its_answers(shop: Path, call: Call) -> None:
    code, out, _ = call("init", "orders.csv", "--json")
    (question,) = json.loads(out)["questions"]
    assert (code, question["setting"], question["answers"][0]["settings"]) == (
        2, "orders.guests", {"orders.guests": ["Guest"]},
    )  # fmt: skip
    lines = (shop / "regulars.toml").read_text(encoding="utf-8").splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith('guests = "? '))
    assert lines[at - 2 : at] == [
        '# yes, they are no customers (likely): guests = ["Guest"] under [orders]',
        "# no, each of them is a customer: guests = [] under [orders]",
    ]
    assert call("check")[0] == 2


def test_yes_takes_the_likely_answers_and_says_so(shop: Path, call: Call) -> None:
    code, out, _ = call("init", "orders.csv", "--yes")
    assert (code, written(shop)["orders"]["guests"]) == (0, ["Guest"])
    assert "Taken, as likely: yes, they are no customers." in out
    assert call("check")[0] == 0


@pytest.mark.parametrize(("typed", "guests"), [([""], ["Guest"]), (["7", "2"], [])])
def test_on_a_terminal_each_question_is_put_until_it_is_answered(
    shop: Path, call: Call, monkeypatch: pytest.MonkeyPatch, typed: list[str], guests: list[str]
) -> None:
    answers = iter(typed)
    monkeypatch.setattr("serving.cli.asking.is_a_talk", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _prompt: next(answers))
    code, out, _ = call("init", "orders.csv")
    assert (code, written(shop)["orders"]["guests"], list(answers)) == (0, guests, [])
    assert "  the file has, for example: Guest" in out


def test_an_end_of_input_leaves_the_question_open(shop: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("serving.cli.asking.is_a_talk", lambda: True)
    monkeypatch.setattr("builtins.input", ended)
    assert call("init", "orders.csv")[0] == 2
    assert written(shop)["orders"]["guests"].startswith("? ")


def test_what_follows_from_a_column_is_guessed_again_with_the_answer(shop: Path, call: Call) -> None:
    (shop / "orders.csv").write_text(TWO_PAYERS, encoding="utf-8")
    code, _, _ = call("init", "orders.csv", "--column", "ordered_at=day", "--yes")
    assert (code, written(shop)["orders"]["columns"]["ordered_at"]) == (0, "Note")


def test_the_end_of_init_shows_orders_the_sheet_and_months(shop: Path, call: Call) -> None:
    code, out, _ = call("init", "orders.csv", "--yes")
    assert code == 0
    assert "  2026-01-02  Ann  10.00 EUR" in out
    assert f"  2026-01  {'█' * 40} 3" in out
    preview = json.loads(call("init", "orders.csv", "--yes", "--force", "--json")[1])["preview"]
    assert preview["orders_by_month"] == {"2026-01": 3}
    assert preview["balance_sheet"]["read"]["rows"] == 4
    assert preview["orders"][0] == {"day": "2026-01-02", "customer_id": "Ann", "spend": "10.00"}

"""What `make mutants` judges is there, and its page says what a run left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.mutants.__main__ import page
from tools.mutants.judged import ROOT, Judged, Kind, judged_modules, not_judged
from tools.mutants.outcomes import Outcome, keep, kept
from tools.mutants.run import outcome


def test_every_module_and_test_of_the_table_is_there() -> None:
    for each in judged_modules():
        assert each.tests
        assert [name for name in (each.module, *each.tests) if not (ROOT / name).is_file()] == []
        assert each.module not in not_judged()


def test_a_run_that_was_broken_off_says_how_many_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed tests and those that did not end are kills; without a test, or with all passed, a mutant survived."""
    judged = Judged("features/clock.py", ("tests/features/test_clock.py",))
    monkeypatch.setattr("tools.mutants.judged.ROOT", tmp_path)
    monkeypatch.setattr("tools.mutants.run._lines", lambda judged, keys: tuple(("the code", key) for key in keys))
    stored = judged.folder / "mutants" / "features" / "clock.py.meta"
    stored.parent.mkdir(parents=True)
    codes = {"failed": 1, "endless": 36, "passed": 0, "no test": 33, "not run": None}
    stored.write_text(json.dumps({"exit_code_by_key": codes}), "utf-8")
    found = outcome(judged)
    assert (found.killed, found.missing) == (2, 1)
    assert [after for _, after in found.survivors] == ["passed", "no test"]


def test_the_page_tells_a_missing_test_from_an_equivalent_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = Judged("features/clock.py", (), (Kind("b is a", lines=("a or b",)),))
    monkeypatch.setattr(Outcome, "commit", "abc1234")
    found = Outcome(judged, 8, (("a", "a or b"), ("x | y", "x & y")))
    assert found.score_percent == pytest.approx(100 * 8 / 9)
    text = "\n".join(page([found]))
    assert "| `features/clock.py` | 10 | 8 | 1 | 1 | 89 % | abc1234 |" in text
    assert "| `a` | `a or b` | b is a |" in text
    assert "| `x \\| y` | `x & y` | no test yet, and not shown to be equivalent |" in text
    assert f"`{not_judged()[0]}`" in text
    again = text.split("## To be run again")[1]
    assert "`training/splits.py`" in again
    assert "`features/clock.py`" not in again


def test_what_became_of_them_is_kept_until_the_module_or_a_test_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.mutants.outcomes.STORE", tmp_path / "outcomes.json")
    judged, other = (each for each in judged_modules()[:2])
    assert kept(judged) is None
    found = Outcome(judged, 8, (("a", "b"),))
    keep(Outcome(other, 3, ()))
    keep(found)
    assert (kept(judged), kept(other)) == (found, Outcome(other, 3, ()))
    monkeypatch.setattr(Judged, "fingerprint", lambda _: "changed")
    assert kept(judged) is None


@pytest.mark.parametrize(
    ("after", "is_equivalent"),
    [
        ("x = zip(a, b, strict=None)", True),
        ("x = zip(a, b, )", True),
        ("x = zip(a, b, strict=False)", True),
        ("x = zip(a, strict=True)", False),
        ("x = None", False),
    ],
)
def test_of_a_kind_with_an_argument_nothing_else_may_differ(after: str, is_equivalent: bool) -> None:
    kind = Kind("as long", "strict", ("x = zip(a, b, strict=True)",))
    assert kind.has("x = zip(a, b, strict=True)", after) is is_equivalent
    assert not kind.has("y = zip(a, b, strict=True)", after.replace("x", "y"))


def test_every_line_that_a_kind_with_an_argument_names_is_in_its_module() -> None:
    """A line that has changed since is to be judged anew."""
    for each in judged_modules():
        code = {line.strip() for line in (ROOT / each.module).read_text("utf-8").splitlines()}
        named = {line for kind in each.equivalent if kind.argument for line in kind.lines}
        assert named - code == set(), each.module

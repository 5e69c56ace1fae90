"""The commands about lists as a person types them: words and documents, and what cannot be asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from serving.commands.lists.list import GROUPS
from tests.serving.conftest import MONDAY, Call, in_book


def test_the_figures_of_retention_are_printed_and_written(registered: Path, tmp_path: Path, call: Call) -> None:
    """CRR = (E − N) / S × 100, with all three beside it."""
    toml = registered / "regulars.toml"
    code, out, err = call("kpis", "--config", toml, "--period", "quarter", "--out", tmp_path / "kpis", "--json")
    assert code == 0
    document = json.loads(out)
    known = [row for row in document["periods"] if row["retention_percent"] is not None]
    assert len(known) >= 2
    for row in known:
        start, end, joined = (row[name] for name in ("active_at_start", "active_at_end", "joined"))
        assert float(row["retention_percent"]) == pytest.approx((end - joined) / start * 100, abs=0.06)
    assert document["files"] == [str(path) for path in map(Path, document["files"]) if path.stat().st_size > 0]
    assert {"kpis.csv", "cohorts.csv"} <= {path.name for path in (tmp_path / "kpis").iterdir()}
    words = err.splitlines()
    heading = next(line for line in words if "CRR" in line)
    assert heading.split()[:4] == ["quarter", "S", "E", "N"]
    last = known[-1]
    row = next(line for line in words if line.strip().startswith(last["period"]))
    counts = [f"{last[name]:,}" for name in ("active_at_start", "active_at_end", "joined")]
    assert row.replace(last["period"], "", 1).split()[:3] == counts


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("effect", "--by", "weather"), "playbook"),
        (("effect", "--until", "yesterday"), "is not a day; write it as 2026-03-31"),
        (("effect", "--plan", "--planned", "0"), "shares are between 0 and 1"),
        (("effect", "--plan", "--planned", "1.2"), "shares are between 0 and 1"),
        (("effect", "--planned", "0"), "the planned saved share is between 0 and 1"),
        (("kpis", "--period", "week"), "month"),
        (("why",), "Missing argument"),
        (("why", "C001", "--as-of", "2023"), "is not a day"),
        (("list", "--out", "list", "--as-of", "1999-01-01"), "holds no order of a known customer before 1999-01-01"),
        (("hand-over", "C001", "--by", "Ada", "--why", "holidays"), "--to"),
        (("contacts", "nowhere.csv"), "nowhere.csv cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    listed: Path, call: Call, arguments: tuple[str, ...], message: str
) -> None:
    """Exit code 2, no traceback, and what is possible."""
    code, out, err = call(*arguments, "--config", listed / "regulars.toml")
    assert code == 2
    assert message in out + err


def test_what_people_decide_is_said_back(office: Path, call: Call) -> None:
    """In words, and as a document for whoever asks for one."""
    options = ("--by", "Ada", "--why", "holidays", "--config", office / "regulars.toml")
    assert call("hold", "snooze", "C001", "C002", "--on", "2023-01-10", "--until", "2023-02-01", *options)[:2] == (
        0,
        "2 holds recorded\n",
    )
    code, out, _ = call("hand-over", "C001", "C002", "C001", "--to", "Zoe", "--on", "2023-01-10", *options, "--json")
    assert (code, json.loads(out)) == (
        0,
        {"what": "hand-overs", "new": 2, "known": 0, "accounts": {"C001": "C001", "C002": "C002"}},
    )
    asked = ("consent", "C001", "--yes", "--channel", "mail", "--on", "2023-01-10", "--config", options[-1])
    assert call(*asked)[1] == "1 consent recorded\n"
    assert call(*asked)[1] == "0 consents recorded; 1 was known already\n"
    assert in_book(office, "SELECT owner, how, by, why FROM owners WHERE account_id = 'C001'") == [
        ("Zoe", "hand-over", "Ada", "holidays")
    ]


def test_a_list_tells_who_is_on_it_and_why_others_are_not(listed: Path, tmp_path: Path, call: Call) -> None:
    """In one document: the groups, what was left out, who has gone, and the files."""
    shutil.copytree(listed, tmp_path / "shop")
    toml = tmp_path / "shop" / "regulars.toml"
    code, out, err = call("list", "--as-of", MONDAY, "--out", tmp_path / "out", "--config", toml, "--json")
    assert code == 0
    document = json.loads(out)
    listed_rows = [row for group in GROUPS for row in document[group]]
    kept_off = sum(document["left_out"].values())
    assert len(listed_rows) + kept_off == in_book(tmp_path / "shop", "SELECT customers FROM runs")[0][0]
    assert {row["kind"] for row in document["newcomers"]} <= {"new"}
    assert document["entries"][0]["playbook"]
    assert document["entries"][0]["opening"]
    assert [Path(file).exists() for file in document["files"]] == [True] * len(document["files"])
    assert f"not on it: {document['left_out']['would stay']} would stay" in err


def test_a_group_with_nothing_to_tell_has_no_heading(listed: Path, call: Call) -> None:
    """No horizon has ended: there is no table, and so no title of one."""
    code, out, _ = call(
        "effect", "--by", "owner", "--by", "band", "--until", MONDAY, "--config", listed / "regulars.toml"
    )
    assert code == 0
    assert "nothing to tell yet" in out
    assert "by owner" not in out


def test_a_word_that_is_none_of_those_known_is_refused_with_what_was_meant(listed: Path, call: Call) -> None:
    told = call("kpis", "--period", "weak", "--config", listed / "regulars.toml")
    assert told[0] == 2
    assert '"weak" is not known; known are month, quarter, year.' in told[2]
    assert 'Did you mean "owner"?' in call("kpis", "--by", "ownr", "--config", listed / "regulars.toml")[2]


def test_a_list_is_taken_back_and_the_next_one_says_so(listed: Path, tmp_path: Path, call: Call) -> None:
    """Signed and with a reason; the customer's story tells it."""
    shutil.copytree(listed, tmp_path / "shop")
    toml = tmp_path / "shop" / "regulars.toml"
    day, signed = str(MONDAY), ("--by", "Ada", "--why", "wrong prices")
    for options in ((), ("--out", tmp_path / "list", "--withdraw", day), ("--withdraw", day, "--by", "Ada")):
        code, _, said = call("list", *options, "--config", toml)
        assert (code, "--why" in said or "why" in said) == (2, True), said
    code, out, said = call("list", "--withdraw", day, *signed, "--config", toml, "--json")
    done = json.loads(out)
    assert (code, done["by"], done["kept"], done["in_force"]) == (0, "Ada", 0, None)
    assert f"the list of {day} is taken back by Ada: wrong prices" in said
    code, out, _ = call("list", "--withdraw", day, "--by", "Bob", "--why", "me too", "--config", toml)
    assert (code, f"the list of {day} was taken back before, by Ada: wrong prices" in out) == (0, True), out
    code, out, said = call("list", "--out", tmp_path / "list", "--as-of", day, "--config", toml, "--json")
    assert code == 0
    assert f"the list of {day} was taken back by Ada and does not count: wrong prices" in said
    found = json.loads(out)
    assert [(each["by"], each["why"]) for each in found["taken_back"]] == [("Ada", "wrong prices")]
    assert len(found["entries"]) > 0

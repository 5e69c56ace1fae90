"""From a run to a published list: the same day is the same list, and a week later says what moved and why."""

from __future__ import annotations

import email
import email.policy
import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from features.language import ENGLISH
from serving.book import Book
from serving.book.outcomes import Outcome, record_outcomes
from serving.commands.lists.list import PublishedList, make_list
from serving.commands.result import Table
from serving.config import BOOK_URL, load_settings
from serving.outreach.effect.learnt import learnt_shares
from serving.outreach.exports.folder import FORMATS
from serving.outreach.plan.suppression import REASONS
from serving.outreach.playbooks.playbooks import load_playbooks
from tests.serving.conftest import MONDAY, Call, ask_for, in_book, in_shop, list_of, new_database
from tests.serving.read_back import list_on

A_WEEK_ON = MONDAY + timedelta(days=7)


def dumped(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "book.db")) as book:
        counted = 'INSERT INTO "identity"'  # how often the book was written: the reasons of a run are written again
        return [line for line in book.iterdump() if not line.startswith(counted)]


@pytest.fixture
def fresh(registered: Path, tmp_path: Path) -> Path:
    """A shop with a champion and no list yet."""
    shutil.copytree(registered, tmp_path / "fresh")
    return tmp_path / "fresh"


@dataclass(frozen=True, eq=False)
class TwoWeeks:
    """A shop folder with two lists, a week apart, and the second of them in every format."""

    folder: Path
    before: set[str]
    second: PublishedList


@pytest.fixture(scope="module")
def two_weeks(registered: Path, tmp_path_factory: pytest.TempPathFactory) -> TwoWeeks:
    folder = tmp_path_factory.mktemp("two weeks") / "shop"
    shutil.copytree(registered, folder)
    ask_for(folder, "holdout_share = 0.3")
    list_of(folder, MONDAY)
    shutil.rmtree(folder / "list")
    before = {account for (account,) in in_book(folder, "SELECT account_id FROM entries")}
    return TwoWeeks(folder, before, list_of(folder, A_WEEK_ON, *FORMATS))


def test_the_same_day_again_changes_nothing_in_the_book(fresh: Path) -> None:
    """Neither lists nor entries, draws, episodes or owners: also where capacity cuts and owners go in turn."""
    ask_for(fresh, 'capacity = 2\nholdout_share = 0.3\nowners = ["Ada", "Bob"]')
    first = list_of(fresh, MONDAY).outreach
    book = dumped(fresh)
    again = list_of(fresh, MONDAY).outreach
    assert dumped(fresh) == book
    assert first.left_out["over capacity"] > 0
    assert again.everyone["entry_id"].tolist() == first.everyone["entry_id"].tolist()
    assert len(in_book(fresh, "SELECT id FROM lists")) == 1


def test_a_week_later_it_says_who_is_new_still_there_and_gone(two_weeks: TwoWeeks) -> None:
    """Nobody vanishes without a reason."""
    found = two_weeks.second.outreach
    now = dict(zip(found.everyone["account_id"], found.everyone["change"], strict=True))
    assert {who for who, change in now.items() if change == "still"} == two_weeks.before & set(now)
    assert set(now.values()) == {"new", "still"}
    assert set(found.gone["customer_id"]) == two_weeks.before - set(now)
    assert len(found.gone) > 0
    assert set(found.gone["reason"]) <= {*REASONS, "no longer scored"}
    assert found.gone["detail"].str.len().min() > 0
    text = "\n".join(map(str, two_weeks.second.lines()))
    still = list(now.values()).count("still")
    new, gone = len(now) - still, len(found.gone)
    assert f"since the former list: {new} new, {still} still on it, {gone} gone (" in text


def test_every_entry_says_what_to_do_what_to_say_what_it_is_worth_and_until_when(two_weeks: TwoWeeks) -> None:
    """No placeholder stays unfilled, and nobody is promised a loss."""
    found, playbooks = two_weeks.second.outreach.everyone, load_playbooks()
    assert len(found) > 10
    for row in found.to_dict("records"):
        assert row["title"] == playbooks[row["playbook"]].title
        assert row["channel"] == playbooks[row["playbook"]].channel
        assert len(row["opening"]) > 10
        assert "{" not in row["opening"]
        assert "}" not in row["opening"]
        assert isinstance(row["expected_gain"], Decimal)
        assert row["expected_gain"] > 0
        assert row["due_on"] == A_WEEK_ON + timedelta(days=playbooks[row["playbook"]].due_days)
        assert len(row["reasons"]) > 0


def words_in(file: Path) -> str:
    """All that a reader of a file can see."""
    if file.suffix == ".xlsx":
        sheets = openpyxl.load_workbook(file).worksheets
        return " ".join(str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row)
    if file.suffix == ".eml":
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
        return " ".join(part.get_content() for part in parts)
    return file.read_text(encoding="utf-8-sig")


def test_who_is_held_out_is_in_no_file_of_any_format(two_weeks: TwoWeeks) -> None:
    """Or somebody calls them, and nothing can be measured any more."""
    off = two_weeks.second.outreach.suppressed
    held = set(off.loc[off["reason"] == "holdout", "customer_id"])
    assert len(held) > 1
    files = [path for path in (two_weeks.folder / "list").rglob("*") if path.is_file()]
    assert {".csv", ".xlsx", ".html", ".json", ".eml"} == {path.suffix for path in files}
    assert set(files) == set(two_weeks.second.files)
    listed = two_weeks.second.outreach.customer_ids[0]
    assert listed in words_in(two_weeks.folder / "list" / "list.xlsx")
    for path in files:
        assert not [who for who in held if who in words_in(path)], path


def test_the_formats_are_the_shops_choice(office: Path, call: Call) -> None:
    """These and no others."""
    toml, out = office / "regulars.toml", office / "out"
    asked = ("--as-of", MONDAY, "--out", out, "--config", toml)
    assert call("list", "--format", "xlsx", "--format", "html", *asked)[0] == 0
    assert sorted(path.name for path in out.iterdir()) == ["list.html", "list.xlsx"]


def test_the_files_are_in_the_language_asked_for_and_openings_in_the_customers(office: Path, call: Call) -> None:
    """The book keeps its English: the same list, asked for in another language, is the same one."""
    toml, out, before = office / "regulars.toml", office / "out", dumped(office)
    asked = ("--as-of", MONDAY, "--out", out, "--config", toml, "--format", "json")
    assert call("list", "--language", "el", *asked)[0] == 0
    entries = json.loads((out / "list.json").read_text("utf-8"))["entries"]
    reasons = [sentence for entry in entries for sentence in (*entry["reasons"], *entry["protective"])]
    assert reasons
    assert all(re.search("[α-ω].*\\.$", sentence) for sentence in reasons)
    assert all(re.match("[Α-ΩΈΉΊΌΎΏ]", entry["title"]) for entry in entries)
    assert all(entry["opening"].startswith("Hello") for entry in entries)  # nobody's language is known: the shop's
    assert dumped(office) == before
    code, _, err = call("list", "--language", "de", *asked)
    assert (code, "the languages are en, fa, el" in err) == (2, True)


def test_an_unknown_format_is_refused_before_anybody_is_drawn(fresh: Path, call: Call) -> None:
    """A typing error must not publish a list."""
    code, _, err = call("list", "--format", "xlxs", "--out", fresh / "out", "--config", fresh / "regulars.toml")
    assert code == 2
    assert 'Did you mean "xlsx"?' in err
    assert not (fresh / "out").exists()
    assert not (fresh / "book.db").exists()


def test_an_account_has_one_entry_for_all_its_branches(fresh: Path) -> None:
    """In the list, in its files and in the trial."""
    customers = pd.read_csv(fresh / "customers.csv", dtype=str)
    parent = {who: f"chain {place // 12}" for place, who in enumerate(customers["customer_id"])}
    customers.assign(account=customers["customer_id"].map(parent)).to_csv(fresh / "customers.csv", index=False)
    with (fresh / "regulars.toml").open("a", encoding="utf-8") as toml:
        toml.write('account = "account"\n')
    found = list_of(fresh, MONDAY).outreach
    listed = found.everyone
    assert listed["account_id"].is_unique
    assert listed["account_id"].tolist() == [parent[who] for who in listed["customer_id"]]
    beside = {(who, account) for account, members in zip(listed["account_id"], listed["members"], strict=True)
              for who in members}  # fmt: skip
    assert beside
    assert all(parent[who] == account for who, account in beside)
    off = found.suppressed[found.suppressed["reason"] == "account"]
    assert {who for who, _ in beside} <= set(off["customer_id"])
    assert found.episodes["account_id"].is_unique
    assert len(pd.read_csv(fresh / "list" / "list.csv")) == len(found.entries)


def test_a_book_on_postgresql_carries_a_list_an_outcome_and_the_next_list(
    fresh: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REGULARS_BOOK_URL is enough; nothing is written beside the files."""
    with new_database(postgresql) as url:
        monkeypatch.setenv(BOOK_URL, url)
        first = list_of(fresh, MONDAY).outreach
        entry = first.entries.iloc[0]
        book = Book(url)
        done = record_outcomes(book, [Outcome(entry["entry_id"], "contacted", MONDAY + timedelta(days=1))])
        second = list_of(fresh, A_WEEK_ON).outreach
        kept = list_on(book, A_WEEK_ON)
        book.close()
    assert done.new == 1
    assert kept is not None
    assert kept.everyone["entry_id"].tolist() == second.everyone["entry_id"].tolist()
    assert "still" in set(second.everyone["change"])
    assert entry["customer_id"] not in second.customer_ids
    assert dict(zip(second.gone["customer_id"], second.gone["reason"], strict=True))[entry["customer_id"]] == "cooldown"
    assert not (fresh / "book.db").exists()


def test_what_the_holdout_tells_of_a_playbook_counts_before_its_prior() -> None:
    """Three in four of 200 contacted stayed, of 200 held out one in four: more is saved than anybody assumed."""
    playbooks = load_playbooks()
    name = "personal-call"
    one = {"playbook": name, "number": 1, "cell": "ranked", "contacted": True, "probability": 0.7, "stratum": "high"}
    more = {"began_on": MONDAY, "horizon_days": 30, "expected_spend": 1000, "spent": 1000, "kind": "regular"}
    more |= {"order_days": 9, "spent_before": 1000}
    arms = [("treated", 4, 3), ("holdout", 4, 1)]
    rows = [
        {"account_id": f"{arm}{n}", "customer_id": f"{arm}{n}", "arm": arm, "kept": n % of < kept, **one, **more}
        for arm, of, kept in arms
        for n in range(200)
    ]
    found = learnt_shares(playbooks, pd.DataFrame(rows))
    assert float(playbooks[name].stages[0].saved) < found[name] < 0.75
    others = {other: share - float(playbooks[other].stages[0].saved) for other, share in found.items() if other != name}
    assert all(0 < moved < found[name] - float(playbooks[name].stages[0].saved) for moved in others.values())
    assert learnt_shares(playbooks, pd.DataFrame(rows[:3])) == {}


def test_owners_that_the_settings_misspell_and_a_model_that_knew_the_future_are_said(office: Path, call: Call) -> None:
    """A capacity of nobody does nothing, and a list of last year looks better than any list of next week."""
    owner = in_book(office, "SELECT owner FROM entries ORDER BY owner LIMIT 1")[0][0]
    ask_for(
        office, f'capacities = {{ {owner}x = 3, Zoe = 4 }}\nowners = ["Zoe"]\naddresses = {{ {owner} = "a@b.example" }}'
    )
    code, out, err = call(
        "list", "--as-of", MONDAY, "--out", office / "l", "--config", office / "regulars.toml", "--json"
    )
    assert code == 0
    careful, strange = json.loads(out)["warnings"]
    assert strange == f'[list] capacities names {owner}x, who owns no account. Did you mean "{owner}"?'
    assert careful.startswith("careful: version 1 learnt from orders until ")
    assert strange in err
    shown = json.loads(out)["entries"]
    heading = f"the first 10 of {len(shown)}:" if len(shown) > 10 else "days ahead:"
    assert heading in err
    assert (
        "worth = expected gain (expected_gain in the files): risk × P(saved | contacted) × expected spend − cost" in err
    )
    assert all(row["what_to_say"] for row in shown)


def test_phone_and_mail_are_in_the_files_and_nowhere_else(
    fresh: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in the book, in what the command returns and shows, in a log, or in the models' registry."""
    customers = pd.read_csv(fresh / "customers.csv", dtype=str)
    reached = customers.assign(phone="694 123 4567", mail=customers["customer_id"] + "@mailbox.example")
    reached.to_csv(fresh / "customers.csv", index=False)
    toml = fresh / "regulars.toml"
    named = 'owner = "owner"\nphone = "phone"\nmail = "mail"'
    toml.write_text(toml.read_text().replace('owner = "owner"', named), encoding="utf-8")
    made = list_of(fresh, MONDAY, *FORMATS)
    texts = {path.name: path.read_bytes() for path in made.files}
    for name in ("list.csv", "list.html", "hubspot-contacts.csv", "salesforce-accounts.csv", "upsert.csv"):
        assert b"4567" in texts[name]
        assert b"@mailbox.example" in texts[name]
    told = [*dumped(fresh), str(made.to_dict()), *map(str, made.lines()), caplog.text, *capsys.readouterr()]
    kept = [path.read_bytes() for place in ("mlruns", ".regulars") for path in (fresh / place).rglob("*.*")]
    hidden = ("694 123 4567", "+306941234567", "@mailbox.example")
    assert not [text for text in told if any(each in text for each in hidden)]
    assert not [text for text in (*kept, texts["list.json"]) if any(each.encode() in text for each in hidden)]


@pytest.mark.parametrize(("language", "begins"), [("el", "Η λίστα της 9/1/2023"), ("fa", "فهرست ۱۴۰۱/۱۰/۱۹")])
def test_the_terminal_speaks_the_shops_language_and_programs_read_english(
    fresh: Path, language: str, begins: str
) -> None:
    """Titles and reasons too; also where the files are written for readers of another one."""
    toml = fresh / "regulars.toml"
    toml.write_text(toml.read_text().replace("[shop]\n", f'[shop]\nlanguage = "{language}"\n'), encoding="utf-8")
    settings = load_settings(toml)
    made = in_shop(settings, make_list, fresh / "list", ("csv",), ENGLISH, until=MONDAY)
    shown = list(made.lines())
    table = next(part for part in shown if isinstance(part, Table))
    sentences = [part for part in shown if isinstance(part, str) and part and part not in made.warnings]
    assert sentences[0].startswith(begins)
    english = re.compile(r"\b(customers|scored|not on it|regulars on|written to|ahead|worth|the|of)\b")
    named = (*sentences[:-1], *table.columns)  # the last sentence names files
    assert not [part for part in named if english.search(part)]
    assert not [row for row in table.rows if english.search(" ".join(row[5:]))]
    document = made.to_dict()
    assert document["entries"][0]["title"] in {each.title for each in load_playbooks().by_id.values()}
    assert (fresh / "list" / "list.csv").read_text(encoding="utf-8-sig").startswith("position,name,")

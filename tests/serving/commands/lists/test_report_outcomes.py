"""What people report back: every outcome does at once what follows from it, and nothing is recorded by half."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from serving.book.decisions import Recorded
from serving.commands.lists.report_outcomes import (
    Reported,
    consent_to,
    contacts_from,
    hand_over_accounts,
    hold_accounts,
    one_outcome,
    outcomes_from,
)
from serving.config import load_settings
from serving.outreach.plan.outreach_list import OutreachList
from tests.serving.conftest import MONDAY, Call, in_book, in_shop, list_of

TUESDAY, A_WEEK_ON = MONDAY + timedelta(days=1), MONDAY + timedelta(days=7)
HEADER = ("entry_id", "outcome", "happened_on", "channel", "cost", "by", "note")
Sender = Callable[..., tuple[int, str, str]]


def entries(folder: Path) -> list[str]:
    """The entry ids of the list, best first."""
    return [row[0] for row in in_book(folder, "SELECT entry_id FROM entries ORDER BY kind DESC, position")]


def sheet(file: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",", mark: str = "", end: str = "") -> Path:
    """Write a spreadsheet's CSV."""
    lines = [delimiter.join(cells) for cells in (HEADER, *rows)]
    file.write_text(mark + "\r\n".join(lines) + "\r\n" + end, encoding="utf-8", newline="")
    return file


@pytest.mark.parametrize(
    ("delimiter", "mark", "end"),
    [(",", "", ""), (";", "\ufeff", ";;;;;;\r\n;;;;;;\r\n\r\n"), ("\t", "\ufeff", "\t\t\r\n")],
    ids=["plain", "Excel with semicolons, byte order mark and empty lines", "tabs"],
)
def test_outcomes_come_from_the_csv_that_a_spreadsheet_writes(
    office: Path, call: Call, delimiter: str, mark: str, end: str
) -> None:
    """The same rows, however they are separated; money is exact."""
    first, second = entries(office)[:2]
    rows = [
        (first, "Saved", str(TUESDAY), "mail", "12.50", "Eleni", "will order"),
        (second, "not saved", str(MONDAY), "", "", "", ""),
    ]
    file = sheet(office / "outcomes.csv", rows, delimiter=delimiter, mark=mark, end=end)
    code, out, _ = call("outcome", file, "--config", office / "regulars.toml", "--json")
    assert (code, json.loads(out)) == (0, {"what": "outcomes", "new": 2, "known": 0})
    wanted = "entry_id, outcome, happened_on, channel, cost, by, note"
    assert in_book(office, f"SELECT {wanted} FROM outcomes ORDER BY happened_on DESC") == [
        (first, "saved", str(TUESDAY), "mail", 1250, "Eleni", "will order"),
        (second, "not_saved", str(MONDAY), None, None, None, None),
    ]
    assert in_book(office, "SELECT cost, by FROM contacts WHERE channel = 'mail' AND entry_id = '" + first + "'") == [
        (1250, "Eleni")
    ]


def test_the_same_file_twice_is_known(office: Path, call: Call) -> None:
    """Whoever is not sure sends it again."""
    rows = [(entry, word, str(TUESDAY), "", "", "", "") for entry, word in zip(entries(office), WORDS, strict=False)]
    file = sheet(office / "outcomes.csv", rows)
    assert "7 outcomes recorded\n" in call("outcome", file, "--config", office / "regulars.toml")[1]
    tables = ("outcomes", "contacts", "consent", "holds")
    counts = [in_book(office, f"SELECT count(*) FROM {table}") for table in tables]
    assert counts == [[(7,)], [(4,)], [(1,)], [(2,)]]
    out = call("outcome", file, "--config", office / "regulars.toml")[1]
    assert "0 outcomes recorded; 7 were known already" in out
    assert [in_book(office, f"SELECT count(*) FROM {table}") for table in tables] == counts


WORDS = ("contacted", "reached", "saved", "not_saved", "wrong_alarm", "already_known", "do_not_contact")


def test_all_wrong_cells_are_said_at_once_and_nothing_is_recorded(office: Path, call: Call) -> None:
    """Those that cannot be read together with those that mean nothing, each with its line."""
    good = entries(office)[0]
    rows = [
        (good, "saved", str(TUESDAY), "", "", "", ""),
        (good, "savd", str(TUESDAY), "", "", "", ""),
        ("20230109-nobody", "saved", str(TUESDAY), "", "", "", ""),
        (good, "saved", "10/01/2023", "pigeon", "12 EUR", "", ""),
        (good, "saved", str(TUESDAY), "", "-1", "", ""),
        ("", "", "", "", "", "", "who?"),
    ]
    file = sheet(office / "outcomes.csv", rows)
    code, out, err = call("outcome", file, "--config", office / "regulars.toml", "--json")
    assert code == 2
    found = json.loads(out)["violations"]
    assert {(each["line"], each["column"]) for each in found} == {
        *((3, "outcome"), (4, "entry_id"), (5, "happened_on"), (5, "channel"), (5, "cost"), (6, "cost")),
        *((7, "entry_id"), (7, "outcome"), (7, "happened_on")),
    }
    assert [each["line"] for each in found] == [3, 4, 5, 5, 5, 6, 7, 7, 7]
    assert 'outcomes.csv, line 3, column outcome: "savd" is not a known outcome' in err
    assert 'Did you mean "saved"?' in err
    assert in_book(office, "SELECT count(*) FROM outcomes") == [(0,)]
    assert in_book(office, "SELECT count(*) FROM contacts") == [(0,)]


def test_contacts_made_elsewhere_are_checked_in_the_same_way(office: Path, call: Call) -> None:
    """Customer, day and channel are needed; the entry is not."""
    file, toml = office / "contacts.csv", office / "regulars.toml"
    file.write_text("customer_id,contacted_on,channel,cost\nC001,2023-01-32,pigeon,\nC002,2023-01-10,call,-3\n")
    code, out, _ = call("contacts", file, "--config", toml, "--json")
    assert code == 2
    assert {(each["line"], each["column"]) for each in json.loads(out)["violations"]} == {
        (2, "contacted_on"),
        (2, "channel"),
        (3, "cost"),
    }
    assert in_book(office, "SELECT count(*) FROM contacts") == [(0,)]
    file.write_text("customer_id,contacted_on,channel\nC001,2023-01-10,call\nC001,2023-01-10,call\n")
    assert "1 contact recorded; 1 was known already" in call("contacts", file, "--config", toml)[1]


def test_one_outcome_needs_no_file(office: Path, call: Call) -> None:
    """As a person notes it down after a call."""
    entry, toml = entries(office)[0], office / "regulars.toml"
    asked = ("outcome", "--entry", entry, "--outcome", "saved", "--on", TUESDAY, "--config", toml)
    assert call(*asked, "--cost", "2,50")[0] == 2
    assert call(*asked, "--cost", "2.50", "--by", "Eleni")[0] == 0
    assert in_book(office, "SELECT entry_id, outcome, happened_on, cost, by FROM outcomes") == [
        (entry, "saved", str(TUESDAY), 250, "Eleni")
    ]
    code, _, err = call("outcome", "--entry", "nobody", "--outcome", "saved", "--config", toml)
    assert code == 2
    assert "copy the entry_id from a published list" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("outcome",), "give either a file of outcomes, or one by --entry ID"),
        (("outcome", "regulars.toml", "--entry", "x"), "give either a file"),
        (("outcome", "nowhere.csv"), "nowhere.csv cannot be read: there is no such file"),
        (("outcome", "--entry", "x", "--outcome", "savd"), '--outcome: "savd" is not a known outcome; write contacted'),
        (("outcome", "--entry", "x"), "--outcome: is empty; write contacted, reached"),
        (("outcome", "--entry", "x", "--outcome", "saved", "--cost", "-3"), "what was spent is 0 or more, not -3"),
        (("hold", "veto", "C001"), "--by NAME and --why TEXT are needed"),
        (("hold", "veto", "C001", "--by", "Eleni"), "--by NAME and --why TEXT are needed"),
        (("hold", "veto", "C001", "--why", "because", "--by", " "), "--by NAME and --why TEXT are needed"),
        (("hold", "forbid", "C001", "--why", "because", "--by", "Eleni"), "known are veto, snooze, lift"),
        (("hold", "snooze", "C001", "--why", "because", "--by", "Eleni"), "a snooze has an end"),
        (
            ("hold", "snooze", "C001", "--until", "2023-01-02", "--why", "because", "--by", "Eleni"),
            "name a later day with --until, or the day on which it began with --on",
        ),
        (("hand-over", "C001", "--to", "Ada", "--by", "Eleni"), "--by NAME and --why TEXT are needed"),
        (("hand-over", "C001", "--to", " ", "--by", "Eleni", "--why", "because"), "an owner has a name"),
        (("consent", "C001", "--no", "--channel", "pigeon"), "a known channel"),
        (("consent", "C001"), "say --yes or --no: whether they may be contacted"),
        (("consent", " ", "--yes"), '" " is not the id of a customer'),
        (("consent", "C001", "--yes", "--on", "2999-01-01"), '--on: "2999-01-01" is not on or before today'),
    ],
)
def test_half_of_what_is_needed_is_refused(office: Path, call: Call, arguments: tuple[str, ...], message: str) -> None:
    """With what to write instead; nothing is recorded."""
    code, _, err = call(*arguments, "--config", office / "regulars.toml")
    assert code == 2
    assert message in err
    tables = ("outcomes", "contacts", "consent", "holds")
    assert [in_book(office, f"SELECT count(*) FROM {table}") for table in tables] == [[(0,)]] * 4
    assert in_book(office, "SELECT count(*) FROM owners WHERE how = 'hand-over'") == [(0,)]


@dataclass(frozen=True, eq=False)
class Followed:
    """A list on which much was reported, the list of a week later, and who is who."""

    folder: Path
    who: dict[str, str]
    done: dict[str, Reported]
    undisturbed: OutreachList
    next: OutreachList

    @property
    def why(self) -> dict[str, str]:
        """The reason of each customer that is kept off the next list."""
        return dict(zip(self.next.suppressed["customer_id"], self.next.suppressed["reason"], strict=True))

    def owner(self, role: str) -> str:
        """Whose entry it is on the next list."""
        rows = self.next.everyone
        return str(rows.loc[rows["customer_id"] == self.who[role], "owner"].item())


ROLES = ("contacted", "refuses", "wrong alarm", "elsewhere", "vetoed", "snoozed", "snoozed until then", "lifted")
ROLES += ("no to its channel", "no to another channel", "no and yes again", "handed over", "left in peace")


@pytest.fixture(scope="module")
def followed(listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Roles go to customers who are on the next list, too, where nothing is reported."""
    folders = [tmp_path_factory.mktemp(name) / "shop" for name in ("quiet", "busy")]
    for folder in folders:
        shutil.copytree(listed, folder)
    quiet = list_of(folders[0], A_WEEK_ON).outreach
    still = quiet.everyone.loc[quiet.everyone["change"] == "still", "customer_id"].tolist()
    assert len(still) >= len(ROLES)
    who = dict(zip(ROLES, still, strict=False))
    done = reported(folders[1], who, dict(zip(quiet.everyone["customer_id"], quiet.everyone["channel"], strict=True)))
    return Followed(folders[1], who, done, quiet, list_of(folders[1], A_WEEK_ON).outreach)


def reported(folder: Path, who: dict[str, str], channel: dict[str, str]) -> dict[str, Reported]:
    """Report one thing about each customer, all on the Tuesday between the lists."""
    settings = load_settings(folder / "regulars.toml")
    entry: dict[str, Any] = dict(in_book(folder, "SELECT customer_id, entry_id FROM entries"))
    words = (("contacted", "contacted"), ("refuses", "do_not_contact"), ("wrong alarm", "wrong_alarm"))
    rows = [(entry[who[role]], word, str(TUESDAY), "", "", "Eleni", "") for role, word in words]
    done = {"outcomes": in_shop(settings, outcomes_from, sheet(folder / "outcomes.csv", rows))}
    elsewhere = folder / "contacts.csv"
    elsewhere.write_text(f"customer_id,contacted_on,channel\n{who['elsewhere']},{TUESDAY},visit\n")
    done["contacts"] = in_shop(settings, contacts_from, elsewhere)

    def hold(role: str, kind: str, until: Any = None) -> Reported:
        return in_shop(settings, hold_accounts, [who[role]], kind, TUESDAY, until, "Eleni", "she knows them")

    done["veto"] = hold("vetoed", "veto")
    hold("snoozed", "snooze", A_WEEK_ON + timedelta(days=1))
    hold("snoozed until then", "snooze", A_WEEK_ON)
    hold("lifted", "veto")
    hold("lifted", "lift")

    def consent(role: str, on: str, *, allowed: bool) -> Reported:
        return in_shop(settings, consent_to, [who[role]], on, TUESDAY, "on the phone", allowed=allowed)

    own = channel[who["no to its channel"]]
    other = next(one for one in ("visit", "letter") if one != channel[who["no to another channel"]])
    done["consent"] = consent("no to its channel", own, allowed=False)
    consent("no to another channel", other, allowed=False)
    consent("no and yes again", "*", allowed=False)
    consent("no and yes again", "*", allowed=True)
    done["hand-over"] = in_shop(settings, hand_over_accounts, [who["handed over"]], "Zoe", TUESDAY, "Ada", "holidays")
    return done


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("contacted", "cooldown"),
        ("elsewhere", "cooldown"),
        ("refuses", "no consent"),
        ("wrong alarm", "snoozed"),
        ("vetoed", "veto"),
        ("snoozed", "snoozed"),
    ],
)
def test_what_was_reported_keeps_off_the_next_list(followed: Followed, role: str, reason: str) -> None:
    """With its reason, also among those who have gone since the former list."""
    who = followed.who[role]
    assert followed.why[who] == reason
    assert who not in followed.next.customer_ids
    gone = followed.next.gone
    assert gone.loc[gone["customer_id"] == who, "reason"].tolist() == [reason]


@pytest.mark.parametrize(
    "role", ["snoozed until then", "lifted", "no to another channel", "no and yes again", "left in peace"]
)
def test_what_is_over_or_concerns_another_channel_keeps_nobody_off(followed: Followed, role: str) -> None:
    """A snooze ends on its day, a lift lifts, the last word counts."""
    assert followed.who[role] in followed.next.customer_ids


def test_who_refuses_a_channel_is_not_asked_through_it(followed: Followed) -> None:
    """Another playbook may reach them; if none does, that is said."""
    who = followed.who["no to its channel"]
    before, now = followed.undisturbed.everyone, followed.next.everyone
    refused = before.loc[before["customer_id"] == who, "channel"].item()
    assert who in followed.why or now.loc[now["customer_id"] == who, "channel"].item() != refused
    assert followed.why.get(who, "no consent") == "no consent"


def test_a_hand_over_changes_the_owner_on_the_next_list(followed: Followed) -> None:
    """Before what the customers file says; the file of the new owner is there."""
    assert followed.owner("handed over") == "Zoe"
    file = pd.read_csv(followed.folder / "list" / "owners" / "Zoe.csv", dtype=str)
    assert file["customer_id"].tolist() == [followed.who["handed over"]]
    assert followed.owner("left in peace") != "Zoe"


def test_each_report_says_what_was_new(followed: Followed) -> None:
    """Three outcomes, one of each of the others."""
    assert followed.done["outcomes"] == Reported("outcomes", Recorded(3, 0))
    for name in ("contacts", "veto", "consent", "hand-over"):
        assert followed.done[name].recorded == Recorded(1, 0), name


def test_without_a_day_it_happened_today(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's today, not the machine's."""
    monkeypatch.setattr("serving.shop.opened.today", lambda settings: A_WEEK_ON)
    settings = load_settings(office / "regulars.toml")
    in_shop(settings, one_outcome, entries(office)[0], "Saved")
    assert in_book(office, "SELECT happened_on FROM outcomes") == [(str(A_WEEK_ON),)]


def test_days_before_the_list_and_after_today_are_refused_with_their_rows(office: Path, call: Call) -> None:
    """From a file together with what cannot be read; on the command line by the name of the option."""
    entry, toml = entries(office)[0], office / "regulars.toml"
    early, late = str(MONDAY - timedelta(days=1)), "2999-01-01"
    rows = [(entry, "saved", day, "", cost, "", "") for day, cost in ((early, ""), (late, ""), (str(MONDAY), "-3"))]
    code, out, err = call("outcome", sheet(office / "o.csv", rows), "--config", toml, "--json")
    assert code == 2
    assert [(one["line"], one["column"]) for one in json.loads(out)["violations"]] == [
        *((2, "happened_on"), (3, "happened_on"), (4, "cost"))
    ]
    assert '"-3" is not 0 or more' in err
    for day in (early, late):
        code, _, err = call("outcome", "--entry", entry, "--outcome", "saved", "--on", day, "--config", toml)
        assert (code, f'--on: "{day}" is not on or ' in err) == (2, True)
    file = office / "contacts.csv"
    file.write_text(f"customer_id,contacted_on,channel\nC001,{late},call\n,2023-01-10,call\n")
    err = call("contacts", file, "--config", toml)[2]
    assert 'line 2, column contacted_on: "2999-01-01" is not on or before today' in err
    assert "line 3, column customer_id: is empty" in err
    assert (
        in_book(office, "SELECT count(*) FROM outcomes") == in_book(office, "SELECT count(*) FROM contacts") == [(0,)]
    )

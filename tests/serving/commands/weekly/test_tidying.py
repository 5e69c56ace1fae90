"""The stage that tidies: only where the shop says how long, last, and told though it was killed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest

from features.errors import DiskFull
from serving.commands.weekly import stages
from serving.commands.weekly.tidying import settled_tidying, tidied
from serving.config import load_settings
from serving.shop import OpenShop
from tests.serving.commands.weekly.test_weekly import tree
from tests.serving.conftest import Call, in_book

ADDED = "INSERT INTO views (at, who, what) VALUES (?, 'old', 'list')"
OLD_ROWS = "SELECT count(*) FROM views WHERE who = 'old'"


@pytest.fixture
def week(office: Path) -> Path:
    """A shop whose book has two looks of long ago, and which says how long they are kept."""
    with (office / "regulars.toml").open("a", encoding="utf-8") as toml:
        toml.write("\n[serve]\ntoday = 2023-05-18\n\n[retention]\nviews_days = 365\n")
    with closing(sqlite3.connect(office / "book.db")) as book, book:
        for day in (1, 2):
            book.execute(ADDED, (f"2020-01-0{day} 00:00:00.000000",))
    return office / "regulars.toml"


def test_a_week_deletes_last_what_the_shop_keeps_no_longer_and_says_so(week: Path, call: Call) -> None:
    before = tree(week.parent)
    code, out, err = call("weekly", "--dry-run", "--config", week)
    assert (code, err, tree(week.parent)) == (0, "", before)
    assert out.splitlines()[-1] == "  tidy: delete 2 rows that are older than [retention] says: views"
    code, out, _ = call("weekly", "--config", week)
    assert code == 0
    assert out.splitlines()[-2:] == ["Old records", "  2 rows of views deleted, older than [retention] says"]
    assert in_book(week.parent, OLD_ROWS) == [(0,)]
    _, out, _ = call("weekly", "--config", week, "--json")
    *_, last = json.loads(out)["stages"]
    assert (last["stage"], last["result"], last["words"]) == (
        *("tidy", {"rows": {}}),
        ["nothing is older than [retention] says"],
    )


def test_a_week_deletes_nothing_where_no_period_is_set(week: Path, call: Call) -> None:
    week.write_text(week.read_text(encoding="utf-8").replace("[retention]\nviews_days = 365\n", ""), encoding="utf-8")
    code, out, _ = call("weekly", "--config", week)
    assert (code, "Old records" in out) == (0, False)
    assert in_book(week.parent, OLD_ROWS) == [(2,)]
    assert call("tidy", "--config", week)[1] == "2 rows deleted: who of the shop looked at somebody's page\n"


def test_a_section_that_says_nothing_sets_the_usual_periods(week: Path) -> None:
    week.write_text(week.read_text(encoding="utf-8").replace("views_days = 365\n", ""), encoding="utf-8")
    settings = load_settings(week)
    assert settings.retention is not None
    assert settings.retention_in_force.views_days == 365


def test_one_that_failed_is_gone_on_with_by_name(week: Path, call: Call) -> None:
    with mock.patch.object(stages, "tidied", side_effect=DiskFull(str(week.parent / "book.db"))):
        assert call("weekly", "--config", week)[0] == 5
    code, out, _ = call("weekly", "--config", week)
    assert (code, out.splitlines()[0]) == (0, "the run of 2023-05-18 stopped at tidy: it goes on there")
    assert in_book(week.parent, OLD_ROWS) == [(0,)]


def test_one_that_was_killed_after_it_deleted_says_what_it_did(week: Path) -> None:
    with OpenShop(load_settings(week)) as shop:
        rows = {"views": 2}
        assert settled_tidying(shop, rows) is None  # they are still there
        done = tidied(shop)
        assert done.document == {"rows": rows}
        assert settled_tidying(shop, rows) == done
        assert settled_tidying(shop, {}) is None

"""`regulars tidy`: what is older than `[retention]` says goes, and nothing that still counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from features.errors import ConfigError
from serving.config.retention_settings import LEAST_DAYS, RetentionSettings
from tests.serving.conftest import MONDAY, in_book, list_of

Command = Callable[..., tuple[int, str, str]]


def later(told: Path, days: int, retention: str = "") -> None:
    """Have the shop's calendar stand so many days after the first list."""
    toml = told / "regulars.toml"
    today = f"[serve]\ntoday = {MONDAY + timedelta(days)}\n[retention]\n{retention}\n"
    toml.write_text(toml.read_text(encoding="utf-8") + today, encoding="utf-8")


def tidied(command: Command, *more: str) -> dict[str, int]:
    code, out, err = command("tidy", "--json", *more)
    assert code == 0, err
    rows: dict[str, int] = json.loads(out)["rows"]
    return rows


def test_lists_and_scores_of_before_go_once_their_time_is_over(told: Path, command: Command) -> None:
    """The last of either stays however old it is; the scores of a list stay as long as its entries."""
    list_of(told, MONDAY + timedelta(7), "csv")
    entries = in_book(told, "SELECT list_id, count(*) FROM entries GROUP BY list_id ORDER BY list_id")
    later(told, 1_095 + 7)
    would = tidied(command, "--dry-run")
    assert in_book(told, "SELECT count(*) FROM entries")[0][0] == sum(count for _, count in entries)
    done = tidied(command)
    assert done == would
    assert done["entries"] == entries[0][1]
    assert in_book(told, "SELECT list_id, count(*) FROM entries GROUP BY list_id") == [entries[1]]
    assert in_book(told, "SELECT DISTINCT run_id FROM scores") == in_book(told, "SELECT max(id) FROM runs")
    assert in_book(told, "SELECT count(*) FROM lists")[0][0] == 2
    assert "contacts" not in done
    assert in_book(told, "SELECT count(*) FROM contacts")[0][0] == 1
    assert tidied(command) == {}
    assert command("effect")[0] == 0
    assert command("why", "C001")[0] in (0, 2)


def test_scores_stay_while_their_list_does(told: Path, command: Command) -> None:
    list_of(told, MONDAY + timedelta(7), "csv")
    later(told, 500, "scores_days = 400")
    assert "scores" not in tidied(command)


def test_contacts_go_where_the_shop_says_so(told: Path, command: Command) -> None:
    later(told, 800, "contacts_days = 730\nlists_days = 3650\nscores_days = 3650")
    assert tidied(command) == {"contacts": 1, "outcomes": 1}


@pytest.mark.parametrize("name", LEAST_DAYS)
def test_no_period_is_too_short(name: str) -> None:
    assert RetentionSettings(**{name: LEAST_DAYS[name]}).periods()[name] == LEAST_DAYS[name]
    with pytest.raises(ConfigError, match=f"{name} under .retention. is {LEAST_DAYS[name]} or more"):
        RetentionSettings(**{name: LEAST_DAYS[name] - 1})


def test_what_is_never_kept_longer_cannot_be(told: Path, command: Command) -> None:
    later(told, 10, "views_days = 400")
    code, _, err = command("tidy")
    assert (code, "views_days under [retention] is 365 or less" in err) == (2, True)

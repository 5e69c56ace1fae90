"""Windows that are under way and that have ended, as the book and the log show them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from features.churn.labels import complete_until
from features.clock import date_of
from features.log import Log
from serving.book import Book
from serving.book.runs import record_scores
from serving.commands.lists.list import make_list
from serving.commands.models.watch import ALARM_EXIT_CODE, watch_shop
from serving.config import load_settings
from serving.monitoring.said_and_done import apart
from serving.monitoring.windows import Window, read_windows
from serving.scorer import score
from tests.serving.conftest import SmallShop, in_shop

WEEKS = 12


@pytest.fixture(scope="module")
def scored(shop: SmallShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book with a run of every second week."""
    folder = tmp_path_factory.mktemp("scored")
    book = Book(folder)
    for week in range(0, WEEKS, 2):
        day = shop.as_of - timedelta(7 * (week + 1))
        found = score(
            shop.log.before(day.toordinal() - date(1970, 1, 1).toordinal()), shop.bundles["logistic"], "1", day
        )
        record_scores(book, found, currency="EUR", data_digest=str(week))
    book.close()
    return folder


def windows_of(folder: Path, log: Log, error: float = 0.2) -> tuple[Window, ...]:
    book = Book(folder)
    found = read_windows(book, log, complete_until(log), lambda _version, _day: error)
    book.close()
    return found


def test_a_window_has_ended_when_the_log_shows_all_its_days(scored: Path, shop: SmallShop):
    windows = windows_of(scored, shop.log)
    assert [each.run.as_of for each in windows] == sorted(each.run.as_of for each in windows)
    end = date_of(complete_until(shop.log))
    for window in windows:
        assert window.has_ended == (window.run.as_of + timedelta(30) <= end)
        assert window.elapsed_days == min(30, (end - window.run.as_of).days)
    assert 0 < sum(each.has_ended for each in windows) < len(windows)


def test_what_came_is_counted_from_the_orders(scored: Path, shop: SmallShop):
    window = windows_of(scored, shop.log)[0]
    first = np.datetime64(window.run.as_of)
    days = (shop.orders["ordered_at"].to_numpy().astype("datetime64[m]") - np.timedelta64(4, "h")).astype(
        "datetime64[D]"
    )
    sold = ~shop.orders["returned"].astype(bool).to_numpy()
    came = set(shop.orders["customer_id"][sold & (days >= first) & (days < first + np.timedelta64(30, "D"))])
    assert window.silent.tolist() == [who not in came for who in window.said["customer_id"]]
    assert window.realised is not None
    assert window.realised["churned"] == window.silent.mean()


def test_whom_the_log_no_longer_knows_is_counted_apart(scored: Path, shop: SmallShop):
    whole = windows_of(scored, shop.log)[0]
    gone = whole.said["customer_id"].iloc[3]
    window = windows_of(scored, shop.log.only(who for who in shop.log.customer_ids if who != gone))[0]
    assert (whole.unknown, window.unknown) == (0, 1)
    assert gone not in set(window.said["customer_id"])


def test_windows_that_are_told_together_do_not_overlap(scored: Path, shop: SmallShop):
    windows = windows_of(scored, shop.log)
    found = apart(windows)
    assert found[-1] is windows[-1]
    assert all(a.until <= b.run.as_of for a, b in pairwise(found))
    assert len(found) < len(windows)


def test_the_command_tells_lists_owners_and_playbooks_whose_window_has_ended(office: Path, call):
    settings = load_settings(office / "regulars.toml")
    later = in_shop(settings, watch_shop, record=False).watch
    (listed,) = later.groups["list"]
    assert listed.customers == sum(row.customers for row in later.groups["owner"])
    assert listed.churned == sum(row.churned for row in later.groups["playbook"])
    assert listed.expected == pytest.approx(sum(row.expected for row in later.groups["owner"]))
    assert later.groups["band"]
    assert sum(row.customers for row in later.groups["band"]) == len(later.windows[0].said)
    before = in_shop(settings, watch_shop, until=date(2023, 1, 26)).watch
    assert before.groups["list"] == ()
    assert before.so_far is not None
    assert before.so_far.days == 17
    code, out, _ = call("watch", "--config", office / "regulars.toml", "--by", "owner", "--by", "list", "--no-record")
    assert code in (0, ALARM_EXIT_CODE)
    assert "said and done by owner:" in out
    assert "2023-01-09" in out


def test_an_unknown_group_is_refused(office: Path, call):
    code, _, error = call("watch", "--config", office / "regulars.toml", "--by", "ownr")
    assert code == 2
    assert '"owner"' in error


def test_a_list_of_a_day_counts_as_the_last_one_that_was_not_taken_back(office: Path):
    settings = load_settings(office / "regulars.toml")
    in_shop(settings, make_list, office / "again", (), until=date(2023, 1, 9))
    assert len(in_shop(settings, watch_shop, record=False).watch.groups["list"]) == 1

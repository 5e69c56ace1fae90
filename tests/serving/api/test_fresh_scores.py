"""Fresh scores: those of a run, without a run; and the log is read again only where something changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.errors import InputError
from serving.api import fresh_scores as fresh
from serving.api.fresh_scores import FreshScores
from serving.book import Book
from serving.book.posted import PostedEvent, PostedOrder, record_events, record_orders
from serving.book.runs import record_scores
from serving.commands.models.score import score_all
from serving.config import Settings, load_settings
from serving.scorer import score
from serving.shop import OpenShop, reader_of
from tests.serving.conftest import in_shop
from tests.serving.read_back import latest_run, latest_scores
from training.tracking import Tracking


@pytest.fixture
def settings(registered: Path, shop: Any, tmp_path: Path) -> Settings:
    """A shop's files of a test's own."""
    shop.copy_files(tmp_path)
    return load_settings(tmp_path / "regulars.toml")


@pytest.fixture
def book(settings: Settings) -> Iterator[Book]:
    """Its book."""
    opened = Book(settings.folder)
    yield opened
    opened.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Every reading of the shop."""
    seen: list[Settings] = []

    def noting(settings: Settings, **how: Any) -> OpenShop:
        seen.append(settings)
        return OpenShop(settings, **how)

    monkeypatch.setattr(fresh, "OpenShop", noting)
    return seen


def post(book: Book, settings: Settings, order_id: str, customer_id: str, on: date) -> None:
    line = {"ordered_at": f"{on} 12:00", "amount": "20.00"}
    record_orders(book, [PostedOrder(order_id, customer_id, [line])], reader_of(settings))


@pytest.mark.parametrize("candidate", ["logistic", "lightgbm"])
def test_law_some_customers_score_as_in_a_run_of_all(shop: Any, settings: Settings, book: Book, candidate: str) -> None:
    """Equal to what the book gives back after the run, to the last bit, whoever else is asked for."""
    bundle = shop.bundles[candidate]
    everyone = score(shop.log, bundle, "7", shop.as_of)
    record_scores(book, everyone, currency="EUR", data_digest=shop.log.digest())
    ids = list(everyone["customer_id"])
    scores = FreshScores(settings, book)
    for asked in (ids, ids[:1], ids[5:17], ids[::-3]):
        found = scores.scores(asked, bundle, "7")
        assert {each.customer_id: each for each in found} == latest_scores(book, asked)
        assert len(found) == len(asked)


def test_a_run_of_the_same_day_stores_the_same(registered: Path, shop: Any, tmp_path: Path) -> None:
    """From the files and the posts, by the command that scores."""
    import shutil

    folder = tmp_path / "shop"
    shutil.copytree(registered, folder)
    settings = load_settings(folder / "regulars.toml")
    bundle, version = Tracking(folder).champion()
    book = Book(folder)
    customer = str(shop.log.customer_ids[3])
    before = FreshScores(settings, book).scores([customer], bundle, version)
    post(book, settings, "new", customer, shop.as_of)
    record_events(book, [PostedEvent("e", customer, "mail_clicked", f"{shop.as_of} 13:00")], reader_of(settings))
    scored = in_shop(settings, score_all)
    assert scored.as_of == shop.as_of + timedelta(1)
    ids = list(scored.scores["customer_id"])
    now = FreshScores(settings, book).scores(ids, bundle, version)
    assert {each.customer_id: each for each in now} == latest_scores(book, ids)
    mine = next(each for each in now if each.customer_id == customer)
    assert (mine.days_since_order, mine.as_of) == (1, scored.as_of)
    assert before != [mine]
    book.close()


def test_who_is_outside_the_population_is_left_out(shop: Any, settings: Settings, book: Book) -> None:
    bundle, scores = shop.bundles["logistic"], FreshScores(settings, book)
    everyone = set(score(shop.log, bundle, "7", shop.as_of)["customer_id"])
    gone = [each for each in shop.log.customer_ids if each not in everyone]
    some = min(everyone)
    assert gone
    assert scores.scores(["nobody", *gone], bundle, "7") == []
    assert [each.customer_id for each in scores.scores([some, "nobody", some, *gone], bundle, "7")] == [some]
    assert scores.scores([], bundle, "7") == []
    post(book, settings, "back", gone[0], shop.as_of - timedelta(1))
    assert [each.customer_id for each in scores.scores(gone, bundle, "7")] == [gone[0]]


def test_a_day_before_looks_at_nothing_after_it(shop: Any, settings: Settings, book: Book) -> None:
    bundle, scores = shop.bundles["lightgbm"], FreshScores(settings, book)
    day = shop.as_of - timedelta(40)
    told = score(OpenShop(settings, until=day).reading.log, bundle, "7", day)
    found = scores.scores(told["customer_id"], bundle, "7", day)
    assert [each.probability for each in found] == list(told["probability"])
    with pytest.raises(InputError, match="nothing is known on"):
        scores.scores(["a"], bundle, "7", date(2001, 1, 1))


def test_a_model_of_another_question_is_refused(shop: Any, settings: Settings, book: Book) -> None:
    bundle = shop.bundles["logistic"]
    other = replace(bundle, definition=replace(bundle.definition, horizon_days=60))
    with pytest.raises(InputError, match="horizon of 60 days"):
        FreshScores(settings, book).scores(["a"], other, "7")


def test_the_log_is_read_again_only_where_something_changed(
    shop: Any, settings: Settings, book: Book, reads: list[Settings]
) -> None:
    bundle, scores = shop.bundles["logistic"], FreshScores(settings, book)
    ids, expected = list(shop.log.customer_ids), 0
    assert settings.events is not None

    def touched() -> None:
        os.utime(settings.events.file, ns=(1, 1))  # type: ignore[union-attr]

    def replaced() -> None:
        text = settings.orders.file.read_text(encoding="utf-8")
        settings.orders.file.write_text(text[: text.rindex("\n", 0, -1) + 1], encoding="utf-8")

    for change in (lambda: None, lambda: post(book, settings, "1", ids[0], shop.as_of), touched, replaced):
        change()
        expected += 1
        for _ in range(2):
            scores.scores(ids[:2], bundle, "7")
            assert len(reads) == expected
    assert record_orders(book, [], reader_of(settings)).new == 0
    scores.scores(ids[:2], bundle, "7")
    assert len(reads) == expected


def test_a_file_that_cannot_be_read_is_told_and_read_again_when_it_is_whole(
    shop: Any, settings: Settings, book: Book, reads: list[Settings]
) -> None:
    bundle, scores = shop.bundles["logistic"], FreshScores(settings, book)
    customer = str(shop.log.customer_ids[0])
    whole = settings.orders.file.read_text(encoding="utf-8")
    first = scores.scores([customer], bundle, "7")
    settings.orders.file.unlink()
    with pytest.raises(InputError, match="does not exist"):
        scores.scores([customer], bundle, "7")
    settings.orders.file.write_text(whole, encoding="utf-8")
    assert scores.scores([customer], bundle, "7") == first
    assert len(reads) == 3


def test_an_idle_log_is_let_go(shop: Any, settings: Settings, book: Book, reads: list[Settings]) -> None:
    bundle, scores = shop.bundles["logistic"], FreshScores(settings, book, idle_seconds=100)
    assert not scores.drop_log_if_idle(time.monotonic() + 1_000)
    scores.scores(shop.log.customer_ids[:1], bundle, "7")
    assert not scores.drop_log_if_idle(time.monotonic() + 90)
    assert scores.drop_log_if_idle(time.monotonic() + 101)
    assert not scores.drop_log_if_idle(time.monotonic() + 1_000)
    scores.scores(shop.log.customer_ids[:1], bundle, "7")
    assert len(reads) == 2


def test_threads_wait_for_one_reader(
    shop: Any, settings: Settings, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And who asks whether it is idle meanwhile does not wait."""
    bundle, scores = shop.bundles["logistic"], FreshScores(settings, book, idle_seconds=0)
    begun, go_on, counted = threading.Event(), threading.Event(), []

    def slow(settings: Settings, **how: Any) -> OpenShop:
        counted.append(settings)
        begun.set()
        assert go_on.wait(30)
        return OpenShop(settings, **how)

    monkeypatch.setattr(fresh, "OpenShop", slow)
    ids, found = list(shop.log.customer_ids), []
    threads = [threading.Thread(target=lambda: found.append(scores.scores(ids[:9], bundle, "7"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    assert not scores.drop_log_if_idle(time.monotonic() + 1)
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(counted) == 1
    assert len(found) == 4
    assert all(each == found[0] for each in found)


def test_nothing_is_recorded(shop: Any, settings: Settings, book: Book) -> None:
    FreshScores(settings, book).scores(shop.log.customer_ids, shop.bundles["logistic"], "7")
    assert latest_run(book) is None

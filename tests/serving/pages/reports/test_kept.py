"""A figure is counted once, in a thread of its own; who asks meanwhile waits a little, then sees the former one."""

from __future__ import annotations

import time
from threading import Event

import pytest

from serving.pages.reports.kept import Kept


def test_counted_once_until_its_key_changes() -> None:
    kept, counts = Kept[int](), list[str]()

    def count(key: str) -> int:
        counts.append(key)
        return len(counts)

    for key in ("a", "a", "b", "b", "a"):
        found = kept.get(key, lambda key=key: count(key))
        assert found is not None
        assert found.key == key
    assert counts == ["a", "b", "a"]


def test_meanwhile_the_former_figure_is_shown() -> None:
    kept, go = Kept[str](), Event()
    assert kept.get("today", lambda: "old") is not None

    def slow() -> str:
        assert go.wait(10)
        return "new"

    waited = time.monotonic()
    found = kept.get("tomorrow", slow, waited + 0.01)
    again = kept.get("tomorrow", lambda: "counted twice", waited + 0.01)
    assert found is again is not None
    assert (found.figure, found.key) == ("old", "today")
    go.set()
    fresh = kept.get("tomorrow", lambda: "counted twice")
    assert fresh is not None
    assert fresh.figure == "new"


def test_before_the_first_there_is_none() -> None:
    kept, go = Kept[int](), Event()
    assert kept.get("a", lambda: int(go.wait(10)), time.monotonic()) is None
    go.set()
    found = kept.get("a", lambda: 7)
    assert found is not None
    assert found.figure == 1


def test_what_fails_is_told_and_counted_again() -> None:
    kept = Kept[int]()

    def fails() -> int:
        raise ValueError("no orders")

    for _ in range(2):
        with pytest.raises(ValueError, match="no orders"):
            kept.get("a", fails)
    assert kept.get("a", lambda: 7) is not None

"""Dates judged side by side say what dates judged one after the other say."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from tests.training.conftest import DEFINITION
from training.backtest import dates
from training.backtest.backtest import backtest_candidates


class Counted:
    """Counts how many calls go on at once."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call, self._lock, self._inside, self.most = call, Lock(), 0, 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        try:
            return self._call(*arguments, **named)
        finally:
            with self._lock:
                self._inside -= 1


def test_the_older_dates_are_judged_at_once_and_say_the_same(log, data, monkeypatch):
    few, said = log.only(log.customer_ids[:200]), []
    judged = dates._judged_on
    for cores in (1, 2):
        counted = Counted(judged)
        monkeypatch.setattr(dates, "threads", lambda cores=cores: cores)
        monkeypatch.setattr(dates, "_judged_on", counted)
        found = backtest_candidates(few, DEFINITION, data.features, n_tests=3).to_dict()
        said.append({name: value for name, value in found.items() if "seconds" not in name})
        assert counted.most == cores
    assert said[0] == said[1]

"""What long work shows: a line a minute in a log, and the time that is left."""

from __future__ import annotations

import pytest

from serving.cli import screen
from serving.cli.screen import Screen, time_left


def test_a_log_gets_a_line_a_minute_and_what_has_to_be_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.0, 0.1, 5.0, 30.0, 61.0, 90.0])
    monkeypatch.setattr(screen.time, "monotonic", lambda: next(clock))
    with Screen().progress() as report:
        for step in range(3):
            report(step, 10, f"step {step}")
        report(0, 0, "nothing new to judge by")
        report(5, 10, "step 5")
    assert capsys.readouterr().err.splitlines() == [
        "[0%] step 0",
        "nothing new to judge by",
        "[50%, about 2 min left] step 5",
    ]


@pytest.mark.parametrize(
    ("done", "seconds", "words"),
    [(0, 600.0, ""), (10, 2.0, ""), (10, 60.0, "about 9 min left"), (99, 60.0, "less than a minute left")],
)
def test_the_time_left_goes_by_the_pace_so_far(done: int, seconds: float, words: str) -> None:
    assert time_left(done, 100, seconds) == words

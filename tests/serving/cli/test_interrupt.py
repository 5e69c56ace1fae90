"""Ctrl-C: it stops a command wherever it lands, says so at once and at the end, and the second one ends the process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator

import pytest
import typer

from serving.cli import run
from serving.cli.interrupt import STOPPING, WHOLE
from serving.cli.screen import Screen

LONGEST_SECONDS = 5.0


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def go_on() -> None:
    """Work that takes long, as the interpreter sees it."""
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        time.sleep(0.001)


class Thing:
    """Presses Ctrl-C in its destructor, where Python ignores every error."""

    def __del__(self) -> None:
        press()


def in_a_destructor() -> None:
    thing = Thing()
    del thing
    go_on()


def in_a_callback_of_the_collector() -> None:
    class Kept: ...

    kept = Kept()
    seen = weakref.ref(kept, lambda _: press())
    del kept
    go_on()
    assert seen


def in_plain_code() -> None:
    press()
    go_on()


def under_typer() -> None:
    app = typer.Typer()
    app.command()(in_a_destructor)
    return app([], standalone_mode=False)


def where_a_library_makes_another_error_of_it() -> None:
    try:
        press()
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None


def where_a_library_swallows_it() -> None:
    with Screen().progress() as report:
        try:
            press()
        except BaseException:  # noqa: BLE001 — as such a library does
            report(0, 1, "recording")
            raise AssertionError("it went on") from None


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Ctrl-C is heard, also where the tests run in the background; whatever happened, all is as before."""
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM), sys.unraisablehook
    yield
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM), sys.unraisablehook) == before
    assert signal.set_wakeup_fd(-1) == -1
    signal.signal(signal.SIGINT, found)


@pytest.mark.parametrize(
    "command",
    [
        in_plain_code,
        in_a_destructor,
        in_a_callback_of_the_collector,
        under_typer,
        where_a_library_makes_another_error_of_it,
        where_a_library_swallows_it,
    ],
)
def test_it_stops_wherever_it_lands_and_says_so(
    command: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["regulars", "train", "--config", "regulars.toml"])
    began = time.monotonic()
    assert run(command) == 130
    assert time.monotonic() - began < LONGEST_SECONDS
    assert capsys.readouterr().err.split("\n") == [
        STOPPING,
        f"regulars: stopped; {WHOLE}; run regulars train again",
        "",
    ]


@pytest.mark.parametrize("command", [in_plain_code, in_a_destructor, in_a_callback_of_the_collector])
def test_it_stops_where_the_system_has_no_timer(
    command: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    monkeypatch.delattr(signal, "setitimer")
    assert run(command) == 130
    assert capsys.readouterr().err.startswith(f"{STOPPING}\nregulars: stopped; {WHOLE}; run ")


def test_the_second_one_ends_a_process_that_hears_nothing() -> None:
    """The step in hand takes no notice of the first."""
    script = """
import signal, sys, time
from serving.cli.interrupt import stopped_by_ctrl_c

signal.signal(signal.SIGINT, signal.default_int_handler)

def deaf(told=False):
    while True:
        try:
            while True:
                told = told or not print("ready", flush=True)  # only in here is it deaf
                time.sleep(60)
        except KeyboardInterrupt:
            pass

with stopped_by_ctrl_c("regulars train"):
    deaf()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == f"{STOPPING}\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == f"regulars: stopped; {WHOLE}; run regulars train again\n"
        assert process.wait(timeout=LONGEST_SECONDS) == 130

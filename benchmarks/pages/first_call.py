"""From `make demo` in a fresh clone to the first marked call: seconds by a stopwatch, with a headless Chromium.

python -m benchmarks.pages.first_call [--folder FOLDER]

The clone is of the last commit and shares this checkout's environment, which a newcomer has made once. A person is
played who does what the demo's last lines say, opens the first row and marks that somebody was reached; what a person
takes for reading is not counted. The processor time beside the wall's tells how busy the machine was.
"""

from __future__ import annotations

import argparse
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.screenshots import BROWSERS, ROOT

MOST_SECONDS = 120.0  # what a newcomer may wait for the first call
LONGEST_SECONDS = 1_800.0
COMMAND, ADDRESS = "The list in a browser: ", "then open "


def main() -> None:
    """Print what each step took, and fail where all together took too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages.first_call", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to clone to, and to leave it; left out: a passing one")
    kept: Path | None = parser.parse_args().folder
    began, steps = time.monotonic(), list[tuple[str, float, float]]()
    with tempfile.TemporaryDirectory() as name:
        folder = (kept or Path(name)) / "regulars"
        _clone(folder)
        with _timed(steps, "make demo"):
            said = _run(["make", "-o", ".venv/.ready", "demo"], folder)
        command, address = _told(said, COMMAND), _told(said, ADDRESS)
        with _timed(steps, "serve until it answers"):
            server = subprocess.Popen(
                _in_environment(command), cwd=folder, stdout=subprocess.DEVNULL, stderr=sys.stderr
            )
            _wait_for(address, server)
        try:
            with _timed(steps, "open, look, mark"):
                marked = _mark_first(address)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(LONGEST_SECONDS)
    for step, seconds, cpu_seconds in steps:
        print(f"{step:24} {seconds:6.1f} s   processor {cpu_seconds:6.1f} s")
    total = sum(seconds for _, seconds, _ in steps)
    print(f"{'first marked call':24} {total:6.1f} s   ({marked}; {time.monotonic() - began:.0f} s with the clone)")
    sys.exit(total > MOST_SECONDS)


def _clone(folder: Path) -> None:
    _run(["git", "clone", "--quiet", "--local", str(ROOT), str(folder)], ROOT)
    (folder / ".venv").symlink_to(ROOT / ".venv")


def _run(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout


def _told(said: str, before: str) -> str:
    """Return the rest of a line that the demo says at its end."""
    return re.findall(rf"^{re.escape(before)}(.+)$", said, re.MULTILINE)[-1]


def _in_environment(command: str) -> list[str]:
    program, *rest = shlex.split(command)
    return [str(ROOT / ".venv" / "bin" / program), *rest]


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=10).close()
        except OSError:  # not there yet, or too busy to answer at once
            time.sleep(0.1)
        else:
            return
    sys.exit("the server does not answer")


def _mark_first(address: str) -> str:
    """Open the list and its first row, mark that the person was reached, and return what the page says then."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]).new_page()
        page.goto(address)
        page.locator("a.open").first.click()
        page.locator("button[name=outcome][value=reached]").click()
        said = page.locator(".notice.done").first.inner_text()
        return re.sub(r"\s+", " ", said).strip()


@contextmanager
def _timed(steps: list[tuple[str, float, float]], name: str) -> Iterator[None]:
    began, cpu = time.monotonic(), _cpu_seconds()
    yield
    steps.append((name, time.monotonic() - began, _cpu_seconds() - cpu))


def _cpu_seconds() -> float:
    """Return what this process and the children that it waited for have used."""
    used = (resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()

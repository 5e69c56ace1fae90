"""How long each test took when it last ran: `python -m tests.durations` fails for a long one that is not marked.

The run itself writes the durations into pytest's cache, so a fresh clone has none until `make test`.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).parents[1]
CACHE_KEY = "regulars/durations"
CACHE_FILE = ROOT / ".pytest_cache" / "v" / CACHE_KEY
MOST_SECONDS = 15.0
# What a test is believed to take that has never run here, and the files that took longest on 2026-11-30: enough for a
# good order in a fresh clone.
UNKNOWN_SECONDS, UNKNOWN_SLOW_SECONDS = 0.1, 20.0
LONG_FILES: Mapping[str, float] = {
    "tests/test_notebooks.py": 38,
    "tests/test_readme.py": 35,
    "tests/training/test_train.py": 30,
    "tests/serving/cli/test_cli.py": 28,
    "tests/serving/api/test_fuzz.py": 28,
    "tests/serving/test_service.py": 27,
    "tests/test_benchmarks.py": 27,
    "tests/serving/webhooks/test_delivery.py": 25,
    "tests/serving/book/test_trial.py": 23,
    "tests/serving/pages/browser/test_browser.py": 20,
    "tests/intake/test_cases.py": 18,
    "tests/features/engines/test_contract.py": 15,
    "tests/training/models/test_candidates.py": 15,
    "tests/laws/test_no_future.py": 13,
    "tests/serving/outreach/plan/test_plan.py": 12,
    "tests/serving/outreach/effect/test_effect.py": 11,
}


class Duration(TypedDict):
    """Seconds of a test alone, seconds with its fixtures, and whether it is marked as slow."""

    call: float
    whole: float
    slow: bool


Durations = dict[str, Duration]


def merged(before: Durations, now: Durations) -> Durations:
    """Return the durations of both, the later of each test, without tests that are gone."""
    return {test: duration for test, duration in (before | now).items() if is_there(test)}


def is_there(test: str) -> bool:
    """Return whether a test's file is there, and its function in it."""
    file, *_, name = test.split("::")
    name = re.sub(r"\[.*", "", name, flags=re.DOTALL).rpartition(".")[2]
    return name in _text(file)


@functools.cache
def _text(file: str) -> str:
    path = ROOT / file
    return f"{path.stem}\n{path.read_text(encoding='utf-8')}" if path.exists() else ""


def file_seconds(is_slow: Mapping[str, bool], known: Durations) -> dict[str, float]:
    """Return file → the seconds that its tests took here, or are believed to take.

    Args:
        is_slow: test → whether it is marked so.
        known: what was measured here.
    """
    measured, seconds = {file_of(test) for test in known}, defaultdict[str, float](float)
    for test, slow in is_slow.items():
        unknown = UNKNOWN_SLOW_SECONDS if slow else UNKNOWN_SECONDS
        seconds[file_of(test)] += known[test]["whole"] if test in known else unknown
    for file in LONG_FILES.keys() - measured:
        seconds[file] = max(seconds[file], LONG_FILES[file])
    return seconds


def file_of(test: str) -> str:
    """Return the file of a test.

    >>> file_of("tests/test_a.py::TestB::test_c[d]")
    'tests/test_a.py'
    """
    return test.partition("::")[0]


def recorded() -> Durations:
    """Return what is known of the tests that are there; nothing before the first run."""
    if not CACHE_FILE.exists():
        return {}
    known: Durations = json.loads(CACHE_FILE.read_text(encoding="utf-8"))
    return merged({}, known)


def too_long(durations: Durations) -> list[str]:
    """Return a line for each unmarked test that took too long, the longest first.

    >>> too_long({"a": {"call": 16.0, "whole": 17.0, "slow": False}, "b": {"call": 99.0, "whole": 99.0, "slow": True}})
    [' 16.0 s  a']
    """
    found = [(each["call"], test) for test, each in durations.items() if not each["slow"]]
    return [f"{seconds:5.1f} s  {test}" for seconds, test in sorted(found, reverse=True) if seconds > MOST_SECONDS]


def main() -> int:
    """Print what took too long; 1 if anything did."""
    durations = recorded()
    lines = too_long(durations)
    if not durations:
        print("no durations of tests yet: make test records them")
    for line in lines:
        print(line)
    if lines:
        print(f"these tests took more than {MOST_SECONDS:.0f} seconds: make them faster, or mark them as slow")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())

"""How all tests run: Hypothesis profiles, the order of files, and what is remembered of how long each test took."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.doctest import DoctestItem, DoctestModule
from hypothesis import HealthCheck, settings

from tests.durations import CACHE_KEY, Durations, file_of, file_seconds, merged

# No deadline: the first query of a run compiles much, and a busy machine is no error of the code. Random shops are
# large examples, so they generate slowly. Derandomised: the same commit gives the same verdict; the profile `long`,
# by HYPOTHESIS_PROFILE=long when an engine was touched, looks for new cases.
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", deadline=None, max_examples=20, derandomize=True, suppress_health_check=QUIET)
settings.register_profile("long", deadline=None, max_examples=1_000, suppress_health_check=QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# A worker a core: threads of the linear algebra would wait for each other, awake, beside tests that need the core. They
# are counted when NumPy is imported, which is later, and in whatever process a test starts.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

_SECONDS: Durations = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up how long each test took; its call stands apart, as a fixture's cost falls on whoever asks first."""
    known = _SECONDS.setdefault(report.nodeid, {"call": 0.0, "whole": 0.0, "slow": "slow" in report.keywords})
    known["whole"] = round(known["whole"] + report.duration, 3)
    if report.when == "call":
        known["call"] = round(report.duration, 3)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remember the durations; the workers leave that to the process that started them."""
    cache = getattr(session.config, "cache", None)
    if cache is not None and _SECONDS and not hasattr(session.config, "workerinput"):
        cache.set(CACHE_KEY, merged(cache.get(CACHE_KEY, {}), _SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for examples only where there are some: a module without one would be searched object by object."""
    collectors = yield
    if file_path.suffix == ".py" and ">>>" not in file_path.read_text(encoding="utf-8"):
        return [each for each in collectors if not isinstance(each, DoctestModule)]
    return collectors


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let every second worker begin at the other end: what one has compiled, the next only reads."""
    report = yield
    if isinstance(collector, pytest.Directory) and os.environ.get("PYTEST_XDIST_WORKER", "0")[-1] in "13579":
        report.result.reverse()
    return report


def pytest_collection_finish() -> None:
    """What is imported and collected stays until the end, so the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """At the exit everything is let go in order again; a library complains of what is not."""
    gc.unfreeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no worker is left alone with one at the end.

    All workers have to name the tests in the same order, in whichever they found the files.
    """
    if not hasattr(config, "workerinput"):
        return
    cache = getattr(config, "cache", None)
    known: Durations = cache.get(CACHE_KEY, {}) if cache is not None else {}
    is_slow = {item.nodeid: item.get_closest_marker("slow") is not None for item in items}
    seconds = file_seconds(is_slow, known)
    items.sort(key=lambda item: (-seconds[file_of(item.nodeid)], file_of(item.nodeid), isinstance(item, DoctestItem)))

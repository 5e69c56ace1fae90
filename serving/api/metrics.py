"""Metrics for Prometheus: how long answers take, which model serves and how well, its bands, and the age of the data.

With several workers each writes its counts to files of the server, and whichever is asked adds them up.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from serving.book import Run

    Bands = tuple[Run, dict[str, int]]

SHARED = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BESIDE = "regulars_metrics"
LOG = logging.getLogger("regulars.serving")
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counts of one worker."""

    def __init__(self) -> None:
        if os.environ.get(SHARED):
            os.environ[SHARED] = str(folder_of_server(Path(os.environ[SHARED])))
        # Imported late: it looks for the shared folder when it is first imported.
        from prometheus_client import CollectorRegistry, Histogram

        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "regulars_request_seconds",
            "Time from a request's head to its answer's end.",
            ("method", "path", "status"),
            buckets=BUCKETS_SECONDS,
            registry=self._registry,
        )

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answer; a count that cannot be written must not cost the answer."""
        known = method if method in ("GET", "POST", "DELETE") else "other"
        try:
            self._seconds.labels(known, path, str(status)).observe(seconds)
        except OSError as error:  # the folder is gone, or the disk is full
            LOG.debug("not counted: %s", error.strerror)

    def text(
        self, bands: Bands | None, version: str | None, today: date | None, watch: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return all metrics in the text format of Prometheus.

        Args:
            bands: the latest run and its customers by band; None = no run yet.
            version: of the model that serves; None = none.
            today: the shop's date.
            watch: the document of the last watch; None or empty = there was none.
        """
        from prometheus_client import generate_latest

        return generate_latest(self._all_workers()) + generate_latest(_facts(bands, version, today, watch or {}))

    def _all_workers(self) -> CollectorRegistry:
        if not os.environ.get(SHARED):
            return self._registry
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return shared


def folder_of_server(shared: Path) -> Path:
    """Return the folder for the counts of this server's workers, and remove those of servers that have ended.

    BentoML gives all servers of a machine the same folder, which would add up the requests of other servers, and
    empties it whenever one of them starts. Our folders lie beside it.

    Args:
        shared: BentoML's folder, or one that this function returned before in the same process.
    """
    own = f"server-{os.getppid()}"
    if shared.name == own:
        return shared
    folder = shared.with_name(BESIDE) / own
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.parent.glob("server-*"):
        if not _is_alive(int(other.name.removeprefix("server-"))):
            shutil.rmtree(other, ignore_errors=True)
    return folder


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _facts(bands: Bands | None, version: str | None, today: date | None, watch: Mapping[str, Any]) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector

    class Facts(Collector):
        """Values of now, read when asked for: with plain gauges the workers' values would be added up."""

        def collect(self) -> list[Metric]:
            model = GaugeMetricFamily("regulars_model", "1 for the version that serves.", labels=["version"])
            if version is not None:
                model.add_metric([version], 1)
            return [model, *(() if bands is None else _of_run(*bands)), *(_of_watch() if watch else ())]

    def _of_run(run: Run, counts: dict[str, int]) -> list[Metric]:
        scores = GaugeMetricFamily("regulars_scores", "Customers of the latest run by band.", labels=["band"])
        for band, count in counts.items():
            scores.add_metric([band], count)
        age = GaugeMetricFamily("regulars_data_age_days", "Days from the last day that the latest run knows to today.")
        age.add_metric([], 0 if today is None else (today - run.as_of).days + 1)
        return [scores, age]

    def _of_watch() -> list[Metric]:
        quality = GaugeMetricFamily(
            "regulars_quality",
            "How good the latest run is expected to be, and how good the last one was whose horizon has ended.",
            labels=["measure", "is"],
        )
        for labels, value in watched_quality(watch):
            quality.add_metric(labels, value)
        alarms = GaugeMetricFamily("regulars_alarms", "Alarms of the last regulars watch by kind.", labels=["kind"])
        for kind, count in Counter(alarm["kind"] for alarm in watch["alarms"]).items():
            alarms.add_metric([kind], count)
        age = GaugeMetricFamily("regulars_watch_age_days", "Days from the day of the last regulars watch to today.")
        age.add_metric([], 0 if today is None else (today - date.fromisoformat(watch["as_of"])).days)
        return [quality, alarms, age]

    registry = CollectorRegistry()
    registry.register(Facts())
    return registry


def watched_quality(watch: Mapping[str, Any]) -> Iterator[tuple[list[str], float]]:
    """Yield the measures of a watch: labels, which are the measure and what its value is, and the value.

    >>> now = {"expected": {"auroc": {"value": 0.8, "low": 0.7, "high": None}}}
    >>> [labels for labels, _ in watched_quality({"now": now, "runs": []})]
    [['auroc', 'expected'], ['auroc', 'expected_low']]
    """
    expected = (watch["now"] or {}).get("expected", {})
    names = {"value": "expected", "low": "expected_low", "high": "expected_high"}
    for measure, ends in expected.items():
        yield from (([measure, name], float(ends[end])) for end, name in names.items() if ends[end] is not None)
    ended = [run["realised"] for run in watch["runs"] if run["realised"]]
    for measure, value in (ended[-1] if ended else {}).items():
        if value is not None:
            yield [measure, "realised"], float(value)

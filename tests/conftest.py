"""What tests of several packages share: tracking folders whose MLflow database has its schema already."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.once import once
from training.tracking import Tracking


def _with_schema(folder: Path) -> None:
    with Tracking(folder)._open() as client:
        client.search_experiments()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose MLflow database has its schema; making one costs seconds, copying it none."""
    return once(tmp_path_factory, "template", _with_schema)


@pytest.fixture(scope="session")
def tracking_in(template: Path) -> Callable[[Path], Tracking]:
    """Make a tracking folder from the template."""

    def make(folder: Path) -> Tracking:
        shutil.copytree(template / "mlruns", folder / "mlruns")
        return Tracking(folder)

    return make

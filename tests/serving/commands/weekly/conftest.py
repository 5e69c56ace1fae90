"""A shop in its second month: a champion that learnt from the first, and the next export beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.once import once
from tests.serving.conftest import PASSED, SmallShop
from training.models.calibration import Calibration
from training.tracking import CHALLENGER, CHAMPION, Record, Tracking

NEW_DAYS = 40


def split_orders(folder: Path, day: str) -> None:
    """Leave the orders before a day in orders.csv, and put the others into later.csv, the next export."""
    head, *rows = (folder / "orders.csv").read_text(encoding="utf-8").splitlines()
    at = head.split(",").index("ordered_at")
    for name, later in (("orders.csv", False), ("later.csv", True)):
        some = [row for row in rows if (row.split(",")[at][:10] >= day) == later]
        (folder / name).write_text("\n".join([head, *some]) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def second_month(
    shop: SmallShop, tracking_in: Callable[[Path], Tracking], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Its folder: orders of some 460 days, later.csv with the 40 days since, and a champion that is easily replaced."""

    def make(folder: Path) -> None:
        shop.copy_files(folder)
        until = shop.as_of - timedelta(NEW_DAYS)
        split_orders(folder, until.isoformat())
        with (folder / "regulars.toml").open("a", encoding="utf-8") as toml:
            toml.write(f'\n[serve]\ntoday = {shop.as_of}\n\n[retrain]\nbudget = "quick"\n')
        tracking, empty = tracking_in(folder), dict[str, Any]()
        run_id = tracking.record(Record("test", empty, empty, empty, "digest", empty, empty, empty))
        # So sure of nothing that whatever is trained next is better.
        champion = replace(shop.bundles["logistic"], trained_until=until, calibration=Calibration("platt", 0.02, 0.0))
        tracking.register(run_id, champion, [CHAMPION, CHALLENGER], {**PASSED, "gate_against": ""})
        tracking.finish(run_id)

    return once(tmp_path_factory, "second-month", make)


@pytest.fixture
def month(second_month: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(second_month, tmp_path / "shop"))

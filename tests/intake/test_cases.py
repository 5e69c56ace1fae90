"""Files as people send them: each folder of cases/ is read as a newcomer does it, and holds the right values.

A file may be refused or asked about only where its `case.toml` says so. The likely answer of a question is taken, so
that it has to be the right one.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.build import feature_table
from features.clock import date_of
from features.definitions import default_features
from features.errors import InputError
from features.log import Log, Stream
from features.machine import this_machine
from features.money import Money
from features.sources.partitions.read import read_partitions
from features.sources.reader import CheckReport, check_files
from serving.config import Settings, load_settings
from tests.laws.test_partitions_agree import same_sheet
from tests.serving.conftest import regulars

CASES = Path(__file__).with_name("cases")
TAKEN = "Taken, as likely:"


def _cases() -> Iterator[Any]:
    """Yield the folders; whoever makes a case right takes `not_yet` out of its `case.toml`."""
    late = pytest.mark.xfail(strict=True, reason="not read right yet")
    for folder in sorted(CASES.iterdir()):
        yield pytest.param(folder, id=folder.name, marks=[late] if _case(folder).get("not_yet") else [])


def _case(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class ReadShop:
    """A shop as it was read: its settings, its log, and all that `init` and `check` printed."""

    settings: Settings
    log: Log
    printed: str

    def stream(self, name: str) -> Stream:
        """Return a stream of the log."""
        return self.log.streams[name]

    def money(self, minor_units: int) -> Decimal:
        """Return minor units as the shop writes them."""
        return Decimal(minor_units).scaleb(-Money(self.settings.shop.currency).decimals)

    @cached_property
    def buyers(self) -> list[str]:
        """The customers with an order."""
        counts = np.diff(self.stream("orders").starts)
        return [str(name) for name, days in zip(self.log.customer_ids, counts, strict=True) if days]

    def spend_in(self, month: str) -> Decimal:
        """Return what was spent in a month, written 2026-01."""
        orders = self.stream("orders")
        inside = np.array([date_of(int(day)).isoformat().startswith(month) for day in orders.day], dtype=bool)
        return self.money(int(orders.columns["spend"][inside].sum()))


@pytest.mark.parametrize("folder", list(_cases()))
def test_case(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    reports: list[CheckReport],
) -> None:
    case = _case(folder)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    code = _read(case)
    printed = "".join(capsys.readouterr())
    if "questions_at_most" in case.get("expect", {}):
        assert printed.count(TAKEN) <= case["expect"]["questions_at_most"], printed
    if "refused" in case:
        assert code == 2
        assert re.search(case["refused"], printed), printed
        return
    assert code == 0, printed
    (report,) = reports
    assert report.log is not None
    shop = ReadShop(load_settings(tmp_path / "regulars.toml"), report.log, printed)
    _compare(shop, case)
    if "whole_only" in case:
        with pytest.raises(InputError, match=case["whole_only"]):
            _compare_in_partitions(shop.settings, report, tmp_path / "partitions")
    elif not case.get("set_aside"):  # in partitions no row is
        _compare_in_partitions(shop.settings, report, tmp_path / "partitions")


def _compare_in_partitions(settings: Settings, report: CheckReport, folder: Path) -> None:
    """Fail unless partitions hold the same customers, spend and sheet."""
    folder.mkdir()
    found = read_partitions(settings.shop, settings.orders, settings.events, folder, 3, this_machine(1, 2))
    assert report.log is not None
    assert report.sheet is not None
    same_sheet(found.sheet, report.sheet)
    logs = list(found.logs())
    parts = [(who, *_digests(log, at)) for log in logs for at, who in enumerate(log.customer_ids)]
    whole = [(who, *_digests(report.log, at)) for at, who in enumerate(report.log.customer_ids)]
    assert sorted(parts) == whole


def _digests(log: Log, customer: int) -> list[list[int]]:
    """Return all numbers of one customer but the codes of texts, which other logs number otherwise."""
    one = log.slice(customer, customer + 1)
    coded = ("product", "code")
    columns = {(name, column): stream.columns[column] for name, stream in sorted(one.streams.items())
               for column in stream.columns if column not in coded}  # fmt: skip
    return [sorted(values.tolist()) for _, values in sorted(columns.items())]


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[CheckReport]:
    """What `check` read, so that nothing is read once more for the comparison."""
    found: list[CheckReport] = []

    def remembered(*files: Any, **limits: Any) -> CheckReport:
        found.append(check_files(*files, **limits))
        return found[-1]

    monkeypatch.setattr("serving.commands.data.check.check_files", remembered)
    return found


def _read(case: dict[str, Any]) -> int:
    """Return the last exit code of `init` and `check`."""
    return regulars("init", *case["init"], "--yes", *_answers(case)) or regulars("check")


def _answers(case: dict[str, Any]) -> list[str]:
    """Return the options with which whoever runs `init` answers questions."""
    return ["--set-aside"] if case.get("set_aside") else []


def _compare(shop: ReadShop, case: dict[str, Any]) -> None:
    expected, orders = case["expect"], shop.stream("orders")
    found: dict[str, Any] = {
        "customers": len(shop.buyers),
        "orders": int(orders.columns["orders"].sum()),
        "spend": shop.money(int(orders.columns["spend"].sum())),
        "returned": shop.money(int(shop.stream("returns").columns["returned"].sum())),
        "currency": shop.settings.shop.currency,
    }
    for name, value in found.items():
        if name in expected:
            right = expected[name] if isinstance(expected[name], list) else [expected[name]]
            right = [Decimal(each) for each in right] if isinstance(value, Decimal) else right
            assert value in right, f"{name}\n{shop.printed}"
    assert set(expected.get("customer_ids", ())) <= set(shop.buyers), shop.printed
    for month, spend in expected.get("spend_by_month", {}).items():
        assert shop.spend_in(month) == Decimal(spend), f"{month}\n{shop.printed}"
    for row in case.get("features", ()):
        _compare_features(shop, dict(row))


def _compare_features(shop: ReadShop, row: dict[str, Any]) -> None:
    as_of, customer = date.fromisoformat(row.pop("as_of")), row.pop("customer")
    table = feature_table(shop.log, [as_of], default_features()).set_index("customer_id")
    assert table.loc[customer, list(row)].to_dict() == row, shop.printed

"""`regulars backtest`: how well the candidates do on dates they have not seen, told, and written to a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.atomic_write import whole
from features.clock import day_number
from features.log import Ints, Log, Texts
from serving.commands.models.list_size import list_size
from serving.config import Settings
from serving.customers import segments_of
from serving.scores import HIGH_FROM, MEDIUM_FROM
from serving.shop import features_of, read
from training.backtest.backtest import Progress, backtest
from training.backtest.random_split import random_split_auroc, snapshots
from training.backtest.report import Report, report
from training.backtest.report_text import markdown
from training.backtest.results import Backtest
from training.backtest.segments import by_segment as members_by_segment
from training.backtest.segments import new_and_regulars
from training.plots.backtest import report_figures
from training.plots.canvas import write_figures

PRODUCT_BANDS = {"low": 0.0, "medium": MEDIUM_FROM, "high": HIGH_FROM}
DOCUMENT, PAGE = "report.json", "report.md"


@dataclass(frozen=True, eq=False)
class Backtested:
    """A backtest, and the log behind it."""

    backtest: Backtest
    log: Log


@dataclass(frozen=True, eq=False)
class Told:
    """A backtest, what it says of the chosen candidate, and the files that show it.

    Args:
        backtest: every candidate on every date.
        report: of the chosen one.
        files: pictures, document and page; none where no folder was named.
        notes: what a reader should know first.
    """

    backtest: Backtest
    report: Report
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        files = [str(file) for file in self.files]
        return {**self.backtest.to_dict(), "report": self.report.to_dict(), "files": files}


def tell_backtest(
    settings: Settings,
    until: date | None,
    progress: Progress,
    *,
    by_segment: bool = False,
    random_split: bool = False,
    out: Path | None = None,
) -> Told:
    """Measure the candidates on dates that they have not seen, and say how well the chosen one does.

    Args:
        settings: the shop's.
        until: orders on or after this date do not exist.
        progress: is called before each step.
        by_segment: measure each segment of the customers file too.
        random_split: also say what a random split would have claimed.
        out: the folder for pictures, report.json and report.md; None for none.

    Raises:
        InputError: files that cannot be read or written, or no segments.
    """
    segment_of = segments_of(settings) if by_segment else {}
    size, why = list_size(settings)
    tested = run_backtest(settings, until, progress)
    told = report(
        tested.backtest,
        list_size=size,
        list_why=why,
        product_bands=PRODUCT_BANDS,
        members=_members(tested, segment_of),
        random_split=_claimed(tested, until, progress) if random_split else None,
    )
    files = () if out is None else write_report(tested.backtest, told, out, size)
    return Told(tested.backtest, told, files, settings.said_auto(tested.backtest.definition))


def run_backtest(settings: Settings, until: date | None, progress: Progress) -> Backtested:
    """Measure the candidates on dates that they have not seen."""
    log = read(settings, until=until).log
    return Backtested(backtest(log, settings.definition_for(log), until=until, progress=progress), log)


def _members(tested: Backtested, segment_of: dict[str, str]) -> dict[str, list[Any]]:
    dates = tested.backtest.candidates[tested.backtest.chosen].by_date
    ids = [result.customer_id for result in dates]
    days = [order_days(tested.log, result.customer_id, day_number(result.test_date)) for result in dates]
    return {**new_and_regulars(days), **(members_by_segment(segment_of, ids) if segment_of else {})}


def order_days(log: Log, customer_id: Texts, as_of: int) -> Ints:
    """Return on how many days each customer had ordered before a day number."""
    orders = log.streams["orders"]
    counts = np.bincount(orders.customer[orders.day < as_of], minlength=log.n_customers)
    return np.asarray(counts[pd.Index(log.customer_ids).get_indexer(pd.Index(customer_id))], dtype=np.int64)


def _claimed(tested: Backtested, until: date | None, progress: Progress) -> float:
    progress(0, 1, "what a random split would have claimed")
    log, definition = tested.log, tested.backtest.definition
    return random_split_auroc(snapshots(log, definition, features_of(log), until))


def write_report(backtest: Backtest, told: Report, out: Path, size: int | None) -> tuple[Path, ...]:
    """Write the pictures, report.json and report.md to a folder, each whole or not at all.

    Raises:
        InputError: the folder cannot be written to.
    """
    pictures = write_figures(report_figures(backtest, told), out)
    document = {**backtest.to_dict(), "report": told.to_dict()}
    text = {
        DOCUMENT: json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n",
        PAGE: markdown(told, backtest.why, [picture.name for picture in pictures]),
    }
    for name, content in text.items():
        with whole(out / name) as half:
            half.write_text(content, encoding="utf-8")
    return (*pictures, *(out / name for name in text))

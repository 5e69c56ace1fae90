"""`regulars backtest`: how well the candidates do on dates that they have not seen, on the screen and in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.file_access import OWNER_ONLY, Access
from serving.commands.models.candidates import candidate_lines
from serving.commands.models.fairness import fairness_lines, groups_of
from serving.commands.models.killed_runs import close_killed
from serving.commands.models.list_size import list_size
from serving.commands.models.lost_models import refuse_lost_models
from serving.commands.models.sources import sources_of
from serving.commands.result import Table
from serving.scores import HIGH_FROM, MEDIUM_FROM
from serving.shop import OpenShop
from training.backtest.backtest import backtest_candidates
from training.backtest.fairness.report import Columns, Fairness, fairness
from training.backtest.fairness.rows import judged_rows
from training.backtest.random_split import random_split_auroc, snapshots
from training.backtest.report import Report, report
from training.backtest.report_text import (
    DATE_COLUMNS,
    SEGMENT_COLUMNS,
    band_lines,
    date_rows,
    markdown,
    season_lines,
    segment_rows,
)
from training.backtest.results import Backtest
from training.backtest.segments import members_of
from training.backtest.steps import Progress, no_progress
from training.budget import sample
from training.plots.backtest import report_figures
from training.plots.canvas import write_figures
from training.record.backtest_run import record_backtest
from training.splits import labels_end
from training.tracking import Run, Stages
from training.tracking.records import BACKTEST, BACKTEST_EXPERIMENT

PRODUCT_BANDS = {"low": 0.0, "medium": MEDIUM_FROM, "high": HIGH_FROM}
DOCUMENT, PAGE = "report.json", "report.md"


@dataclass(frozen=True, eq=False)
class Backtested:
    """A backtest, the report of the chosen candidate, and the files that show it.

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

    def lines(self) -> Iterator[str | Table]:
        """Say how the candidates compare and how well the chosen one does: grade, bands, list, dates, segments."""
        result, report = self.backtest, self.report
        yield from self.notes
        yield from candidate_lines(result)
        yield from ("", result.why, *result.notes, *report.grade.lines, *report.warnings)
        yield from ("", f"what {report.candidate} said, over all test dates (a customer counts once on each):", "")
        yield from (*(f"  {line}" for line in band_lines(report)), "", *report.shortlist.lines)
        yield from ("", "date by date:", "", Table(DATE_COLUMNS, date_rows(report)))
        yield from ("", *season_lines(report), "")
        yield from ("by segment (! = said lies outside the interval of what left):", "")
        yield Table(SEGMENT_COLUMNS, segment_rows(report))
        yield from fairness_lines(report.fairness)
        if self.files:
            yield from ("", f"written to {self.files[0].parent}: {', '.join(path.name for path in self.files)}")


def run_backtest(
    shop: OpenShop,
    progress: Progress = no_progress,
    *,
    by: Sequence[str] = (),
    by_segment: bool = False,
    random_split: bool = False,
    out: Path | None = None,
    record: bool = True,
) -> Backtested:
    """Measure the candidates on dates that they have not seen, and say how well the chosen one does.

    Args:
        shop: the open shop.
        progress: is called before each step.
        by: columns of the customers file, by whose groups it is looked whether one is served worse; without any those
            of [fairness], or the usual ones.
        by_segment: measure each segment of the customers file too.
        random_split: also say what a random split would have claimed.
        out: the folder for pictures, report.json and report.md; None for none.
        record: whether the backtest becomes a run in MLflow.

    Raises:
        InputError: files that cannot be read or written, or no segments.
        LostModels: it is to be recorded, and the registry of a shop that had models is gone or empty.
    """
    if by_segment:
        shop.customers.need("segment")
    access, stages = shop.settings.files.access(), Stages()
    with stages("read"):
        groups = groups_of(shop, by)
        size, why = list_size(shop)
        some = sample(shop.log, shop.definition, shop.until)
    with _run(shop, stages, record=record) as run:
        with stages("backtest"):
            country, until = shop.settings.shop.country, shop.until
            tested = backtest_candidates(some.log, shop.definition, until=until, country=country, progress=progress)
            tested = replace(tested, share=some.share, notes=(*some.notes, *tested.notes))
        with stages("report"):
            found = report(
                tested,
                list_size=size,
                list_why=why,
                product_bands=PRODUCT_BANDS,
                members=_members(shop, tested, by_segment=by_segment),
                random_split=_random_split_auroc(shop, progress) if random_split else None,
                fairness=_fairness(shop, tested, groups, size),
            )
        if run is not None:
            progress(0, 1, "recording in MLflow")
            record_backtest(run, shop.log, tested, found, shop.settings.money, sources_of(shop), _asked(shop))
    files = () if out is None else write_report(tested, found, out, access)
    return Backtested(tested, found, files, shop.settings.auto_note(shop.definition))


@contextmanager
def _run(shop: OpenShop, stages: Stages, *, record: bool) -> Iterator[Run | None]:
    """Give the run in MLflow that the work lies in; None where it is not to be recorded."""
    if not record:
        yield None
        return
    tracking = shop.settings.tracking()
    refuse_lost_models(shop, tracking)
    close_killed(shop)
    with tracking.run("backtest", BACKTEST_EXPERIMENT, BACKTEST, stages=stages) as run:
        yield run


def _asked(shop: OpenShop) -> dict[str, str]:
    """Return the days that were named, by which what is known was cut off."""
    days = {"until": shop.until, "known_at": shop.known_at}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def _members(shop: OpenShop, tested: Backtest, *, by_segment: bool) -> dict[str, list[Any]]:
    dates = tested.candidates[tested.chosen].by_date
    return members_of(shop.log, dates, shop.customers.segment_of if by_segment else {})


def _fairness(shop: OpenShop, tested: Backtest, groups: Columns, size: int | None) -> Fairness | None:
    if not groups:
        return None
    end = labels_end(shop.log, shop.until)
    return fairness(judged_rows(tested, tested.chosen, shop.log, end, size), groups)


def _random_split_auroc(shop: OpenShop, progress: Progress) -> float:
    progress(0, 1, "what a random split would have claimed")
    return random_split_auroc(snapshots(shop.log, shop.definition, shop.features, shop.until))


def write_report(backtest: Backtest, found: Report, out: Path, access: Access = OWNER_ONLY) -> tuple[Path, ...]:
    """Write the pictures, report.json and report.md to a folder, each whole or not at all.

    Raises:
        InputError: the folder cannot be written to.
    """
    pictures = write_figures(report_figures(backtest, found), out, access)
    document = {**backtest.to_dict(), "report": found.to_dict()}
    text = {
        DOCUMENT: json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n",
        PAGE: markdown(found, backtest.why, [picture.name for picture in pictures]),
    }
    for name, content in text.items():
        with whole(out / name, access) as half:
            half.write_text(content, encoding="utf-8")
    return (*pictures, *(out / name for name in text))

"""A report in words, as rows of tables, and as one Markdown page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from training.backtest.bands import between
from training.backtest.fairness.report import Fairness
from training.backtest.fairness.words import fairness_rows, table_head, verdict, warnings_of
from training.backtest.report import Level, Report
from training.backtest.segments import Segment
from training.metrics import Z_95

DATE_COLUMNS = (
    *("test date", "customers", "left", "said", "forecast, 95%"),
    *("AUROC", "log loss", "Brier", "ECE", "by chance"),
)
SEGMENT_COLUMNS = (
    *("segment", "customers", "left", "95%", "said"),
    *("AUROC", "95%", "Brier", "ECE", "by chance"),
)
OFF = "!"


def band_lines(report: Report) -> Iterator[str]:
    """Yield predicted against observed churn of each band, and the calibration error of all dates together."""
    yield from (band.sentence for band in report.bands)
    yield from (band.sentence for band in report.product_bands if band.customers)
    beyond = report.ece > report.floor.most
    chance = "more than chance shows" if beyond else "no more than chance shows"
    yield (
        f"all dates together: ECE {report.ece:.3f}; a perfect model would show {report.floor.mean:.3f} by chance, "
        f"rarely more than {report.floor.most:.3f}: {chance}"
    )


def date_rows(report: Report) -> list[list[str]]:
    """Return the table of test dates."""
    return [
        [
            str(date.test_date),
            f"{date.customers:,}",
            f"{date.base_rate:.1%}",
            f"{date.predicted:.1%}",
            "–" if date.level is None else _level(date.level),
            *(f"{date.metrics[name]:.3f}" for name in ("auroc", "log_loss", "brier", "ece")),
            f"{date.ece_floor:.3f}",
        ]
        for date in report.dates
    ]


def _level(level: Level) -> str:
    return f"{between((level.low, level.high))}{'' if level.is_inside else f' {OFF}'}"


def season_lines(report: Report) -> Iterator[str]:
    """Yield how good the season's forecast of the churn rate was."""
    levels = [date.level for date in report.dates if date.level is not None]
    if levels:
        inside = sum(level.is_inside for level in levels)
        yield (
            f"the season's forecast of the level held on {inside} of {len(levels)} dates; in log-odds "
            f"{_signed(level.shift for level in levels)} (± {Z_95 * levels[-1].uncertainty:.2f}) was forecast, "
            f"{_signed(level.turned_out for level in levels)} would have been right"
        )


def _signed(values: Iterable[float]) -> str:
    return ", ".join(f"{round(value, 2) + 0.0:+.2f}" for value in values)  # + 0.0 makes −0.00 a +0.00


def segment_rows(report: Report) -> list[list[str]]:
    """Return the table of segments; a mark says that the prediction lies outside the observed interval."""
    return [_segment_row(segment) for segment in report.segments]


def _segment_row(segment: Segment) -> list[str]:
    low, high = segment.auroc_interval
    ranks = segment.auroc == segment.auroc
    return [
        segment.name,
        f"{segment.customers:,}",
        f"{segment.base_rate:.1%}",
        between(segment.base_rate_interval),
        f"{segment.predicted:.1%}{f' {OFF}' if segment.is_off else ''}",
        f"{segment.auroc:.3f}" if ranks else "–",
        f"{low:.3f}–{high:.3f}" if ranks else "–",
        f"{segment.brier:.3f}",
        f"{segment.ece:.3f}",
        f"{segment.floor.mean:.3f}",
    ]


def markdown(report: Report, why: str, pictures: Sequence[str] = ()) -> str:
    """Return the report as one Markdown page.

    Args:
        report: the report.
        why: why this candidate was chosen.
        pictures: names of the PNG files beside the page.
    """
    parts = [
        f"# How well {report.candidate} is doing",
        *([f"**Grade {report.grade.words}.**", *report.grade.lines[1:], f"{why}.", *report.warnings]),
        "## Of those we called",
        "\n".join(f"- {line}" for line in band_lines(report)),
        "A customer counts once for each test date.",
        "## A list as long as the shop can handle",
        *report.shortlist.lines,
        "## Date by date",
        markdown_table(DATE_COLUMNS, date_rows(report)),
        *season_lines(report),
        *(["## By segment", markdown_table(SEGMENT_COLUMNS, segment_rows(report))] if report.segments else []),
        *(() if report.fairness is None else _fairness_parts(report.fairness)),
        *(f"![{name.removesuffix('.png')}]({name})" for name in pictures),
    ]
    return "\n\n".join(parts) + "\n"


def _fairness_parts(found: Fairness) -> Iterator[str]:
    yield "## Is a group served worse?"
    yield f"{verdict(found)}."
    yield from (f"- {words}" for words in warnings_of(found))
    yield from (markdown_table(table_head(name), fairness_rows(groups)) for name, groups in found.columns.items())


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown: the first column left, the others right.

    >>> print(markdown_table(("name", "rows"), [["a|b", "2"]]))
    | name | rows |
    | --- | ---: |
    | a/b | 2 |
    """
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)

"""The model card: whom a model speaks of, what churn is, what it learnt from, how true it is, and what it is not for.

Its parts are those of Mitchell et al. (2019), "Model Cards for Model Reporting". It is written from the same report as
the terminal and the pages, and names nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from training.backtest.fairness.words import verdict
from training.backtest.report import Report
from training.backtest.report_text import SEGMENT_COLUMNS, band_lines, markdown_table, segment_rows
from training.backtest.results import Backtest
from training.bundle import Bundle
from training.gate import OLD_HORIZONS
from training.tracking.sources import Source

CALIBRATION_PICTURE = "reliability"
_MEASURES = {"auroc": "AUROC", "log_loss": "log loss, nats", "brier": "Brier", "ece": "calibration error (ECE)"}
NOT_FOR = (
    "It says who is likely to stop buying, not who can be won back, nor why: what a call brings is measured with a "
    "holdout (`regulars effect`).",
    "It must not decide about credit, prices, terms or whether somebody is served, nor judge those who look after "
    "customers. No decision with legal or similarly significant effects may rest on it alone (GDPR, Article 22).",
    "It is no model of contracts, where somebody who leaves says so, and no model of another shop.",
)


def model_card(bundle: Bundle, tested: Backtest | None, report: Report | None, sources: Sequence[Source]) -> str:
    """Return the card of a model as Markdown; the calibration picture lies beside it.

    Args:
        bundle: the model.
        tested: the backtest; None where the log is too short for one.
        report: how well the candidate is doing; None where there was no backtest.
        sources: the data that it was made of.
    """
    known = bundle.definition
    parts = [
        f"# Model card: {bundle.candidate}, {known.horizon_days} days",
        f"{bundle.why}.",
        "## What it says",
        f"For each customer of the population, the probability of no order on the {known.horizon_days} days from a day "
        "on, calibrated; the probability that the customer has left; what the customer would spend if retained.",
        "## Population and churn",
        f"- **Population**: customers with at least one order in the last {known.active_days} days. It says nothing of "
        f"anybody else.\n- **Churned**: no order within {known.horizon_days} days.",
        "## What it learnt from",
        *_data(bundle, sources),
        *_quality(tested, report),
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(bundle, tested)),
        "## What it must not be used for",
        "\n".join(f"- {use}" for use in NOT_FOR),
    ]
    return "\n\n".join(parts) + "\n"


def _data(bundle: Bundle, sources: Sequence[Source]) -> Iterator[str]:
    first, last = bundle.training_dates[0], bundle.training_dates[-1]
    kinds = ", ".join(kind.name for kind in bundle.features.kinds) or "none"
    yield (
        f"{len(bundle.features)} features of orders (events: {kinds}; attributes: "
        f"{', '.join(bundle.features.attributes) or 'none'}), looked at on {len(bundle.training_dates)} dates from "
        f"{first} to {last}. Nothing on or after {bundle.trained_until} was known. Amounts are in "
        f"{bundle.shop.currency}, days those of {bundle.shop.zone}."
    )
    rows = [[each.name, _count(each.rows), _span(each), each.digest[:12] or "–"] for each in sources]
    if rows:
        yield markdown_table(("data", "rows", "days", "fingerprint"), rows)


def _count(rows: int | None) -> str:
    return "–" if rows is None else f"{rows:,}"


def _span(source: Source) -> str:
    return "–" if source.first_day is None else f"{source.first_day} to {source.last_day}"


def _quality(tested: Backtest | None, report: Report | None) -> Iterator[str]:
    yield "## How true it is"
    if tested is None or report is None:
        yield "Unknown: the history is too short to judge it on a date that it had not seen."
        return
    days = [split.test_date for split in tested.splits]
    seen = "on dates that it had not seen" if tested.in_time else "on customers that it had not seen"
    yield f"**Grade {report.grade.words}**, {seen}: {len(days)} from {days[0]} to {days[-1]}."
    yield markdown_table(("measure", "mean over the test dates", "best rule"), _measures(tested, report))
    listed = report.shortlist.sentence
    yield f"{listed[0].upper()}{listed[1:]}."
    yield "### Calibration"
    yield "\n".join(f"- {line}" for line in band_lines(report))
    yield f"![said against done]({CALIBRATION_PICTURE}.png)"
    if report.segments:
        yield "### By segment"
        yield markdown_table(SEGMENT_COLUMNS, segment_rows(report))
    if report.fairness is not None:
        yield "### Is a group served worse"
        yield f"{verdict(report.fairness)}."


def _measures(tested: Backtest, report: Report) -> list[list[str]]:
    mine, rule = tested.candidates[report.candidate].mean, tested.candidates[tested.best_rule].mean
    return [[words, f"{mine[name]:.3f}", f"{rule[name]:.3f}"] for name, words in _MEASURES.items()]


def _limits(bundle: Bundle, tested: Backtest | None) -> Iterator[str]:
    horizon = timedelta(days=bundle.definition.horizon_days)
    yield (
        f"It knows the shop as it was until {bundle.trained_until}. `regulars watch` says how good it is today; after "
        f"{bundle.trained_until + OLD_HORIZONS * horizon}, {OLD_HORIZONS} horizons later, train anew in any case."
    )
    yield (
        "The level of a window is forecast and may be off for everybody at once: after a price rise, a lost source of "
        "data or a season that the log has not shown before."
    )
    yield "Of customers with one order it knows the least: no rhythm can be seen yet."
    yield from (f"{note[0].upper()}{note[1:]}." for note in (tested.notes if tested else ()))
    if tested is not None and tested.share < 1:
        yield f"It was judged on {tested.share:.0%} of the customers."


def described(card: str, most_characters: int) -> str:
    r"""Return a card as the description of a registered version: without its picture, and cut where it is too long.

    >>> described("# A\n\n![p](p.png)\n\nlong words\n", 5)
    '# A…'
    """
    lines = [line for line in card.split("\n") if not line.startswith("![")]
    text = "\n".join(lines).replace("\n\n\n", "\n\n")
    if len(text) <= most_characters:
        return text
    return f"{text[: most_characters - 1].rsplit(chr(10), 1)[0].rstrip()}…"

"""`regulars horizon`: the churn window that the shop's own gaps propose, in words, numbers and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.churn.horizon import GAPS_COVERED, ProposedHorizon, Window, proposed_horizon
from features.churn.labels import ChurnDefinition
from features.errors import InputError, InsufficientHistory
from features.file_access import Access
from features.log import Log
from serving.commands.result import Table
from serving.shop import OpenShop
from training.plots.horizon import horizon_figure
from training.splits import latest_dates, rolling_origin

PICTURE = "horizon.png"
# A proposal that rests on fewer gaps than this says so.
FEW_GAPS = 100


@dataclass(frozen=True)
class Dates:
    """How many dates a horizon leaves: to learn from for the model that serves, and to test on."""

    training: int
    test: int


@dataclass(frozen=True, eq=False)
class HorizonProposed:
    """The proposal, the dates that each window leaves, and the picture.

    Args:
        proposed: the proposal, and its segments if asked.
        dates: by definition.
        picture: the PNG; None where none was asked for.
    """

    proposed: ProposedHorizon
    dates: Mapping[ChurnDefinition, Dates]
    picture: Path | None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        segments = {name: self._document(part) for name, part in self.proposed.segments.items()}
        picture = None if self.picture is None else str(self.picture)
        return {**self._document(self.proposed), "segments": segments, "picture": picture}

    def _document(self, proposed: ProposedHorizon) -> dict[str, Any]:
        definition, curve = proposed.definition, proposed.curve
        return {
            "horizon_days": definition.horizon_days,
            "active_days": definition.active_days,
            "gaps": proposed.gaps,
            "cut_off": proposed.cut_off,
            "gap_days": {f"{share:.2f}": curve.days_covering(share) for share in (0.5, 0.8, GAPS_COVERED, 0.9)},
            "never": curve.never_back,
            "more_gone_than_back_days": curve.days_until_gone(),
            "windows": [self._window(window) for window in proposed.windows],
            "warning": proposed.warning,
        }

    def _window(self, window: Window) -> dict[str, Any]:
        dates = self.dates[window.definition]
        return {
            "horizon_days": window.definition.horizon_days,
            "active_days": window.definition.active_days,
            "covered": window.covered,
            "silences": window.silences,
            "never": window.never_back,
            "never_km": window.never_back_km,
            "population": window.population,
            "base_rate": window.base_rate,
            "as_of": window.dates,
            "training_dates": dates.training,
            "test_dates": dates.test,
        }

    def lines(self) -> Iterator[str | Table]:
        """Say the proposal and what follows from it, with the table of windows."""
        yield from proposal_lines(self.proposed)
        yield from self._consequence()
        for name, part in self.proposed.segments.items():
            yield f"  {name}: {_in_short(part)}"
        yield from ("", Table(COLUMNS, self.rows()), "")
        if self.picture:
            yield f"drawn to {self.picture}"

    def _consequence(self) -> Iterator[str]:
        window = self.proposed.window
        dates = self.dates[window.definition]
        if window.base_rate is not None:
            yield (
                f"{window.base_rate:.0%} of those who could churn did ({window.population:,} on {window.dates[-1]}, "
                f"{_counted(len(window.dates), 'date')}); it leaves {_counted(dates.training, 'training date')} and "
                f"{_counted(dates.test, 'test date')}"
            )
        if self.proposed.warning:
            yield f"careful: {self.proposed.warning}"

    def rows(self) -> list[list[str]]:
        """Return the table of windows, the proposed one marked."""
        return [self._row(window) for window in self.proposed.windows]

    def _row(self, window: Window) -> list[str]:
        definition, dates = window.definition, self.dates[window.definition]
        mark = " ◄" if definition == self.proposed.definition else ""
        return [
            f"{definition.horizon_days} days{mark}",
            f"{definition.active_days} days",
            f"{window.covered:.0%}",
            f"{window.silences:,}",
            _percent(window.never_back, ""),
            _percent(window.never_back_km, ""),
            f"{window.population:,}",
            _percent(window.base_rate, ""),
            str(dates.training),
            str(dates.test),
        ]


COLUMNS = (
    *("horizon", "active", "of gaps", "silences", "never back", "by K–M", "population", "churn"),
    *("training dates", "test dates"),
)


def propose_horizon(shop: OpenShop, *, by_segment: bool = False, out: Path | None = None) -> HorizonProposed:
    """Propose a horizon from the shop's gaps and draw it.

    Args:
        shop: the open shop; a horizon that its settings name is shown among the others.
        by_segment: propose for each segment of the customers file too.
        out: a folder, or a .png file; None for no picture.

    Raises:
        InputError: files that cannot be read, no segments, or a picture of another kind.
    """
    picture = None if out is None else picture_path(out)
    if by_segment:
        shop.customers.need("segment")
    segments = shop.customers.segment_of if by_segment else None
    log, named = shop.log, shop.settings.churn.horizon_days
    proposed = proposed_horizon(log, segments, [named] if isinstance(named, int) else [])
    if picture is not None:
        _draw(proposed, shop.settings.orders.source_name, picture, shop.settings.files.access())
    return HorizonProposed(
        proposed, {each.definition: _dates(log, each.definition, shop.until) for each in proposed.windows}, picture
    )


def picture_path(out: Path) -> Path:
    """Return the file to draw to: `horizon.png` in a folder, or the .png that is named.

    Raises:
        InputError: a file of another kind.

    >>> picture_path(Path("about")).name, picture_path(Path("gaps.png")).name
    ('horizon.png', 'gaps.png')
    """
    if out.is_dir() or not out.suffix:
        return out / PICTURE
    if out.suffix.lower() != ".png":
        raise InputError(f"{out} cannot be drawn: known is .png, or name a folder")
    return out


def proposal_lines(proposed: ProposedHorizon) -> Iterator[str]:
    """Say what is proposed, and what a silence of that length has meant."""
    days, active = proposed.definition.horizon_days, proposed.definition.active_days
    yield f"proposed: churned = no order for {days} days; who ordered in the last {active} days can churn"
    yield _why(proposed)
    window = proposed.window
    if window.never_back is not None:
        yield (
            f"of those silent for {days} days, {window.never_back:.0%} never came back within the log "
            f"({_counted(window.silences, 'silence')}, each followed for {days} days more at least)"
        )
    gone = proposed.curve.days_until_gone()
    if gone is not None:
        yield f"from {gone:.0f} days of silence on, more are gone than come back"


def _why(proposed: ProposedHorizon) -> str:
    days, covering = proposed.definition.horizon_days, proposed.curve.days_covering(GAPS_COVERED)
    if covering is None:
        return "nobody has come back yet, so there are no gaps to read it off"
    sentence = f"{GAPS_COVERED:.0%} of the gaps of customers who come back are at most {covering:.0f} days"
    rests = f"{proposed.gaps:,} gaps, and {proposed.cut_off:,} silences that the end of the log cut off"
    if covering > days:
        sentence += (
            f"; {days} days cover {proposed.curve.share_covered(days):.0%}, and this log is too short to test more"
        )
    return f"{sentence} ({rests})"


def _in_short(proposed: ProposedHorizon) -> str:
    window, days = proposed.window, proposed.definition.horizon_days
    sentence = f"{days} days; of those silent for so long {_percent(window.never_back)} never came back "
    few = "; few gaps, so do not lean on it" if proposed.gaps < FEW_GAPS else ""
    return f"{sentence}({window.silences:,} silences), {_percent(window.base_rate)} of {window.population:,} churn{few}"


def _dates(log: Log, definition: ChurnDefinition, until: date | None) -> Dates:
    return Dates(
        _how_many(lambda: len(latest_dates(log, definition, until))),
        _how_many(lambda: len(rolling_origin(log, definition, until))),
    )


def _how_many(count: Any) -> int:
    try:
        return int(count())
    except InsufficientHistory:
        return 0


def _draw(proposed: ProposedHorizon, title: str, path: Path, access: Access) -> None:
    with whole(path, access) as half:
        horizon_figure(proposed, title).savefig(half, dpi=144, facecolor="white", format="png")


def _percent(share: float | None, unknown: str = "–") -> str:
    return unknown if share is None else f"{share:.0%}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"

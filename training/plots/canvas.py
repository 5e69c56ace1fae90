"""What all pictures share: colours, a figure that needs no screen, the look of its axes, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.atomic_write import whole
from features.file_access import OWNER_ONLY, Access

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, ACCENT, SECOND = "#1f2933", "#9aa5b1", "#c2410c", "#0f766e"


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, width and height in inches."""
    # Without pyplot there is no global state, and no screen is looked for.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def stacked(width: float, height: float, heights: Sequence[float] = (1,)) -> tuple[Figure, list[Axes]]:
    """Return a figure with one axes below the other, as high as `heights` says, one against another."""
    figure = new_figure(width, height)
    grid: Any = figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    axes = list(grid[:, 0])
    for one in axes:
        plain_axes(one)
    return figure, axes


def plain_axes(axes: Axes) -> None:
    """Give axes the look that all our pictures share."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
    axes.title.set_fontsize(11)


def percent(axes: Axes, which: str) -> None:
    """Write shares on an axis as per cent; `which` is x, y or both."""
    from matplotlib.ticker import PercentFormatter

    named: dict[str, list[Any]] = {"x": [axes.xaxis], "y": [axes.yaxis], "both": [axes.xaxis, axes.yaxis]}
    for axis in named[which]:
        axis.set_major_formatter(PercentFormatter(1, decimals=0))


def write_figures(figures: Mapping[str, Figure], folder: Path, access: Access = OWNER_ONLY) -> tuple[Path, ...]:
    """Write figures as PNG, `<name>.png` each, whole or not at all."""
    paths = tuple(folder / f"{name}.png" for name in figures)
    for path, figure in zip(paths, figures.values(), strict=True):
        with whole(path, access) as half:
            figure.savefig(half, dpi=144, facecolor="white", format="png")
    return paths

"""What the commands have in common: the application, their options, the settings and the screen behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.errors import suggest
from features.machine import MOST_PARTITIONS

if TYPE_CHECKING:
    from serving.cli.screen import Screen
    from serving.config import Settings
    from serving.shop import OpenShop


class CommandLine(typer.Typer):
    """The commands, which are built when one is first called; typer would build all of them anew for each call."""

    @cached_property
    def _built(self) -> Callable[..., Any]:
        return typer.main.get_command(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command whose words are given, or those of the process."""
        return self._built(*args, **kwargs)


app = CommandLine(
    name="regulars",
    help="Tells a shop which regular customers are about to stop buying, why, what they are worth and what to do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"regulars {version('regulars')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="The version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Hold what stands before a command."""


def day(text: str) -> date:
    """Read a day as it is written on the command line."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 — a business day has no zone
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a day; write it as 2026-03-31') from None


def one_of(*words: str) -> Callable[[str], str]:
    """Return how one of some words is read from the command line."""

    def read(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f'"{text}" is not known; known are {", ".join(words)}.{suggest(text, words)}')
        return text

    return read


Config = Annotated[Path | None, typer.Option("--config", help="The shop's regulars.toml; default: the one here.")]
Orders = Annotated[Path | None, typer.Option("--orders", help="Read this orders file instead of the one named there.")]
Horizon = Annotated[
    str | None,
    typer.Option("--horizon-days", metavar="DAYS|auto", help="Churned = no order on so many days."),
]
Active = Annotated[int | None, typer.Option("--active-days", help="Who ordered in the last so many days can churn.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=day, metavar="DAY", help="Look from here; default: the day after the last order."),
]
Until = Annotated[
    date | None, typer.Option("--until", parser=day, metavar="DAY", help="Never read an order on or after this day.")
]
KnownAt = Annotated[
    date | None,
    typer.Option("--known-at", parser=day, metavar="DAY", help="Read only exports that had been added by this day."),
]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Leave no run in MLflow.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; kept in the book alone.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="For what reason; kept in the book.")]
OnSpark = Annotated[
    str | None,
    typer.Option("--from", metavar="PLACE", help="What Spark's workers read: a Parquet folder, a table, or jdbc."),
]
Partitions = Annotated[
    int | None,
    typer.Option(
        "--partitions",
        min=1,
        max=MOST_PARTITIONS,
        help="Read the orders in so many partitions; default: as many as the memory needs.",
    ),
]
OutFolder = Annotated[Path, typer.Option("--out", help="A folder.")]
BySegment = Annotated[bool, typer.Option("--by-segment", help="For each segment of the customers file too.")]


def settings_of(config: Path | None, orders: Path | None, horizon: str | None, active: int | None) -> Settings:
    """Read the shop's regulars.toml, with what the command line says instead."""
    from serving.config import days_or_auto, load_settings

    days = None if horizon is None else days_or_auto(horizon)
    return load_settings(config, orders=orders, horizon_days=days, active_days=active)


def shop_of(
    config: Path | None,
    orders: Path | None = None,
    horizon: str | None = None,
    active: int | None = None,
    *,
    until: date | None = None,
    known_at: date | None = None,
) -> OpenShop:
    """Return the shop that a command opens: wrong settings are reported before anything heavy is imported."""
    settings = settings_of(config, orders, horizon, active)
    from serving.shop import OpenShop

    return OpenShop(settings if known_at is None else settings.known_on(known_at), until=until, known_at=known_at)


def screen_of(machine: bool) -> Screen:
    """Return where words and documents go."""
    from serving.cli.screen import Screen

    return Screen(machine)

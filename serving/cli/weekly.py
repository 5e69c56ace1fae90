"""Commands of a week: weekly, retrain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serving.cli.options import Config, Json, app, screen_of, settings_of

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")]


@app.command()
def weekly(
    files: Annotated[list[Path] | None, typer.Argument(help="The next exports, if they are to be added.")] = None,
    config: Config = None,
    dry_run: DryRun = False,
    if_stopped: Annotated[
        bool, typer.Option("--if-stopped", help="Only go on where a run was stopped; begin none.")
    ] = False,
    json: Json = False,
) -> None:
    """Add, check, score, list and watch, and train where it is due; go on where a former run stopped.

    Exit code 13 on an alarm, 1 where a mail was not taken, 9 while another run holds the shop.
    """
    settings, screen = settings_of(config, None, None, None), screen_of(json)
    from serving.commands.weekly.dry_run import plan_week
    from serving.commands.weekly.weekly import nothing_stopped, run_week

    if dry_run:
        planned = plan_week(settings, files or ())
        screen.show(planned)
        raise typer.Exit(planned.exit_code)
    if if_stopped and (nothing := nothing_stopped(settings)) is not None:
        screen.show(nothing)
        return
    with screen.progress() as report:
        week = run_week(config, settings, files or (), report)
    screen.show(week)
    raise typer.Exit(week.exit_code)


@app.command()
def retrain(
    config: Config = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Train where it is due by the last watch or by age; the gate decides whether it serves, or says why not."""
    settings, screen = settings_of(config, None, None, None), screen_of(json)
    from serving.commands.weekly.retrain import plan_retrain, retrain

    if dry_run:
        screen.show(plan_retrain(settings))
        return
    with screen.progress() as report:
        done = retrain(config, settings, report)
    screen.show(done)

"""Commands about an installation: backup, restore, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from features.errors import InputError
from serving.cli.options import Config, Json, app, screen_of, settings_of


@app.command()
def backup(
    out: Annotated[
        Path, typer.Option("--out", help="The archive, ending in .zip; or a folder, and its name is the moment.")
    ] = Path("backups"),
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="Also the book's secret: then the archive opens what is under it.")
    ] = False,
    with_sources: Annotated[
        bool, typer.Option("--with-sources", help="Also your own files of orders, events and customers.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write book, models, settings and added exports, as they are at one moment, into one file, also while serving."""
    settings, screen = settings_of(config, None, None, None), screen_of(json)
    from serving.backup.contents import Wanted
    from serving.commands.upkeep.backup import back_up
    from serving.config import FILE_NAME

    with screen.progress() as report:
        made = back_up(settings, config or Path(FILE_NAME), out, Wanted(with_secret, with_sources), report)
    screen.show(made)


@app.command()
def restore(
    archive: Annotated[
        Path | None, typer.Argument(help="A file that regulars backup wrote.", show_default=False)
    ] = None,
    into: Annotated[Path, typer.Option("--into", help="The shop's folder; made where it is missing.")] = Path(),
    book: Annotated[
        str | None,
        typer.Option("--book", metavar="URL", help="Of the book's database, or: sqlite. Default: as the settings say."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Over a shop that is there, which is kept aside; stop its server first.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="End a restore that was broken off.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the archive to its end, and change nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Put a shop back from a backup: into an empty folder, another kind of book, or over a shop that is kept aside."""
    if (archive is None) != resume or (resume and (replace or dry_run)):
        raise InputError(
            "restore a backup: regulars restore FILE; or end what was broken off: regulars restore --resume"
        )
    from serving.commands.upkeep import restore as restoring

    screen = screen_of(json)
    if archive is None:
        screen.show(restoring.go_on(into, book))
    elif dry_run:
        screen.show(restoring.would_put_back(archive, into))
    else:
        with screen.progress() as report:
            done = restoring.put_back(archive, into, book, report, replace=replace)
        screen.show(done)


@app.command()
def doctor(
    host: Annotated[str, typer.Option("--host", help="Where the server listens, or would.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="On which port.")] = 3000,
    config: Config = None,
    json: Json = False,
) -> None:
    """Look at installation, rights, disk, clock, book, model, data, port, mail and webhooks, and say what to do."""
    screen = screen_of(json)
    from serving.commands.doctor.doctor import examine
    from serving.config import FILE_NAME

    with screen.progress() as report:
        found = examine(config or Path(FILE_NAME), host, port, report)
    screen.show(found)
    if found.exit_code:
        raise typer.Exit(found.exit_code)

"""Commands about persons' data: forget, export-customer, tidy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from features.errors import InputError
from features.language.languages import Language
from features.language.messages import Message, said, sentence
from serving.cli.options import By, Config, Json, Why, app, screen_of, shop_of

YES = Message("yes", context="typed")
Ids = Annotated[list[str] | None, typer.Argument(help="As in the order source.", show_default=False)]


@app.command()
def forget(
    customer_ids: Ids = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Ids, one on each line, or a CSV with a column customer_id.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased, and erase nothing.")] = False,
    let_in: Annotated[
        bool, typer.Option("--let-in", help="Let them in again: what files say counts; needs --by and --why.")
    ] = False,
    erased_before: Annotated[
        bool, typer.Option("--erased-before", help="Keep out whoever a former version erased, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")] = False,
    by: By = "",
    why: Why = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Erase customers from all that Regulars keeps, keep them out from now on, and say what is yours to clean."""
    with shop_of(config) as shop:
        from serving.commands.privacy import forget as forgetting
        from serving.commands.privacy.persons import ids_in

        if erased_before:
            screen_of(json).show(forgetting.keep_out_erased_before(shop))
            return
        ids = [*(customer_ids or ()), *(ids_in(file) if file is not None else ())]
        if not ids:
            raise InputError("name a customer, or a file of them with --file")
        screen = screen_of(json)
        if let_in:
            screen.show(forgetting.let_in_again(shop, ids, by, why))
            return
        if not (dry_run or yes):
            screen.lines(forgetting.forget(shop, ids, dry_run=True))
            _confirm(shop.settings.language)
        screen.show(forgetting.forget(shop, ids, by, dry_run=dry_run))


def _confirm(language: Language) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("nothing was erased: nobody can be asked here whether that is meant; say it with --yes")
    yes = said(YES, language)
    asked = sentence("This cannot be undone. Forget them? Type {word}: ", word=yes)
    print(said(asked, language, isolated=language.is_right_to_left), end="", flush=True)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes", yes.casefold()):
        raise InputError("nothing was erased")


@app.command("export-customer")
def export_customer(
    customer_id: Annotated[str, typer.Argument(help="As in the order source.")],
    out: Annotated[Path, typer.Option("--out", help="A .zip file.")] = Path("customer-data.zip"),
    config: Config = None,
    json: Json = False,
) -> None:
    """Write all that files and book hold of one customer into a file, as JSON and as a page to be read."""
    if out.suffix != ".zip":
        raise InputError(f"{out.name} is to be a ZIP file: name it {out.stem}.zip")
    with shop_of(config) as shop:
        from serving.commands.privacy.export_customer import export_customer as export

        screen_of(json).show(export(shop, customer_id, out))


@app.command()
def tidy(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Delete what the book keeps of persons for longer than [retention] says."""
    with shop_of(config) as shop:
        from serving.commands.privacy.tidy import tidy_book

        screen_of(json).show(tidy_book(shop, dry_run=dry_run))

"""The command about the book itself: book."""

from __future__ import annotations

from typing import Annotated

import typer

from features.errors import Damaged, InputError
from serving.cli.options import By, Config, Json, Why, app, screen_of, settings_of, shop_of


@app.command()
def book(
    config: Config = None,
    new_book: Annotated[
        bool, typer.Option("--new-book", help="The former one is lost: begin anew; needs --by and --why.")
    ] = False,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="It was ahead when the book was written; needs --by and --why.")
    ] = False,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="The book's secret was seen: take another one; needs --by and --why.")
    ] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Say which book the shop has and whether it is whole; begin a new one where it is lost, or another secret."""
    if new_book + clock_is_right + new_secret > 1:
        raise InputError("say one thing at a time: --new-book, --clock-is-right or --new-secret")
    if new_book or clock_is_right:
        settings = settings_of(config, None, None, None)
        from serving.commands.upkeep.book import begin_new_book
        from serving.commands.upkeep.book import clock_is_right as take_clock

        screen_of(json).show((begin_new_book if new_book else take_clock)(settings, by, why))
        return
    with shop_of(config) as shop:
        from serving.commands.upkeep import book as managing

        facts = managing.new_secret(shop, by, why) if new_secret else managing.book_facts(shop)
    screen_of(json).show(facts)
    if facts.damage:
        raise typer.Exit(Damaged.exit_code)

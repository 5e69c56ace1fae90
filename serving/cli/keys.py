"""Commands about keys for the HTTP interface: keys create, keys list, keys replace, keys revoke."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from serving.cli.options import Config, Json, app, day, screen_of, shop_of
from serving.cli.screen import Screen
from serving.commands.result import WordedResult

keys = typer.Typer(name="keys", help="Keys for the HTTP interface.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(keys)


class RoleName(StrEnum):
    """What a key may do."""

    scores, lists, outcomes, admin = "scores", "lists", "outcomes", "admin"


@keys.command()
def create(
    name: Annotated[str | None, typer.Argument(help="What the key is for, e.g. crm, or who opens the page.")] = None,
    roles: Annotated[list[RoleName] | None, typer.Option("--role", help="What it may do; may be repeated.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Whose accounts alone it sees.")] = None,
    page: Annotated[bool, typer.Option("--page", help="A personal link to the pages, for a person.")] = False,
    expires: Annotated[
        date | None, typer.Option("--expires", parser=day, metavar="DAY", help="Refused from this day on, in UTC.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a key, or with --page a person's link to the pages, and print it once: the book keeps a hash of it alone."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import keys as managing

        screen, asked = screen_of(json), [role.value for role in roles or ()]
        if page:
            made = managing.make_link(shop, name, asked, owner, expires)
        else:
            made = managing.make_key(shop, name or "", asked, owner, expires)
    _show(screen, made, json=json)


def _show(screen: Screen, made: WordedResult, *, json: bool) -> None:
    if not json:  # with --json words go to stderr, which is kept in logs, and the key is for one reader alone
        screen.say(*made.lines())
    screen.document(made.to_dict())


@keys.command()
def replace(
    key_id: Annotated[str, typer.Argument(help="As `regulars keys list` shows it.")],
    overlap_hours: Annotated[
        int, typer.Option("--overlap-hours", min=0, max=720, help="How long the former key holds too; 0: not at all.")
    ] = 24,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a key that may do the same as another one, which is refused after a while."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import keys as managing

        screen, made = screen_of(json), managing.replace(shop, key_id, overlap_hours)
    _show(screen, made, json=json)


@keys.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Say which keys there are, what they may do and when they were used last."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import keys as managing

        screen_of(json).show(managing.list_keys(shop))


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `regulars keys list` shows it.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Refuse a key from now on."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import keys as managing

        screen_of(json).show(managing.revoke(shop, key_id))

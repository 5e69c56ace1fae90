"""Commands about webhooks: add, list, remove, deliver, test."""

from __future__ import annotations

from typing import Annotated

import typer

from serving.cli.options import Config, Json, app, screen_of, settings_of

webhooks = typer.Typer(
    help="Tell other systems of lists: who is told, how they fare, and sending where no server does it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(webhooks, name="webhooks")

Id = Annotated[str, typer.Argument(metavar="ID", help="As regulars webhooks list shows it.")]
NOT_ARRIVED = 1


@webhooks.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https://…, where messages are posted to.")],
    config: Config = None,
    events: Annotated[
        list[str] | None,
        typer.Option("--event", help="list.published, customer.entered, customer.left; may be repeated; default: all."),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also http, and addresses inside the own network.")
    ] = False,
    json: Json = False,
) -> None:
    """Add a webhook and print its secret, this once."""
    settings = settings_of(config, None, None, None)
    from serving.commands.upkeep import webhooks as managing
    from serving.show import show

    show(managing.add(settings, url, events or (), allow_private=allow_private), screen_of(json))


@webhooks.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Show the webhooks, what waits for them and what is wrong."""
    settings = settings_of(config, None, None, None)
    from serving.commands.upkeep import webhooks as managing
    from serving.show import show

    show(managing.known(settings), screen_of(json))


@webhooks.command()
def remove(webhook: Id, config: Config = None, json: Json = False) -> None:
    """Remove a webhook; what it was still to be told is given up."""
    settings = settings_of(config, None, None, None)
    from serving.commands.upkeep import webhooks as managing
    from serving.show import show

    show(managing.remove(settings, webhook), screen_of(json))


@webhooks.command()
def deliver(config: Config = None, json: Json = False) -> None:
    """Send what is due now; for a shop without a server, by cron."""
    settings = settings_of(config, None, None, None)
    from serving.commands.upkeep import webhooks as managing
    from serving.show import show

    show(managing.deliver(settings), screen_of(json))


@webhooks.command("test")
def ping(webhook: Id, config: Config = None, json: Json = False) -> int:
    """Send a signed ping and say what came back; exit code 1 where it did not arrive."""
    settings = settings_of(config, None, None, None)
    from serving.commands.upkeep import webhooks as managing
    from serving.show import show

    done = managing.ping(settings, webhook)
    show(done, screen_of(json))
    return 0 if done.answer.arrived else NOT_ARRIVED

"""Commands about webhooks: add, list, remove, new-secret, start-over, deliver, test."""

from __future__ import annotations

from typing import Annotated

import typer

from serving.cli.options import Config, Json, app, screen_of, shop_of

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
        typer.Option(
            "--event",
            help="list.published, list.withdrawn, customer.entered, customer.left, model.alarm; may be repeated; "
            "default: all.",
        ),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also http, and addresses inside the own network.")
    ] = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Also a name that cannot be looked up now; it may be known later.")
    ] = False,
    json: Json = False,
) -> None:
    """Add a webhook and print its secret, this once."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import webhooks as managing

        added = managing.add(shop, url, events or (), allow_private=allow_private, unverified=unverified)
        screen_of(json).show(added)


@webhooks.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Show the webhooks, what waits for them and what is wrong."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import webhooks as managing

        screen_of(json).show(managing.known(shop))


@webhooks.command()
def remove(webhook: Id, config: Config = None, json: Json = False) -> None:
    """Remove a webhook; what it was still to be told is given up."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import webhooks as managing

        screen_of(json).show(managing.remove(shop, webhook))


@webhooks.command("new-secret")
def new_secret(
    webhook: Id,
    overlap_hours: Annotated[
        int,
        typer.Option("--overlap-hours", min=0, max=720, help="How long the former one signs too; 0: not at all."),
    ] = 24,
    config: Config = None,
    json: Json = False,
) -> None:
    """Give a webhook another secret and print it, this once; messages carry both signatures for a while."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import webhooks as managing

        screen_of(json).show(managing.renew(shop, webhook, overlap_hours))


@webhooks.command("start-over")
def start_over(config: Config = None, json: Json = False) -> None:
    """Where the book's secret is lost: remove every webhook, and go on with another secret."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import webhooks as managing

        screen_of(json).show(managing.start_over(shop))


@webhooks.command()
def deliver(config: Config = None, json: Json = False) -> None:
    """Send what is due now; for a shop without a server, by cron."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import webhooks as managing

        screen_of(json).show(managing.deliver(shop))


@webhooks.command("test")
def ping(webhook: Id, config: Config = None, json: Json = False) -> int:
    """Send a signed ping and say what came back; exit code 1 where it did not arrive."""
    with shop_of(config) as shop:
        from serving.commands.upkeep import webhooks as managing

        done = managing.ping(shop, webhook)
    screen_of(json).show(done)
    return 0 if done.document["arrived"] else NOT_ARRIVED

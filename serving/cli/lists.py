"""Commands about lists and what comes of them: list, out, why, outcome, contacts, consent, hold, effect and kpis."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from features.errors import InputError
from serving.cli.options import (
    Active,
    AsOf,
    By,
    Config,
    Horizon,
    Json,
    Orders,
    Partitions,
    Until,
    Why,
    app,
    day,
    one_of,
    screen_of,
    shop_of,
)

On = Annotated[
    date | None, typer.Option("--on", parser=day, metavar="DAY", help="The day it happened; default: the shop's today.")
]
Ends = Annotated[
    date | None, typer.Option("--until", parser=day, metavar="DAY", help="First day on which it holds no longer.")
]
Accounts = Annotated[list[str], typer.Argument(help="Ids of accounts, or of customers who belong to them.")]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="csv, xlsx, html, json, eml, hubspot, salesforce or upsert; may be repeated."),
]


GROUPS = ("playbook", "owner", "band", "month", "kind")  # by what the effect is told apart
PERIODS, BY = ("month", "quarter", "year"), ("segment", "owner")


@app.command("list")
def list_(
    out: Annotated[Path | None, typer.Option("--out", help="A folder.")] = None,
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    as_of: AsOf = None,
    formats: Formats = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="CODE", help="Of the files: en, fa or el; default: the shop's.")
    ] = None,
    withdraw: Annotated[
        date | None, typer.Option("--withdraw", parser=day, metavar="DAY", help="Take back the list of that day.")
    ] = None,
    mail_again: Annotated[
        list[str] | None,
        typer.Option("--mail-again", metavar="OWNER", help="Whose mail may have gone out when it was broken off."),
    ] = None,
    by: By = "",
    why: Why = "",
    partitions: Partitions = None,
    json: Json = False,
) -> None:
    """Write the list of whom to contact, with what to do and why, and publish it in the book; or take one back."""
    if (out is None) == (withdraw is None):
        raise InputError("say --out FOLDER to write a list, or --withdraw DAY --by NAME --why TEXT to take one back")
    with shop_of(config, orders, horizon, active, until=as_of) as shop:
        if withdraw is not None:
            from serving.commands.lists.withdraw import withdraw_list

            screen_of(json).show(withdraw_list(shop, withdraw, by, why))
            return
        from serving.commands.lists.list_in_partitions import list_whatever_fits

        reads = shop.settings.language_named(language) if language else None
        made = list_whatever_fits(shop, out or Path(), formats or (), reads, mail_again or (), partitions)
        screen_of(json).show(made)
        if made.mailed is not None and made.mailed.failed:
            raise typer.Exit(1)


@app.command()
def out(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many rows, and write nothing.")] = False,
    json: Json = False,
) -> None:
    """Write scores, the list, outcomes and features of the day as tables of the database that [out] names."""
    with shop_of(config) as shop:
        from serving.commands.lists.out import write_out

        screen_of(json).show(write_out(shop, dry_run=dry_run))


@app.command()
def why(
    customer: Annotated[str, typer.Argument(help="The customer's id, as in the orders.")],
    config: Config = None,
    as_of: Annotated[
        date | None, typer.Option("--as-of", parser=day, metavar="DAY", help="Only that day's run and list.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell the whole story of a customer: scores, lists and why not, contacts, outcomes, consent, holds."""
    with shop_of(config) as shop:
        from serving.commands.lists.why import customer_story

        screen_of(json).show(customer_story(shop, customer, as_of))


@app.command()
def outcome(
    file: Annotated[Path | None, typer.Argument(help="A list as it was filled in, or a CSV of outcomes.")] = None,
    config: Config = None,
    entry: Annotated[str, typer.Option("--entry", metavar="ID", help="The entry_id of a list.")] = "",
    what: Annotated[str, typer.Option("--outcome", metavar="WORD", help="saved, not_saved, reached, …")] = "",
    on: On = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Another than the entry's.")] = None,
    cost: Annotated[str | None, typer.Option("--cost", metavar="AMOUNT", help="What it cost, as 12.50.")] = None,
    by: By = "",
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT")] = None,
    json: Json = False,
) -> None:
    """Record what came of entries: contacted, reached, saved, not_saved, wrong_alarm, already_known, do_not_contact."""
    if (file is None) == (not entry):
        raise InputError("give either a file of outcomes, or one by --entry ID --outcome WORD")
    with shop_of(config) as shop:
        from serving.commands.lists.report_outcomes import one_outcome, outcomes_from

        if file is not None:
            done = outcomes_from(shop, file)
        else:
            done = one_outcome(shop, entry, what, on=on, channel=channel, cost=cost, by=by, note=note)
    screen_of(json).show(done)


@app.command()
def contacts(
    file: Annotated[Path, typer.Argument(help="A CSV with customer_id, contacted_on, channel, …")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Record contacts that were made elsewhere, so that nobody is contacted twice."""
    with shop_of(config) as shop:
        from serving.commands.lists.report_outcomes import contacts_from

        screen_of(json).show(contacts_from(shop, file))


@app.command()
def consent(
    customers: Annotated[list[str], typer.Argument(help="Customer ids.")],
    config: Config = None,
    allowed: Annotated[bool | None, typer.Option("--yes/--no", help="Whether they may be contacted.")] = None,
    channel: Annotated[str, typer.Option("--channel", help="call, mail, …; * for every channel.")] = "*",
    on: On = None,
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Where it is written down.")] = "said",
    json: Json = False,
) -> None:
    """Record what customers said about being contacted; the latest word counts, before the customers file's."""
    if allowed is None:
        raise InputError("say --yes or --no: whether they may be contacted")
    with shop_of(config) as shop:
        from serving.commands.lists.report_outcomes import consent_to

        screen_of(json).show(consent_to(shop, customers, channel, on, source, allowed=allowed))


@app.command()
def hold(
    kind: Annotated[str, typer.Argument(help="veto, snooze or lift.")],
    accounts: Accounts,
    config: Config = None,
    on: On = None,
    until: Ends = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Keep accounts off the lists: for good (veto), until a day (snooze), or no longer (lift)."""
    with shop_of(config) as shop:
        from serving.commands.lists.report_outcomes import hold_accounts

        screen_of(json).show(hold_accounts(shop, accounts, kind, on, until, by, why))


@app.command("hand-over")
def hand_over(
    accounts: Accounts,
    to: Annotated[str, typer.Option("--to", metavar="OWNER", help="Whose they are from now on.")],
    config: Config = None,
    on: On = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Give accounts to another owner; it counts before the customers file's."""
    with shop_of(config) as shop:
        from serving.commands.lists.report_outcomes import hand_over_accounts

        screen_of(json).show(hand_over_accounts(shop, accounts, to, on, by, why))


@app.command()
def effect(
    config: Config = None,
    orders: Orders = None,
    until: Until = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", parser=one_of(*GROUPS), metavar="|".join(GROUPS), help="Also for each; may be repeated."),
    ] = None,
    planned: Annotated[
        float | None, typer.Option("--planned", metavar="SHARE", help="Of those who would leave, hoped to be saved.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="How many weeks it takes to see that, per share held out.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what acting saved, treated against held out; or, with --plan, how long it takes to know."""
    with shop_of(config, orders, until=until) as shop:
        from serving.commands.lists.effect import PLANNED, measure_effect, plan_trial

        if plan:
            screen_of(json).show(plan_trial(shop, PLANNED if planned is None else planned))
        else:
            screen_of(json).show(measure_effect(shop, planned, by or ()))


@app.command()
def kpis(
    config: Config = None,
    orders: Orders = None,
    period: Annotated[
        str, typer.Option("--period", parser=one_of(*PERIODS), metavar="|".join(PERIODS), help="Of what length.")
    ] = "month",
    until: Until = None,
    by: Annotated[
        str | None, typer.Option("--by", parser=one_of(*BY), metavar="|".join(BY), help="Also for each of these.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Tables and pictures: a folder.")] = None,
    json: Json = False,
) -> None:
    """Count who was kept, gained, lost and recovered, period by period, and what a customer is worth."""
    with shop_of(config, orders, until=until) as shop:
        from serving.commands.lists.kpis import shop_kpis

        screen_of(json).show(shop_kpis(shop, period, by, out))  # type: ignore[arg-type]  # by `one_of`

"""Commands about models: train, tune, promote, rollback, backtest, score, watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from features.engines.engine_names import NUMPY, SPARK
from features.errors import InputError
from serving.cli.options import (
    Active,
    AsOf,
    By,
    BySegment,
    Config,
    Horizon,
    Json,
    KnownAt,
    NoRecord,
    OnSpark,
    Orders,
    Partitions,
    Until,
    Why,
    app,
    one_of,
    screen_of,
    shop_of,
)


@app.command()
def train(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    until: Until = None,
    no_tuned: Annotated[bool, typer.Option("--no-tuned", help="Ignore what regulars tune found.")] = False,
    new_models: Annotated[
        bool, typer.Option("--new-models", help="Begin anew where the registry is lost; needs --by and --why.")
    ] = False,
    budget: Annotated[
        str, typer.Option("--budget", metavar="quick|full|MINUTES", help="How much time training may take.")
    ] = "full",
    by: By = "",
    why: Why = "",
    partitions: Partitions = None,
    json: Json = False,
) -> None:
    """Backtest the candidates, choose, refit, register as challenger; the gate decides whether it serves."""
    screen, shop = screen_of(json), shop_of(config, orders, horizon, active, until=until)
    from serving.commands.models.lost_models import begin_new_models
    from serving.commands.models.train import train_and_judge
    from training.budget import budget_of

    allowed = budget_of(budget)
    with shop, screen.progress() as report:
        if new_models:
            report(0, 1, begin_new_models(shop, by, why))
        result = train_and_judge(shop, report, tuned=not no_tuned, budget=allowed, partitions=partitions)
    screen.show(result)


@app.command()
def tune(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    until: Until = None,
    budget_minutes: Annotated[float, typer.Option("--budget-minutes", metavar="M", help="How long to look.")] = 10.0,
    json: Json = False,
) -> None:
    """Look for trees that suit this shop better than the usual ones; regulars train takes what is clearly better."""
    screen, shop = screen_of(json), shop_of(config, orders, horizon, active, until=until)
    from serving.commands.models.tune import tune_trees

    with shop, screen.progress() as report:
        result = tune_trees(shop, budget_minutes, report)
    screen.show(result)


@app.command()
def promote(
    version: Annotated[str | None, typer.Argument(help="A version of the registry; default: the challenger.")] = None,
    config: Config = None,
    horizon: Horizon = None,
    active: Active = None,
    force: Annotated[bool, typer.Option("--force", help="Override the gate; needs --by and --why.")] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Let a version serve whose gate was passed; the book records who did it and why."""
    with shop_of(config, None, horizon, active) as shop:
        from serving.commands.models.promote import promote

        screen_of(json).show(promote(shop, version, force=force, by=by, why=why))


@app.command()
def rollback(
    to: Annotated[str | None, typer.Option("--to", metavar="VERSION", help="One that has served before.")] = None,
    config: Config = None,
    horizon: Horizon = None,
    active: Active = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Let the former champion serve again, verified before; the book records who did it and why."""
    with shop_of(config, None, horizon, active) as shop:
        from serving.commands.models.promote import roll_back

        screen_of(json).show(roll_back(shop, to, by=by, why=why))


@app.command()
def backtest(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    until: Until = None,
    known_at: KnownAt = None,
    by_segment: BySegment = False,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Of the customers file: is a group served worse? May be repeated."),
    ] = None,
    random_split: Annotated[
        bool, typer.Option("--random-split", help="Also say what a random split would have claimed, as a warning.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Pictures, report.json and report.md: a folder.")] = None,
    no_record: NoRecord = False,
    json: Json = False,
) -> None:
    """Measure the candidates on dates that they have not seen, and grade the chosen one; nothing of it serves."""
    screen, shop = screen_of(json), shop_of(config, orders, horizon, active, until=until, known_at=known_at)
    from serving.commands.models.backtest import run_backtest

    with shop, screen.progress() as report:
        result = run_backtest(
            shop,
            report,
            by=by or (),
            by_segment=by_segment,
            random_split=random_split,
            out=out,
            record=not no_record,
        )
    screen.show(result)


@app.command()
def score(
    out: Annotated[Path | None, typer.Option("--out", help="A .csv, .parquet or .json file.")] = None,
    into: Annotated[
        str | None, typer.Option("--into", metavar="FOLDER", help="Of Spark: Parquet files, a partition for each run.")
    ] = None,
    engine: Annotated[
        str,
        typer.Option("--engine", parser=one_of(NUMPY, SPARK), metavar="numpy|spark", help="What computes the scores."),
    ] = NUMPY,
    url: Annotated[str | None, typer.Option("--url", help="Of Spark; default: all cores of this machine.")] = None,
    source: OnSpark = None,
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    as_of: AsOf = None,
    all_reasons: Annotated[bool, typer.Option("--all-reasons", help="Explain everyone, however many.")] = False,
    partitions: Partitions = None,
    json: Json = False,
) -> None:
    """Score everyone who can churn, write the scores and record them in the book; Spark writes them alone.

    Where nothing was trained yet, rhythms alone answer, which is said; regulars train replaces them.
    """
    with shop_of(config, orders, horizon, active, until=as_of) as shop:
        from serving.commands.models.first_answer import let_rhythms_serve
        from serving.commands.models.score_in_partitions import write_whatever_fits
        from serving.commands.models.score_on_spark import score_on_spark, where

        place = where(out, into, engine, url, source)
        if isinstance(place, Path):
            screen_of(json).show(write_whatever_fits(shop, place, partitions, all_reasons=all_reasons))
            return
        if partitions is not None:
            raise InputError("--partitions goes with --out: Spark splits the log by itself")
        if source is None:  # rhythms are learnt from a log that is read here
            let_rhythms_serve(shop)
        screen_of(json).show(score_on_spark(shop, place, url, source, all_reasons=all_reasons))


@app.command()
def watch(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    as_of: AsOf = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="month, run, list, band, segment, owner or playbook; may be repeated."),
    ] = None,
    no_record: NoRecord = False,
    json: Json = False,
) -> None:
    """Say how good the model is today, what came of what it said, and what has changed; exit code 13 on an alarm."""
    with shop_of(config, orders, horizon, active, until=as_of) as shop:
        from serving.commands.models.watch import watch_shop

        found = watch_shop(shop, by or (), record=not no_record)
        screen_of(json).show(found)
    if found.exit_code:  # once the shop is closed: it takes an error inside for damage, and looks through its book
        raise typer.Exit(found.exit_code)

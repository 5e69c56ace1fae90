"""Commands about the shop's data: init, add, check, horizon, features, kpis, simulate, demo, serve."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from features.engines.engine_names import ENGINES, NUMPY
from features.errors import InputError
from features.language.languages import ENGLISH
from serving.cli.options import (
    Active,
    AsOf,
    BySegment,
    Config,
    Horizon,
    Json,
    KnownAt,
    OnSpark,
    Orders,
    OutFolder,
    Partitions,
    Until,
    app,
    one_of,
    screen_of,
    settings_of,
    shop_of,
)


@app.command()
def init(
    orders: Annotated[
        list[Path] | None,
        typer.Argument(help="The orders as exported: files, a folder, 'exports/*.csv'.", show_default=False),
    ] = None,
    lines: Annotated[Path | None, typer.Option("--lines", help="The orders' lines, where they stand apart.")] = None,
    payments: Annotated[
        Path | None, typer.Option("--payments", help="Their payments, where no file has lines.")
    ] = None,
    persons: Annotated[Path | None, typer.Option("--persons", help="Who stands behind customer ids.")] = None,
    merge: Annotated[Path | None, typer.Option("--merge", help="Merged customers: old id, new id.")] = None,
    events: Annotated[Path | None, typer.Option("--events", help="What customers did besides ordering.")] = None,
    customers: Annotated[Path | None, typer.Option("--customers", help="Names, owners, segments, consent.")] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help="The database that holds the orders: 'postgresql://shop:${SHOP_DB_PASSWORD}@host/db'."
        ),
    ] = None,
    table: Annotated[str | None, typer.Option("--table", help="The table of that database.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="The SELECT of that database, not a table.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where to write.")] = Path("regulars.toml"),
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=HEADER", help='Which column holds a field: amount="Total price".'),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Name rows that break a rule in a file, and read the others.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Take the likely answer to each question.")] = False,
    language: Annotated[
        str,
        typer.Option("--language", metavar="CODE", help="Of what it says, and of the shop: en, fa or el."),
    ] = ENGLISH.code,
    json: Json = False,
) -> None:
    """Guess columns, zone and currency of a shop's files; write regulars.toml, say what it assumes, ask the rest."""
    from features.sources.mapping import Beside
    from serving.cli.asking import ask, is_a_talk
    from serving.commands.data.init import init_shop, orders_source
    from serving.commands.data.talk import leave_open, likely
    from serving.config import spoken

    speaks = spoken(language)
    put = partial(ask, language=speaks)
    report = init_shop(
        orders_source(orders, url, table, query),
        events,
        customers,
        out,
        beside=Beside(lines, payments, persons),
        merge=merge,
        force=force,
        columns=column or (),
        set_aside=set_aside,
        answer=likely if yes else put if is_a_talk() and not json else leave_open,
        language=speaks,
    )
    screen_of(json).show(report)
    if report.document["questions"]:
        raise typer.Exit(InputError.exit_code)


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="The next exports, as they came.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Put the next export beside the former ones; say what is new and what changed."""
    with shop_of(config) as shop:
        from serving.commands.data.add import add_exports
        from serving.commands.weekly.lock import held
        from serving.config import FILE_NAME

        settings = shop.settings
        with held(settings.state_folder, "regulars add", settings.files.access()):
            report = add_exports(config or Path(FILE_NAME), settings, files, forgotten=shop.forgotten)
    screen_of(json).show(report)
    if report.questions:
        raise typer.Exit(InputError.exit_code)


@app.command()
def check(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    known_at: KnownAt = None,
    rows: Annotated[str | None, typer.Option("--rows", help="List the lines that a rule left out.")] = None,
    json: Json = False,
) -> None:
    """Account for every row of the orders, say every broken rule, and whether the history is sufficient."""
    with shop_of(config, orders, horizon, active, known_at=known_at) as shop:
        from serving.commands.data.check import check_shop

        report = check_shop(shop, rows)
    screen_of(json).show(report)
    if not report.ok:
        raise typer.Exit(InputError.exit_code)


@app.command("horizon")
def horizon_(
    config: Config = None,
    orders: Orders = None,
    until: Until = None,
    by_segment: BySegment = False,
    out: Annotated[Path | None, typer.Option("--out", help="Draw it: a folder, or a .png file.")] = None,
    json: Json = False,
) -> None:
    """Propose the churn window from the shop's own gaps, and say what it would mean."""
    with shop_of(config, orders, until=until) as shop:
        from serving.commands.data.horizon import propose_horizon

        screen_of(json).show(propose_horizon(shop, by_segment=by_segment, out=out))


@app.command("explain-data")
def explain_data_(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    until: Until = None,
    budget: Annotated[
        str, typer.Option("--budget", metavar="quick|full|MINUTES", help="How much time it may take.")
    ] = "10",
    no_record: Annotated[bool, typer.Option("--no-record", help="Leave no run in MLflow.")] = False,
    json: Json = False,
) -> None:
    """Say what each source of the data adds to the forecast, and what a missing one added elsewhere."""
    screen, shop = screen_of(json), shop_of(config, orders, horizon, active, until=until)
    from serving.commands.data.explain_data import explain_data
    from training.budget import budget_of

    allowed = budget_of(budget)
    with shop, screen.progress() as report:
        result = explain_data(shop, allowed, report, record=not no_record)
    screen.show(result)


@app.command()
def features(
    out: Annotated[Path | None, typer.Option("--out", help="A .csv, .parquet or .json file.")] = None,
    into: Annotated[
        str | None, typer.Option("--into", metavar="SCHEMA.TABLE", help="A table of the database; of Spark a folder.")
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            parser=one_of(*ENGINES),
            metavar="NAME",
            help="What computes them: numpy, duckdb, postgresql, spark; for bigquery, snowflake, databricks, "
            "clickhouse and trino the SQL is printed.",
        ),
    ] = NUMPY,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Where they are computed; default: the orders' database, or this machine."),
    ] = None,
    source: OnSpark = None,
    explain: Annotated[bool, typer.Option("--explain", help="Print the SQL, and run nothing.")] = False,
    partitions: Partitions = None,
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """Write the features of everyone who can churn, as known on a day."""
    with shop_of(config, orders, horizon, active, until=as_of, known_at=known_at) as shop:
        if (out is not None) + (into is not None) + explain != 1:
            ways = "--out FILE, --into SCHEMA.TABLE, or --explain for the SQL"
            raise InputError(f"say where the features go, and once: {ways}")
        from serving.commands.data.features import explain_features, write_feature_rows, write_features
        from serving.commands.data.features_of_spark import write_features_of_spark

        if partitions is not None and (out is None or engine != NUMPY):
            raise InputError("--partitions goes with --out and the engine numpy: a database spills by itself")
        if source is not None:
            screen_of(json).show(write_features_of_spark(shop, source, into, engine, url))
        elif out is not None:
            if engine == NUMPY and url is None:
                from serving.commands.data.features_in_partitions import write_whatever_fits

                screen_of(json).show(write_whatever_fits(shop, out, partitions))
            else:
                screen_of(json).show(write_features(shop, out, engine, url))
        elif into is not None:
            screen_of(json).show(write_feature_rows(shop, into, engine, url))
        else:
            screen_of(json).show(explain_features(shop, engine))


@app.command()
def simulate(
    out: OutFolder,
    customers: Annotated[int, typer.Option("--customers", min=1, help="How many customers.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same shop.")] = 1,
    json: Json = False,
) -> None:
    """Write the files of a simulated shop whose truth is known."""
    from serving.commands.data.simulate import simulate_shop

    screen_of(json).show(simulate_shop(customers, seed, out))


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="The demo shop's folder.")] = Path(),
    json: Json = False,
) -> None:
    """Walk the whole way on real orders: the Complete Journey grocery log."""
    from serving.cli.demo import run_demo

    run_demo(out, screen_of(json))


@app.command()
def serve(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port to listen on.", min=1, max=65535)] = 3000,
    json: Json = False,
) -> None:
    """Answer over HTTP: scores, posted histories, the current list, model facts."""
    settings = settings_of(config, orders, horizon, active)
    from serving.cli.serve import start_service

    start_service(config, settings, host, port, screen_of(json))

"""The command line: each command a few lines over the rooms below.

Heavy imports stand inside the commands, so that `regulars --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.errors import InputError, RegularsError

if TYPE_CHECKING:
    from serving.config import Settings
    from serving.screen import Screen

app = typer.Typer(
    name="regulars",
    help="Tells a shop which regular customers are about to stop buying, why, what they are worth and what to do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 — a business day has no zone
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a day; write it as 2026-03-31') from None


Config = Annotated[Path | None, typer.Option("--config", help="The shop's regulars.toml; default: the one here.")]
Orders = Annotated[Path | None, typer.Option("--orders", help="Read this orders file instead of the one named there.")]
Horizon = Annotated[
    str | None,
    typer.Option("--horizon-days", metavar="DAYS|auto", help="Churned = no order on so many days."),
]
Active = Annotated[int | None, typer.Option("--active-days", help="Who ordered in the last so many days can churn.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=_date, metavar="DAY", help="Look from here; default: the day after the last order."),
]
Until = Annotated[
    date | None, typer.Option("--until", parser=_date, metavar="DAY", help="Never read an order on or after this day.")
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; kept in the book alone.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="For what reason; kept in the book.")]
OutFile = Annotated[Path, typer.Option("--out", help="A .csv, .parquet or .json file.")]
OutFolder = Annotated[Path, typer.Option("--out", help="A folder.")]
BySegment = Annotated[bool, typer.Option("--by-segment", help="For each segment of the customers file too.")]


def _settings(config: Path | None, orders: Path | None, horizon: str | None, active: int | None) -> Settings:
    from serving.config import days_or_auto, load_settings

    days = None if horizon is None else days_or_auto(horizon)
    return load_settings(config, orders=orders, horizon_days=days, active_days=active)


def _screen(machine: bool) -> Screen:
    from serving.screen import Screen

    return Screen(machine)


@app.command()
def init(
    orders: Annotated[Path, typer.Argument(help="The shop's orders: CSV or Parquet, as exported.")],
    events: Annotated[Path | None, typer.Option("--events", help="What customers did besides ordering.")] = None,
    customers: Annotated[Path | None, typer.Option("--customers", help="Names, owners, segments, consent.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where to write.")] = Path("regulars.toml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Guess columns, zone and currency of a shop's files, write regulars.toml and say what was assumed."""
    from serving.setup import init_shop
    from serving.show import show_init

    show_init(init_shop(orders, events, customers, out, force=force), _screen(json))


@app.command()
def check(
    config: Config = None, orders: Orders = None, horizon: Horizon = None, active: Active = None, json: Json = False
) -> None:
    """Say every broken rule at once, and whether the history is sufficient."""
    from serving.jobs import check_shop
    from serving.show import show_check

    report = check_shop(_settings(config, orders, horizon, active))
    show_check(report, _screen(json))
    if report.violations:
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
    from serving.horizon import propose
    from serving.show import show_horizon

    settings = _settings(config, orders, None, None)
    show_horizon(propose(settings, until, by_segment=by_segment, out=out), _screen(json))


@app.command()
def features(
    out: OutFile,
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Write the features of everyone who can churn, as known on a day."""
    from serving.jobs import write_features
    from serving.show import show_written

    show_written(write_features(_settings(config, orders, horizon, active), as_of, out), _screen(json))


@app.command()
def train(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    until: Until = None,
    no_tuned: Annotated[bool, typer.Option("--no-tuned", help="Ignore what regulars tune found.")] = False,
    json: Json = False,
) -> None:
    """Backtest the candidates, choose, refit, register as challenger; the gate decides whether it serves."""
    from serving.promotion import train_and_judge
    from serving.show import show_training

    screen = _screen(json)
    with screen.progress() as report:
        result = train_and_judge(_settings(config, orders, horizon, active), until, report, tuned=not no_tuned)
    show_training(result, screen)


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
    from serving.show import show_tuned
    from serving.tuning import tune_trees

    screen, settings = _screen(json), _settings(config, orders, horizon, active)
    with screen.progress() as report:
        result = tune_trees(settings, until, budget_minutes, report)
    show_tuned(result, screen)


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
    from serving.promotion import promote
    from serving.show import show_moved

    settings = _settings(config, None, horizon, active)
    show_moved(promote(settings, version, force=force, by=by, why=why), _screen(json))


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
    from serving.promotion import roll_back
    from serving.show import show_moved

    show_moved(roll_back(_settings(config, None, horizon, active), to, by=by, why=why), _screen(json))


@app.command()
def backtest(
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    until: Until = None,
    by_segment: BySegment = False,
    random_split: Annotated[
        bool, typer.Option("--random-split", help="Also say what a random split would have claimed, as a warning.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Pictures, report.json and report.md: a folder.")] = None,
    json: Json = False,
) -> None:
    """Measure the candidates on dates that they have not seen, and grade the chosen one; record nothing."""
    from serving.report import tell_backtest
    from serving.show import show_backtest

    screen, settings = _screen(json), _settings(config, orders, horizon, active)
    with screen.progress() as report:
        told = tell_backtest(settings, until, report, by_segment=by_segment, random_split=random_split, out=out)
    show_backtest(told, screen)


@app.command()
def score(
    out: OutFile,
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    as_of: AsOf = None,
    all_reasons: Annotated[bool, typer.Option("--all-reasons", help="Explain everyone, however many.")] = False,
    json: Json = False,
) -> None:
    """Score everyone who can churn, write the scores and record them in the book."""
    from serving.jobs import write_scores
    from serving.show import show_scores

    settings = _settings(config, orders, horizon, active)
    show_scores(write_scores(settings, as_of, out, all_reasons=all_reasons), _screen(json))


@app.command("list")
def list_(
    out: OutFolder,
    config: Config = None,
    orders: Orders = None,
    horizon: Horizon = None,
    active: Active = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Write the list of whom to call, with reasons and value at risk, and publish it in the book."""
    from serving.jobs import make_list
    from serving.show import show_list

    show_list(make_list(_settings(config, orders, horizon, active), as_of, out), _screen(json))


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
    from serving.start import start_service

    start_service(config, _settings(config, orders, horizon, active), host, port, _screen(json))


@app.command()
def simulate(
    out: OutFolder,
    customers: Annotated[int, typer.Option("--customers", min=1, help="How many customers.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same shop.")] = 1,
    json: Json = False,
) -> None:
    """Write the files of a simulated shop whose truth is known."""
    from serving.jobs import simulate_shop
    from serving.show import show_simulated

    show_simulated(simulate_shop(customers, seed, out), _screen(json))


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="The demo shop's folder.")] = Path(),
    json: Json = False,
) -> None:
    """Walk the whole way on real orders: the Complete Journey grocery log."""
    from serving.demo import run_demo

    run_demo(out, _screen(json))


def main() -> None:
    """Run the command line; errors of input are one clear message and exit code 2."""
    _prepare_environment()
    sys.exit(run(lambda: app(standalone_mode=False)))


def _prepare_environment() -> None:
    """Set what libraries read when they are first imported: no telemetry, no threads that spin while they wait."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")


def run(command: Callable[[], Any]) -> int:
    """Run a command and return its exit code; errors of input are told in words."""
    try:
        result = command()
    except RegularsError as error:
        return _told(error)
    except KeyboardInterrupt:
        print("stopped; what was there before is unchanged", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # typer's own errors carry how to show themselves; what has no `show` is ours and keeps its traceback.
        if not hasattr(error, "show"):
            raise
        error.show()
        return int(getattr(error, "exit_code", InputError.exit_code))
    return result if isinstance(result, int) else 0


def _told(error: RegularsError) -> int:
    print(f"regulars: {error}", file=sys.stderr)
    if "--json" in sys.argv:
        _screen(True).document({"error": type(error).__name__, "message": str(error), "violations": _violations(error)})
    return error.exit_code


def _violations(error: RegularsError) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(violation) for violation in getattr(error, "violations", ())]

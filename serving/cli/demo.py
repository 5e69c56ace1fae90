"""`regulars demo`: the whole way, once, on real orders.

The last weeks of the log are the answer: the model is trained on what was known two weeks before its end, scores
everyone at that date, and is then told how right it was, as the watch at the end of the log tells it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.atomic_write import whole
from features.churn.labels import complete_until
from features.clock import date_of
from features.errors import InputError
from features.log import Log
from features.memory import memory_kept
from features.shell import program, shell_line
from features.sources.mapping import CustomersMapping, EventsMapping, OrdersMapping, Shop
from serving.commands.data.check import check_shop
from serving.commands.data.demo_data import write_demo_shop
from serving.commands.lists.came_true import Truth, truth_of
from serving.commands.lists.list import publish
from serving.commands.models.score import score_all
from serving.commands.models.train import train_and_judge
from serving.commands.models.watch import watch_shop
from serving.config import FILE_NAME, Churn, ListSettings, ServeSettings, Settings, toml_text
from serving.monitoring.windows import each_window
from serving.outreach.exports.write_table import write_table
from serving.shop import OpenShop

if TYPE_CHECKING:
    from serving.cli.screen import Screen

HORIZON_DAYS = 14
ACTIVE_DAYS = 90
PER_OWNER = 5
MARK = "# The demo shop of Regulars"


@memory_kept()
def run_demo(folder: Path, screen: Screen) -> None:
    """Walk the whole way and print each station.

    Args:
        folder: the demo shop's regulars.toml, its data, `mlruns/` and the book go here.
        screen: where words go.

    Raises:
        InputError: the folder holds another shop's regulars.toml.
    """
    settings = demo_settings(folder)
    screen.say("1. The orders: Complete Journey, a grocery chain's log of 2017", "")
    with OpenShop(settings) as shop:
        report, log, features = check_shop(shop), shop.log, shop.features
    screen.lines(report)
    as_of = date_of(complete_until(log)) - timedelta(days=HORIZON_DAYS)
    # The pages open on the Monday of the list: by the calendar every call of it would be years overdue.
    settings = _written(replace(settings, serve=ServeSettings(today=as_of)))
    screen.say("", f"2. Features, backtest and training on what was known on {as_of}", "")
    with OpenShop(settings, until=as_of) as shop:
        with screen.progress() as progress:
            trained = train_and_judge(shop, progress)
        families = len(set(features.families.values()))
        screen.say(f"{len(features)} features of {families} families for each customer and date", "")
        screen.lines(trained)
        screen.say("", f"3. Scores and the list of {as_of}", "")
        run = score_all(shop)
        listed = publish(shop, run, settings.folder / "demo" / "list")
    write_table(run.scores, settings.folder / "demo" / "scores.csv")
    screen.lines(listed)
    truth = judged(settings, log)
    screen.say("", "4. How right it turned out to be", "", *truth.lines())
    screen.say("", "5. What regulars watch says at the end of the log, and what came of the list", "")
    with OpenShop(settings) as shop:
        watched = watch_shop(shop, ("list",))
    screen.lines(watched)
    screen.say("", "6. What next", "", *next_commands(settings, settings.tracking().page()))
    stations: dict[str, Any] = {
        "check": report,
        "training": trained,
        "list": listed,
        "truth": truth,
        "watch": watched,
    }
    screen.document({name: station.to_dict() for name, station in stations.items()})


def demo_settings(folder: Path) -> Settings:
    """Write the demo shop's files and its regulars.toml, once, and return the settings.

    Raises:
        InputError: another shop's regulars.toml is in the way.
    """
    folder = folder.resolve()
    toml = folder / FILE_NAME
    if toml.exists() and not toml.read_text(encoding="utf-8").startswith(MARK):
        raise InputError(f"{toml} is of another shop; one folder is one shop: regulars demo --out FOLDER")
    files = write_demo_shop(folder / "demo")
    settings = Settings(
        shop=Shop(zone="America/New_York", currency="USD"),
        orders=OrdersMapping(files["orders"], _same(*_ORDER_COLUMNS)),
        events=EventsMapping(files["events"], _same("customer_id", "kind", "happened_at")),
        customers=CustomersMapping(files["customers"], _same("customer_id", "name", "owner", "segment")),
        churn=Churn(HORIZON_DAYS, ACTIVE_DAYS),
        list=ListSettings(capacity=PER_OWNER),
        folder=folder,
    )
    return _written(settings)


def _written(settings: Settings) -> Settings:
    with whole(settings.folder / FILE_NAME) as half:
        half.write_text(f"{MARK}\n{toml_text(settings, ['nothing: the columns are known'])}", encoding="utf-8")
    return settings


_ORDER_COLUMNS = ("order_id", "customer_id", "ordered_at", "amount", "quantity", "discount", "product_id")


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


@dataclass(frozen=True)
class Told:
    """What came true of the demo's scores and list, for a person."""

    truth: Truth

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**vars(self.truth)}

    def lines(self) -> list[str]:
        """Say it to a person."""
        found = self.truth
        return [
            f"From {found.as_of} to {found.until}, {found.churned:,} of {found.customers:,} stayed away "
            f"({found.churned / found.customers:.1%}); the scores had said {found.said:.1%}.",
            f"AUROC {found.auroc:.3f}: of one who left and one who stayed, the one who left had the higher risk "
            f"{found.auroc:.0%} of the time.",
            f"Of {found.high:,} customers called more likely to stop than to order, "
            f"{found.high_churned:,} did stay away ({_share(found.high_churned, found.high)}).",
            f"Of the {found.listed:,} on the list as likely to leave, {found.listed_churned:,} stayed away "
            f"({_share(found.listed_churned, found.listed)}), {_times(found.lift)} as many as among all.",
        ]


def _share(part: int, whole_: int) -> str:
    return f"{part / whole_:.0%}" if whole_ else "none"


def _times(lift: float | None) -> str:
    return "not" if lift is None else f"{lift:.1f} times"


def judged(settings: Settings, log: Log) -> Told:
    """Compare scores and list of the latest run with the orders of its horizon."""
    with OpenShop(settings) as shop:
        return Told(truth_of(next(each_window(shop.book, log, complete_until(log), lambda *_: 0.0))))


def next_commands(settings: Settings, runs: str) -> list[str]:
    """Return what a newcomer would want to try now; `runs` is the address of the runs of training."""
    toml = settings.folder / FILE_NAME
    return [
        f"  the list for a spreadsheet    {settings.folder / 'demo' / 'list' / 'list.csv'}",
        f"  compare runs in MLflow        {settings.tracking().store.ui_command}",
        f"                                then open {runs}",
        "  your own shop                 source .venv/bin/activate && mkdir my-shop && cd my-shop",
        "                                regulars init ORDERS.csv",
        "                                regulars check && regulars train && regulars list --out list",
        "  then once a week              regulars weekly NEXT-ORDERS.csv",
        "",
        f"The list in a browser: {shell_line(program('regulars'), 'serve', '--config', toml)}",
        "then open http://127.0.0.1:3000/pages/",
    ]

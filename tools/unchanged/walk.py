"""The walk: shop by shop, everything that a user can ask the command line for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.unchanged import commands
from tools.unchanged.http import record_answers
from tools.unchanged.receiver import receiver
from tools.unchanged.recorder import Recorder
from tools.unchanged.samples import EXPORTS, FAULTY
from tools.unchanged.shops import GERMAN_HEADERS, make_german, make_retail, read, write_reports

DAY, NEXT, LATER = "2023-11-20", "2023-11-27", "2023-12-04"
RETAIL_DAYS = ("2023-08-28", "2023-09-04", "2023-10-09")
FORMATS = ("csv", "xlsx", "html", "json", "eml", "hubspot", "salesforce", "upsert")
KNOWN = "known.json"
DATES = {"day": DAY, "next": NEXT, "later": LATER, "formats": " ".join(f"--format {each}" for each in FORMATS)}


def walk(recorder: Recorder) -> None:
    """Record everything."""
    for part in (helps, exports, faults, plain_shop, retail_shop, german_shop, demo_shop):
        part(recorder)
    recorder.plain.save(recorder.shops / KNOWN)
    carry(recorder, recorder.shops)


def helps(recorder: Recorder) -> None:
    """What each command says of itself."""
    recorder.calls("help", "top | --help\nversion | --version\nnothing |")
    for command in commands.COMMANDS.split():
        recorder.call("help", command, f"{command} --help")
    for group, within in commands.GROUPS.items():
        for command in within.split():
            recorder.call("help", f"{group}-{command}", f"{group} {command} --help")


def exports(recorder: Recorder) -> None:
    """What `init` makes of the usual exports."""
    _write(recorder, "exports", EXPORTS)
    for file in EXPORTS:
        name = Path(file).stem
        recorder.call("exports", name, f"init {file} --out {name}.toml --json")
        recorder.keep_files("exports", [f"{name}.toml"])
    said = "--column ordered_at=Wann --column customer_id=Wer --column amount=Betrag"
    recorder.calls("exports", commands.INITS.format(said=said))
    recorder.keep_files("exports", ["strange.toml"])


def faults(recorder: Recorder) -> None:
    """How errors of the user are told."""
    _write(recorder, "faults", FAULTY)
    recorder.calls("faults", commands.FAULTS)


def plain_shop(recorder: Recorder) -> None:
    """A shop as `init` leaves it: every command in words and as JSON, then the API."""
    shop = "plain"
    recorder.calls(shop, commands.PLAIN_LISTED.format(**DATES))
    _report(recorder, shop, "list/list.csv", "2023-11-22")
    _mark(recorder, shop, "2023-11-22")
    recorder.calls(shop, commands.PLAIN_TOLD.format(**DATES))
    _tell_stories(recorder, shop, "list/list.csv")
    recorder.calls(shop, f"why-day | why C005 --as-of {DAY} --json\nwhy-unknown | why C9999")
    recorder.keep_files(shop, commands.PLAIN_FILES.split())
    recorder.keep_tracking(shop)
    _predict(recorder, shop)
    record_answers(recorder, shop, recorder.shops / shop / "next" / "list.csv")
    recorder.keep_book(shop)


def retail_shop(recorder: Recorder) -> None:
    """A chain with settings of its own: lists week by week, what came of them, who is told."""
    shop = "retail"
    recorder.call(shop, "simulate", "simulate --customers 200 --seed 7 --out .")
    make_retail(recorder.shops / shop)
    recorder.calls(shop, commands.RETAIL_LISTED)
    webhook = _told_lists(recorder, shop)
    recorder.calls(shop, commands.RETAIL_TOLD.format(webhook=webhook))
    _tell_stories(recorder, shop, "2023-09-04/list.csv", most=3)
    recorder.keep_files(shop, ["scores.json", *RETAIL_DAYS])
    recorder.keep_book(shop)


def german_shop(recorder: Recorder) -> None:
    """A shop known by a German export alone: horizon by itself, a backtest, models that come and go."""
    shop = "german"
    recorder.call(shop, "simulate", "simulate --customers 200 --seed 11 --out .")
    make_german(recorder.shops / shop)
    said = " ".join(f"--column {field}={header}" for field, header in GERMAN_HEADERS.items())
    recorder.calls(shop, commands.GERMAN.format(**DATES, said=said))
    recorder.keep_files(shop, ["regulars.toml", "features.parquet", "report", "high", "scores.parquet", "later"])
    recorder.keep_tracking(shop)
    recorder.keep_book(shop)


def demo_shop(recorder: Recorder) -> None:
    """The real orders of `regulars demo`."""
    recorder.calls("demo", "demo | demo --json\nkpis | kpis --json\nwhy | why 2042")
    recorder.keep_files("demo", ["regulars.toml", "demo/scores.csv", "demo/list"])
    recorder.keep_tracking("demo")


def carry(recorder: Recorder, origin: Path) -> None:
    """Go on with copies of shops that a walk has left: what older code wrote must be read by newer code.

    Args:
        recorder: of the checkout that goes on.
        origin: the folder of the shops.
    """
    for shop, table in commands.CARRIED.items():
        shutil.copytree(origin / shop, recorder.shops / "carried" / shop, dirs_exist_ok=True)
        recorder.calls(f"carried/{shop}", table.format(**DATES))
        recorder.keep_files(f"carried/{shop}", ["l" if shop == "retail" else "s.csv"])
    _predict(recorder, "carried/plain")


def _write(recorder: Recorder, shop: str, files: Mapping[str, str]) -> None:
    folder = recorder.shops / shop
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _told_lists(recorder: Recorder, shop: str) -> str:
    """Make the lists while a receiver of webhooks listens, and return the webhook's id."""
    with receiver() as told:
        recorder.call(shop, "webhook", f"webhooks add {told.url} --allow-private --json")
        for day in RETAIL_DAYS:
            recorder.call(shop, f"list-{day}", f"list --as-of {day} --out {day} --json")
            _report(recorder, shop, f"{day}/list.csv", day, f"{day}-")
            if day == RETAIL_DAYS[0]:
                _mark(recorder, shop, day)
        recorder.call(shop, "webhook-deliver", "webhooks deliver --json")
        webhook = json.loads(recorder.call(shop, "webhook-list", "webhooks list --json").out)["webhooks"][0]["id"]
        recorder.call(shop, "webhook-test", f"webhooks test {webhook}")
    recorder.keep(f"{shop}/webhook-messages.txt", told.text())
    return str(webhook)


def _report(recorder: Recorder, shop: str, listed: str, day: str, prefix: str = "") -> None:
    """Report what came of a list."""
    folder = recorder.shops / shop
    write_reports(folder, folder / listed, day)
    recorder.calls(shop, commands.REPORTS.format(prefix=prefix))


def _mark(recorder: Recorder, shop: str, day: str) -> None:
    """Record what people decided."""
    entry = read(recorder.shops / shop / "outcomes.csv")[0]["entry_id"]
    decided = f'--on {day} --by Ann --why "so it was said"'
    recorder.calls(shop, commands.MARKS.format(entry=entry, day=day, decided=decided))


def _tell_stories(recorder: Recorder, shop: str, listed: str, most: int = 8) -> None:
    ids = [row["customer_id"] for row in read(recorder.shops / shop / listed)]
    for number, customer in enumerate([*ids[: most - 2], "C005", "C050"]):
        recorder.call(shop, f"why-{customer}", f"why {customer}{' --json' if number % 2 else ''}")


def _predict(recorder: Recorder, shop: str) -> None:
    done = recorder.run(shop, [recorder.program("python"), "-c", commands.PREDICT.replace("DAY", DAY)])
    recorder.keep(f"{shop}/mlflow-predicts.txt", f"exit code {done.code}\n{done.out}")

"""Keeps a shop as a former commit wrote it: regulars.toml, book, `mlruns/` with bundles, and what it said of them.

    python -m tools.former_shop CHECKOUT --out tests/upgrade/7f580c7.tar.xz

CHECKOUT is a worktree of that commit with its environment in `.venv`. Its own `regulars` works on a small simulated
shop: it trains two models, publishes two lists, and records whatever people and systems report. `tests/upgrade/` opens
the result with the code of today. The two databases are kept as SQL, in which `@folder@` is the shop's folder; pictures
are not kept. It was made once, at 7f580c7, the oldest commit whose books are migrated; BLEND names what was there then.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import socket
import sqlite3
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

CUSTOMERS = 120
LISTED_FIRST = "2023-10-02"  # three months before the log's end: the horizon of this list is over
REPORTED_ON = "2023-10-05"
SIGNED = ("--by", "Ada", "--why", "to be kept")
DATABASES = ("book.db", "mlruns/mlflow.db")
LEFT_OUT = (".png", ".db", ".db-wal", ".db-shm", "truth.csv")
FOLDER = "@folder@"
# A blend holds every kind of fitted model; without this, the safest of the candidates that are as good is chosen.
BLEND = """
import sys, training.train
training.train._challengers = lambda *_: (("blend",), "every kind of model is kept")
from serving.cli import main
sys.argv = ["regulars", "train", "--json"]
main()
"""
READY_SECONDS = 90


@dataclass(frozen=True)
class Former:
    """The commands of a former commit, at work in a shop's folder.

    Args:
        checkout: its worktree.
        folder: the shop.
    """

    checkout: Path
    folder: Path

    def run(self, *words: str) -> dict[str, Any]:
        """Run a command and return its document."""
        return self.python(str(self.checkout / ".venv/bin/regulars"), *words, "--json")

    def keep(self, name: str, *words: str) -> dict[str, Any]:
        """Run a command and keep its document beside the shop."""
        document = self.run(*words)
        (self.folder / "said" / f"{name}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
        return document

    def python(self, *words: str) -> dict[str, Any]:
        """Run a program of the checkout's interpreter and return the document that it prints."""
        command = [str(self.checkout / ".venv/bin/python"), *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)  # noqa: S603 — our own program
        if done.returncode:
            raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr}")
        return dict(json.loads(done.stdout))

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve the shop on a free port until the block ends."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        words = [str(self.checkout / ".venv/bin/regulars"), "serve", "--port", str(port)]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(words, cwd=self.folder, start_new_session=True, **quiet)  # noqa: S603 — our own program
        try:
            _wait(url := f"http://127.0.0.1:{port}")
            yield url
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def make(former: Former) -> None:
    """Let a former commit work in an empty folder."""
    (former.folder / "said").mkdir()
    former.run("simulate", "--out", ".", "--customers", str(CUSTOMERS), "--seed", "5")
    former.run("init", "orders.csv", "--events", "events.csv", "--customers", "customers.csv")
    former.run("train")
    former.python("-c", BLEND)
    former.run("promote", "2", "--force", *SIGNED)
    former.run("webhooks", "add", "http://127.0.0.1:9/hook", "--allow-private")  # a port that nobody answers
    former.keep("first_list", "list", "--out", "said/first", "--format", "json", "--as-of", LISTED_FIRST)
    _report(former, [str(entry["customer_id"]) for entry in _entries(former.folder, "first")])
    former.keep("second_list", "list", "--out", "said/second", "--format", "json")
    former.keep("score", "score", "--out", "said/scores.csv")
    former.keep("effect", "effect")
    former.keep("kpis", "kpis")
    former.keep("why", "why", str(_entries(former.folder, "first")[0]["customer_id"]))


def _entries(folder: Path, name: str) -> list[dict[str, Any]]:
    return list(json.loads((folder / "said" / name / "list.json").read_text(encoding="utf-8"))["entries"])


def _report(former: Former, listed: list[str]) -> None:
    """Record everything that can be reported about the first list, by commands and over HTTP."""
    entries = [str(entry["entry_id"]) for entry in _entries(former.folder, "first")]
    for entry, outcome in zip(
        entries, ("saved", "not_saved", "reached", "wrong_alarm", "do_not_contact"), strict=False
    ):
        former.run("outcome", "--entry", entry, "--outcome", outcome, "--on", REPORTED_ON, "--cost", "2.50")
    former.run("hold", "veto", listed[5], "--on", REPORTED_ON, *SIGNED)
    former.run("hold", "snooze", listed[6], "--on", REPORTED_ON, "--until", "2099-01-01", *SIGNED)
    former.run("consent", listed[7], "--no", "--on", REPORTED_ON)
    former.run("hand-over", listed[8], "--to", "Eleni", "--on", REPORTED_ON, *SIGNED)
    key = str(former.keep("key", "keys", "create", "crm", "--role", "admin")["key"])
    line = {"ordered_at": "2024-01-02T10:00:00+01:00", "amount": "19.90", "product_id": "tea"}
    posted = {"orders": [{"order_id": "P-1", "customer_id": listed[0], "lines": [line]}]}
    contact = {"customer_id": listed[9], "contacted_on": REPORTED_ON, "channel": "call"}
    with former.serving() as url:
        _ask(url, key, "POST", "/v1/orders", posted)
        _ask(url, key, "POST", "/v1/contacts", {"contacts": [contact]})
        _ask(url, key, "DELETE", f"/v1/customers/{listed[10]}")


def _wait(url: str) -> None:
    for _ in range(READY_SECONDS):
        time.sleep(1)
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz").is_success:
                return
    raise SystemExit(f"{url} is not ready after {READY_SECONDS} s")


def _ask(url: str, key: str, method: str, path: str, body: object = None) -> None:
    httpx.request(method, f"{url}{path}", json=body, headers={"Authorization": f"Bearer {key}"}).raise_for_status()


def pack(folder: Path, out: Path) -> None:
    """Write the folder as one archive, its databases as SQL and its own path as `@folder@`."""
    with tarfile.open(out, "w:xz") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.endswith(LEFT_OUT):
                _add(archive, str(path.relative_to(folder)), path.read_bytes(), folder)
        for name in DATABASES:
            with closing(sqlite3.connect(folder / name)) as database:
                _add(archive, f"{name}.sql", "\n".join(database.iterdump()).encode(), folder)


def _add(archive: tarfile.TarFile, name: str, content: bytes, folder: Path) -> None:
    kept = content.replace(str(folder).encode(), FOLDER.encode())
    entry = tarfile.TarInfo(name)
    entry.size = len(kept)
    archive.addfile(entry, io.BytesIO(kept))


def unpack(archive: Path, folder: Path) -> None:
    """Put a kept shop into a folder, as if it had been written there."""
    with tarfile.open(archive) as kept:
        kept.extractall(folder, filter="data")
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(FOLDER.encode(), str(folder).encode()))
    for name in DATABASES:
        script = folder / f"{name}.sql"
        with closing(sqlite3.connect(folder / name)) as database:
            database.executescript(script.read_text(encoding="utf-8"))
        script.unlink()


def main() -> None:
    """Make the fixture of one commit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder).resolve()
        make(Former(options.checkout.resolve(), shop))
        pack(shop, options.out)


if __name__ == "__main__":
    main()

"""Calls `regulars` of one checkout as a user does, and keeps what it says and writes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.unchanged.forms import said_by, tables_of, tracked
from tools.unchanged.rules import Plain

SHOPS = ".shops"  # inside a recording: where the shops lie; comparing passes over it
CHILD = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "true",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "COLUMNS": "100",
    "TERM": "dumb",
}


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, eq=False)
class Recorder:
    """Keeps the outputs of one checkout.

    Args:
        checkout: a folder of the project with its environment in `.venv`.
        folder: where outputs are kept; the shops lie in a folder inside.
    """

    checkout: Path
    folder: Path
    plain: Plain

    @property
    def shops(self) -> Path:
        """Where the shops lie."""
        return self.folder / SHOPS

    def program(self, name: str) -> str:
        """Return the path of a program of the checkout's environment."""
        return str(self.checkout / ".venv" / "bin" / name)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs are told: nothing of the user's own settings, and a home of their own."""
        home = self.shops / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {**CHILD, "HOME": str(home), "PATH": os.pathsep.join([str(Path(self.program("x")).parent), os.defpath])}

    def call(self, shop: str, name: str, arguments: str) -> Said:
        """Call `regulars` in a shop's folder and keep its exit code and words as SHOP/NAME.txt."""
        done = self.run(shop, [self.program("regulars"), *shlex.split(arguments)])
        head = f"$ regulars {arguments}\nexit code {done.code}"
        self.keep(f"{shop}/{name}.txt", f"{head}\n--- stdout\n{done.out}--- stderr\n{done.err}")
        return done

    def run(self, shop: str, command: list[str]) -> Said:
        """Run a program in a shop's folder."""
        print(f"{shop}: {Path(command[0]).name} {' '.join(command[1:])[:110]}", file=sys.stderr, flush=True)
        where = self.shops / shop
        where.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, cwd=where, env=self.environment, capture_output=True, check=False)  # noqa: S603 — our own program
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def calls(self, shop: str, lines: str) -> None:
        """Call each line of a table: a name, a bar, the arguments."""
        for line in filter(None, map(str.strip, lines.splitlines())):
            name, _, arguments = line.partition("|")
            self.call(shop, name.strip(), arguments.strip())

    def keep(self, name: str, text: str) -> None:
        """Keep a text under a name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.plain.text(text).encode())

    def keep_files(self, shop: str, names: Iterable[str]) -> None:
        """Keep files of a shop, and all files of folders, in a form that can be compared."""
        for name in names:
            there = self.shops / shop / name
            found = sorted(path for path in there.rglob("*") if path.is_file()) if there.is_dir() else [there]
            for path in found:
                kept = path.relative_to(self.shops).as_posix()
                self.keep(f"{self.plain.text(kept)}.txt", said_by(path) if path.exists() else "no such file\n")

    def keep_book(self, shop: str) -> None:
        """Keep the tables of a shop's book: other programs read them, and older books must open."""
        for table, made, rows in tables_of(self.shops / shop / "book.db"):
            plain = sorted(map(self.plain.text, rows))  # afterwards: rows may lie in the order of random ids
            self.keep(f"{shop}/book/{table}.txt", "\n".join([made, *plain]) + "\n")

    def keep_tracking(self, shop: str) -> None:
        """Keep what MLflow holds of a shop: the figures of its runs, their artifacts and the bundles."""
        database = self.shops / shop / "mlruns" / "mlflow.db"
        shown = list(tracked(database)) if database.exists() else ["no such file"]
        self.keep(f"{shop}/mlflow.txt", "\n".join(shown) + "\n")  # first: it names the models in their order
        self.keep_files(shop, ["mlruns/artifacts"])

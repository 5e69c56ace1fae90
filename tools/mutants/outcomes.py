"""What became of the mutants of each module, kept in the repository: whoever clones it runs none of them again."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mutants.judged import ROOT, Judged

STORE = Path(__file__).with_name("outcomes.json")


@dataclass(frozen=True)
class Outcome:
    """What became of a module's mutants.

    Args:
        judged: the module.
        killed: mutants for which a test failed or did not end.
        survivors: (line of the code, changed line) of each other one.
        missing: mutants that were not run.
    """

    judged: Judged
    killed: int
    survivors: tuple[tuple[str, str], ...]
    missing: int = 0

    @property
    def commit(self) -> str:
        """The last one that changed the module or its tests."""
        files = ("--", self.judged.module, *self.judged.tests)
        return "not committed" if _git("status", "--porcelain", *files) else _git("log", "-1", "--format=%h", *files)

    @property
    def equivalent(self) -> list[tuple[str, str]]:
        """Survivors that no test can tell from the code."""
        return [pair for pair in self.survivors if self.judged.why_equivalent(*pair)]

    @property
    def survived(self) -> list[tuple[str, str]]:
        """Survivors for which a test is missing."""
        return [pair for pair in self.survivors if not self.judged.why_equivalent(*pair)]

    @property
    def score_percent(self) -> float:
        """Killed, of all that a test could kill."""
        told_apart = self.killed + len(self.survived)
        return 100 * self.killed / told_apart if told_apart else 100.0


def kept(judged: Judged) -> Outcome | None:
    """Return what became of a module's mutants, where neither it nor its tests have changed since they were run."""
    row = _stored().get(judged.module)
    if row is None or row["fingerprint"] != judged.fingerprint():
        return None
    return Outcome(judged, row["killed"], tuple((before, after) for before, after in row["survivors"]))


def keep(outcome: Outcome) -> None:
    """Keep what became of a module's mutants, in place of what was kept of it."""
    row = {"fingerprint": outcome.judged.fingerprint(), "killed": outcome.killed, "survivors": outcome.survivors}
    text = json.dumps(dict(sorted((_stored() | {outcome.judged.module: row}).items())), indent=1, ensure_ascii=False)
    STORE.write_text(text + "\n", "utf-8")


def _stored() -> dict[str, Any]:
    return dict(json.loads(STORE.read_text("utf-8"))) if STORE.exists() else {}


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603

"""Runs the mutants of one module with mutmut, in a copy of the tree; a broken run goes on where it ended."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tools.mutants.judged import ROOT, Judged
from tools.mutants.outcomes import Outcome, keep, kept

COPIED = ("features", "training", "serving", "tests")
# What mutmut stores of a mutant: the exit code of pytest, or one of its own where the tests did not end in time.
FAILED, ENDLESS = (1, 3), (24, -24, 36, 152, 255)
# mutmut shows one mutant at a time, and takes a second to begin: all of a module's are shown by one process.
SHOW = (
    "import sys; from mutmut.__main__ import cli; [cli(['show', key], standalone_mode=False) for key in sys.argv[1:]]"
)
SECTION = """

[tool.mutmut]
source_paths = ["features", "training", "serving"]
only_mutate = [{module}]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
also_copy = ["README.md"]
use_git_change_detection = false
track_dependencies = false
"""


def run(judged: Judged) -> Outcome:
    """Run what is left of a module's mutants, one process, and keep what became of them.

    Raises:
        RuntimeError: mutmut could not run the tests.
    """
    if found := kept(judged):
        return found
    _prepare(judged)
    if outcome(judged).missing:
        ended = _mutmut(judged, "run", "--max-children", "1")
    if (found := outcome(judged)).missing or not found.killed:
        last = ended.stdout.replace("\r", "\n").splitlines()[-15:] + ended.stderr.splitlines()[-15:]
        raise RuntimeError("\n".join([f"mutmut did not finish {judged.module}:", *last]))
    keep(found)
    return found


def outcome(judged: Judged) -> Outcome:
    """Read what a run left."""
    stored = judged.folder / "mutants" / f"{judged.module}.meta"
    codes = json.loads(stored.read_text("utf-8"))["exit_code_by_key"] if stored.exists() else {"": None}
    killed = [key for key, code in codes.items() if code in (*FAILED, *ENDLESS)]
    missing = [key for key, code in codes.items() if code is None]
    left = [key for key in codes if key not in {*killed, *missing}]
    return Outcome(judged, len(killed), _lines(judged, left), len(missing))


def _prepare(judged: Judged) -> None:
    """Copy the tree, unless a run of the same module and tests is there to go on with."""
    folder, mark = judged.folder, judged.folder / "fingerprint"
    if mark.exists() and mark.read_text("utf-8") == judged.fingerprint():
        return
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "README.md", folder)
    settings = SECTION.format(module=json.dumps(judged.module), tests=json.dumps(judged.tests))
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8") + settings, "utf-8")
    mark.write_text(judged.fingerprint(), "utf-8")  # last: a copy that was broken off is made again


def _mutmut(judged: Judged, *arguments: str) -> subprocess.CompletedProcess[str]:
    command: Sequence[str] = (sys.executable, "-m", "mutmut", *arguments)
    return subprocess.run(command, cwd=judged.folder, capture_output=True, text=True, check=False)  # noqa: S603


def _lines(judged: Judged, keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return of each mutant the line of the code and what the mutant made of it."""
    if not keys:
        return ()
    command = (sys.executable, "-c", SHOW, *keys)
    told = subprocess.run(command, cwd=judged.folder, capture_output=True, text=True, check=True)  # noqa: S603
    return tuple(_changed(each) for each in told.stdout.split("\n# ")[-len(keys) :])


def _changed(shown: str) -> tuple[str, str]:
    changed = [line for line in shown.splitlines() if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"}]
    before, after = (" ".join(line[1:].strip() for line in changed if line[0] == sign) for sign in "-+")
    return before, after

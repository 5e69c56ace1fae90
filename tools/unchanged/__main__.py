"""The command line of `python -m tools.unchanged`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.unchanged.comparing import differences
from tools.unchanged.recorder import SHOPS, Recorder
from tools.unchanged.rules import Plain
from tools.unchanged.walk import KNOWN, carry, walk

HERE = Path(__file__).resolve().parents[2]


def main() -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.unchanged", description="Proves that nothing changed.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, arguments, meaning) in CALLS.items():
        one = commands.add_parser(name, help=meaning)
        for argument in arguments:
            one.add_argument(argument, type=str if argument == "ref" else Path)
    given = vars(parser.parse_args())
    call, *_ = CALLS[given.pop("command")]
    return call(**given)


def recorder_of(checkout: Path, folder: Path) -> Recorder:
    """Return the recorder of a checkout over an empty folder."""
    checkout, folder = checkout.resolve(), folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty; a recording begins in an empty folder")
    (folder / SHOPS).mkdir(parents=True)
    return Recorder(checkout, folder, Plain({"shops": folder / SHOPS, "checkout": checkout}))


def record(checkout: Path, folder: Path) -> int:
    """Record all outputs of a checkout."""
    recorder = recorder_of(checkout, folder)
    walk(recorder)
    return 0


def compare(one: Path, other: Path, under: str = "") -> int:
    """Say each file that differs."""
    count, told = differences(one, other, under)
    print("\n".join(told) if told else f"{count} outputs, all equal")
    if told:
        print(f"{len(told)} of {count} outputs differ")
    return 1 if told or not count else 0


def carried(checkout: Path, old: Path, new: Path) -> int:
    """Go on with the shops of a recording in another checkout, and compare with how its own checkout went on."""
    recorder = recorder_of(checkout, new)
    shops = old.resolve() / SHOPS
    recorder.plain.take_over(shops / KNOWN)
    carry(recorder, shops)
    return compare(old, new, "carried")


def against(ref: str) -> int:
    """Record a commit and this checkout, and compare; the recordings stay in a temporary folder, which is named."""
    work = Path(tempfile.mkdtemp(prefix="unchanged-"))
    print(f"recordings in {work}", file=sys.stderr)
    before = work / "checkout"
    _run("git", "worktree", "add", "--detach", str(before), ref, where=HERE)
    try:
        _run("make", "setup", where=before)
        record(before, work / "before")
        record(HERE, work / "after")
        return max(compare(work / "before", work / "after"), carried(HERE, work / "before", work / "carried"))
    finally:
        _run("git", "worktree", "remove", "--force", str(before), where=HERE)


def _run(*command: str, where: Path) -> None:
    program = shutil.which(command[0]) or command[0]
    subprocess.run([program, *command[1:]], cwd=where, check=True)  # noqa: S603 — git and make


CALLS: Mapping[str, tuple[Callable[..., int], tuple[str, ...], str]] = {
    "record": (record, ("checkout", "folder"), "walk, and keep every output in FOLDER"),
    "compare": (compare, ("one", "other"), "say each output that differs"),
    "carry": (carried, ("checkout", "old", "new"), "go on with the shops of recording OLD in another checkout"),
    "against": (against, ("ref",), "record a commit and this checkout, carry, compare"),
}

if __name__ == "__main__":
    sys.exit(main())

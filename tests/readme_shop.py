"""A shop on which the README's commands were run as they stand there: one training for all who want a trained shop."""

from __future__ import annotations

import contextlib
import shlex
import shutil
from pathlib import Path

from features.simulation.simulate import simulate
from serving.cli import app, run

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block_after(heading: str) -> list[str]:
    """The lines of the first code block under a heading."""
    section = README.split(f"## {heading}\n")[1]
    return section.split("```\n")[1].strip().splitlines()


def walk_the_readme(folder: Path, template: Path) -> None:
    """Simulate a shop, and run the commands for an own shop.

    Args:
        folder: an empty one.
        template: where an empty tracking database lies, which a first run would make in seconds.
    """
    simulate(250, seed=5, days=420, usual_gap_days=14).write(folder)
    shutil.copytree(template / "mlruns", folder / "mlruns")
    commands = [line for line in block_after("Your own shop") if line.startswith("regulars")]
    assert len(commands) == 4
    with contextlib.chdir(folder):
        for command in commands:
            words = shlex.split(command)[1:]
            assert run(lambda words=words: app(words, standalone_mode=False)) == 0, command

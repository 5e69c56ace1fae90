"""How far a reader walks through the code to follow one command: the files it enters, and its returns to files it left.

    python tools/call_trace.py serving.commands.lists.list:make_list --shop FOLDER

The function runs once on a copy of the shop in FOLDER, which has orders and a trained model, or on a small simulated
one. The walk is the sequence of files that are entered by calls of functions by their name, each call site counted the
first time it is passed; methods of a value at hand are read as words. It follows the code that orchestrates (`INSIDE`)
wherever it goes; any other file is entered through the function that is called there, and what that function calls in
turn is its own matter. A return is an entry into a file that the walk had entered before and left since.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

HERE = Path(__file__).resolve().parent.parent
PACKAGES = ("features", "training", "serving")
# What a reader follows line by line: the commands, what is open, and how scores are made.
INSIDE = ("serving/commands/", "serving/shop/", "serving/customers.py", "serving/scorer.py")


@dataclass
class Walk:
    """The files that were entered, in order.

    Args:
        root: the folder of the code.
        inside: the beginnings of the names of files that are followed.
        files: one for each stay: a file appears again where the walk came back to it.
    """

    root: Path
    inside: tuple[str, ...]
    files: list[str] = field(default_factory=list)
    _passed: set[tuple[CodeType, int, CodeType]] = field(default_factory=set)

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        """Note a call where its caller is followed; the profiler calls this."""
        caller = frame.f_back
        while caller is not None and caller.f_code.co_name.startswith("<"):  # a comprehension is a part of its function
            caller = caller.f_back
        into = self._file(frame.f_code)
        if event != "call" or caller is None or into is None or "." in frame.f_code.co_qualname:
            return
        site = (caller.f_code, caller.f_lineno, frame.f_code)
        if site in self._passed or not (self._file(caller.f_code) or "").startswith(self.inside):
            return
        self._passed.add(site)
        if self.files[-1] != into:
            self.files.append(into)

    def _file(self, code: CodeType) -> str | None:
        """Return the file of a function within our packages; None for others, and for comprehensions and lambdas."""
        path = Path(code.co_filename)
        if code.co_name.startswith("<") or not path.is_relative_to(self.root):
            return None
        name = path.relative_to(self.root).as_posix()
        return name if name.startswith(tuple(f"{each}/" for each in PACKAGES)) else None

    @property
    def returns(self) -> int:
        """How often the walk came back to a file it had left."""
        return len(self.files) - len(set(self.files))


def walk_of(
    function: Callable[..., Any], arguments: Sequence[Any], root: Path, inside: tuple[str, ...] = INSIDE
) -> Walk:
    """Run a function once and return the walk through it."""
    walk = Walk(root, inside, [Path(inspect.getfile(function)).resolve().relative_to(root).as_posix()])
    sys.setprofile(walk.note)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return walk


def arguments_of(function: Callable[..., Any], shop: Path) -> list[Any]:
    """Return what a command is called with, by the names of its parameters."""
    from serving.config import load_settings

    settings = load_settings(shop / "regulars.toml")
    known: dict[str, Callable[[], Any]] = {
        "settings": lambda: settings,
        "shop": lambda: importlib.import_module("serving.shop").OpenShop(settings),
        "as_of": lambda: None,
        "out": lambda: shop / "out",
    }
    needed = [each.name for each in inspect.signature(function).parameters.values() if each.default is each.empty]
    return [known[name]() for name in needed]


def made_shop(folder: Path) -> Path:
    """Simulate a shop and train it."""
    from serving.cli import app, run

    def regulars(*words: object) -> None:
        if run(lambda: app([str(word) for word in words], standalone_mode=False)):
            raise SystemExit(f"regulars {words[0]} failed")

    toml = folder / "regulars.toml"
    regulars("simulate", "--customers", 300, "--out", folder)
    regulars("init", folder / "orders.csv", "--customers", folder / "customers.csv", "--out", toml)
    regulars("train", "--config", toml)
    return folder


def main() -> None:
    """Print the walk of each function that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("functions", nargs="+", metavar="MODULE:FUNCTION")
    parser.add_argument("--shop", type=Path, help="a folder with regulars.toml and a trained model")
    parser.add_argument("--root", type=Path, default=HERE, help="the folder of the code, if it is another one")
    parser.add_argument("--inside", nargs="+", default=INSIDE, help="what is followed, where files had other names")
    asked = parser.parse_args()
    root = asked.root.resolve()
    sys.path.insert(0, str(root))
    with tempfile.TemporaryDirectory() as folder:
        shop = made_shop(Path(folder)) if asked.shop is None else shutil.copytree(asked.shop, Path(folder, "shop"))
        for name in asked.functions:
            module, _, function = name.partition(":")
            command = getattr(importlib.import_module(module), function)
            walk = walk_of(command, arguments_of(command, Path(shop)), root, tuple(asked.inside))
            print(*(f"  {number:>3}  {file}" for number, file in enumerate(walk.files, 1)), sep="\n")
            print(f"{name}: {len(set(walk.files))} files, {walk.returns} returns")


if __name__ == "__main__":
    main()

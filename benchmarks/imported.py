"""What a module of this repository runs: the files that it imports, directly and through others, and their code alone.

Comments, docstrings and the layout of lines change no figure, so they are left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("features", "training", "serving", "benchmarks", "tests")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def files_run_by(module: str, root: Path) -> frozenset[str]:
    """Return the files that a module runs, itself among them, as paths from the root.

    What a package only re-exports is followed where it is imported from, not by the package's name.

    Args:
        module: dotted name, as after `python -m`.
        root: of the repository.
    """
    found: set[str] = set()
    waiting = [_file_of(module, root)]
    while waiting:
        file = waiting.pop()
        if file is None or (path := file.relative_to(root).as_posix()) in found:
            continue
        found.add(path)
        waiting += [_file_of(name, root) for name in _imported(ast.parse(file.read_text(encoding="utf-8")))]
    return frozenset(found)


def code_of(source: str) -> str:
    """Return what runs of a source: its syntax tree without docstrings.

    >>> code_of("'Words.';  x = 1  # one") == code_of("x = 1")
    True
    >>> code_of("x = 1") == code_of("x = 2")
    False
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _file_of(module: str, root: Path) -> Path | None:
    """Return the file of a module of ours; None of another's, and of a name within a module."""
    if module.partition(".")[0] not in PACKAGES:
        return None
    path = root.joinpath(*module.split("."))
    package = path / "__init__.py"
    return next((each for each in (path.with_suffix(".py"), path / "__main__.py", package) if each.is_file()), None)

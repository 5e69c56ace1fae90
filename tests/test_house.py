"""The house keeps its shape: no module imports itself in a circle, no folder is crowded, every module says what it is.

Circles count wherever the import stands: in a function, or only for the type checker.
"""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("features", "training", "serving")
MOST_FILES = 24  # "about twenty": so many may lie in a folder beside its __init__
FILES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


@cache
def tree_of(module: str) -> ast.Module:
    """Read by the tests alone: each worker collects this file, and one runs it."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported(module: str) -> set[str]:
    """Our modules that a module imports; `from package import name` means the module of that name, if there is one."""
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in named}
    return found & MODULES.keys()


def test_no_module_imports_itself_in_a_circle() -> None:
    try:
        TopologicalSorter({name: imported(name) for name in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(reversed(error.args[1])))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_is_crowded(package: str) -> None:
    folders = {path.parent for path in FILES if path.is_relative_to(ROOT / package)}
    sizes = {
        folder.relative_to(ROOT).as_posix(): len({*folder.glob("*.py")} - {folder / "__init__.py"})
        for folder in folders
    }
    assert {folder: files for folder, files in sizes.items() if files > MOST_FILES} == {}


def test_every_module_says_what_it_is() -> None:
    assert [module for module in MODULES if not ast.get_docstring(tree_of(module))] == []


def test_migrations_are_one_chain_and_the_last_is_the_books() -> None:
    """Two that were written side by side take one number, and then no former book opens."""
    found = {path.name: path.read_text("utf-8") for path in (ROOT / "serving/book/migrations/versions").glob("0*.py")}
    numbers = sorted(re.findall(r'^revision = "(\d+)"', text, re.MULTILINE)[0] for text in found.values())
    formers = sorted(re.findall(r'^down_revision = "?(\d+|None)', text, re.MULTILINE)[0] for text in found.values())
    assert numbers == sorted(name[:4] for name in found) == sorted(set(numbers))
    assert formers == sorted([*numbers[:-1], "None"])
    assert f'HEAD = "{numbers[-1]}"' in (ROOT / "serving/book/migrate.py").read_text("utf-8")


def test_the_pages_of_commands_and_sizes_are_as_they_are_generated() -> None:
    from docs.command_reference import PAGE as COMMANDS
    from docs.command_reference import commands_page
    from docs.holdings_table import PAGE as KEPT
    from docs.holdings_table import holdings_page
    from docs.sizing_table import PAGE as SIZES
    from docs.sizing_table import sizing_page

    assert COMMANDS.read_text("utf-8") == commands_page(), "a command or an option is another one: run make docs"
    assert KEPT.read_text("utf-8") == holdings_page(), "a table or a period is another one: run make docs"
    assert SIZES.read_text("utf-8") == sizing_page(), "a benchmark was measured again: run make docs"

"""Measures the shape of the code: rooms, lengths of files and functions, circles, statements.

python tools/house.py [CHECKOUT]
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

PACKAGES = ("features", "training", "serving")
Imports = Mapping[str, set[str]]  # module → the modules of ours that it imports


def main() -> None:
    """Print the table of one checkout."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources(root)}
    for name, value in measures(root, trees):
        print(f"{name:<44}{value}")


def sources(root: Path) -> Iterator[Path]:
    """Yield the source files of the three packages."""
    for package in PACKAGES:
        yield from sorted((root / package).rglob("*.py"))


def measures(root: Path, trees: Mapping[Path, ast.Module]) -> Iterator[tuple[str, str]]:
    """Yield each measure with its value as text.

    Args:
        root: of the checkout.
        trees: file → its parsed source.
    """
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in trees}
    yield "files", f"{len(trees):,}"
    yield "lines", f"{sum(lines.values()):,}"
    yield "statements", f"{sum(map(statements, trees.values())):,}"
    yield "file length, median and 90 %", spread(lines.values())
    yield "function length, median and 90 %", spread(length for tree in trees.values() for length in functions(tree))
    folders = Counter(path.parent for path in trees if path.name != "__init__.py")
    fullest, count = folders.most_common(1)[0]
    yield "most files in one folder", f"{count} ({fullest.relative_to(root)})"
    imports = imports_of(root, trees)
    yield "import circles, TYPE_CHECKING included", str(len(circles(imports)))
    importers = Counter(target for targets in imports.values() for target in targets)
    single = sum(count == 1 for count in importers.values())
    yield "files with a single importer", f"{single / len(trees):.0%}"
    yield from ((f"lines in {room}", f"{count:,}") for room, count in rooms(root, lines))


def statements(tree: ast.AST) -> int:
    """Return the number of statements; docstrings and the layout of lines do not count."""
    return sum(isinstance(node, ast.stmt) and not is_docstring(node) for node in ast.walk(tree))


def is_docstring(node: ast.stmt) -> bool:
    """Return whether a statement is a bare text."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def functions(tree: ast.AST) -> Iterator[int]:
    """Yield the length of each function's body in lines, without its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = [each for each in node.body if not is_docstring(each)]
            yield (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def spread(lengths: Iterable[int]) -> str:
    """Return the median and the 90th percentile of lengths."""
    ordered = sorted(lengths)
    return f"{statistics.median(ordered):.0f}, {ordered[int(0.9 * (len(ordered) - 1))]}"


def rooms(root: Path, lines: Mapping[Path, int]) -> Iterator[tuple[str, int]]:
    """Yield each folder of the packages with the lines in it, its own subfolders apart."""
    of: defaultdict[str, int] = defaultdict(int)
    for path, count in lines.items():
        of[str(path.parent.relative_to(root))] += count
    yield from sorted(of.items())


def module_of(root: Path, path: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(root: Path, trees: Mapping[Path, ast.Module]) -> Imports:
    """Return which of our modules each module imports, wherever the import stands in the file."""
    known = {module_of(root, path) for path in trees}
    return {
        module_of(root, path): set(_imported(tree, known)) - {module_of(root, path)} for path, tree in trees.items()
    }


def _imported(tree: ast.AST, known: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in inner if name in known)
            if any(name not in known for name in inner):
                yield str(node.module)


def circles(imports: Imports) -> list[Sequence[str]]:
    """Return the groups of modules that import each other in a circle (Tarjan 1972, strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[Sequence[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in imports.get(module, ()):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(group)

    for module in imports:
        if module not in index:
            visit(module)
    return found


if __name__ == "__main__":
    main()

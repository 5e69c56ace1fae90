"""Which files are meant: one, several, those of a folder, or those that fit a pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from features.errors import suggest
from features.faults import machine_fault
from features.sources.opening.refusal import refusal

# What else lies in a folder is no table: a readme, a picture, our own settings.
ENDINGS = (".csv", ".tsv", ".txt", ".tab", ".gz", ".bz2", ".xz", ".zip", ".xlsx", ".xlsm", ".parquet", ".jsonl",
           ".ndjson", ".json")  # fmt: skip


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are meant, each once, those of a folder or a pattern by name.

    Raises:
        InputError: one that does not exist or cannot be opened, or a folder or pattern without a file.
    """
    found = [file for path in paths for file in _files(path)]
    for file in found:
        _readable(file)
    return list({file.resolve(): file for file in found}.values())


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        inside = sorted(each for each in path.iterdir() if each.is_file() and _is_table(each))
        if not inside:
            raise refusal(path.name, "is a folder without a table", f"put files in it such as {', '.join(ENDINGS[:3])}")
        yield from inside
    elif path.exists() or not has_magic(str(path)):
        yield path
    else:
        fits = sorted(Path(each) for each in glob(str(path), recursive=True))
        if not fits:
            raise refusal(path.name, "fits no file", "write the pattern as seen from regulars.toml")
        yield from (each for each in fits if each.is_file())


def _is_table(path: Path) -> bool:
    return path.name.lower().endswith(ENDINGS) and not path.name.startswith((".", "~$"))


def _readable(path: Path) -> None:
    if not path.exists():
        near = suggest(path.name, [each.name for each in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise refusal(path.name, "does not exist", f"write its path as seen from regulars.toml.{near}".rstrip("."))
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        fault = machine_fault(error, path)
        raise fault or refusal(path.name, f"cannot be opened: {error.strerror}", "check its permissions") from error

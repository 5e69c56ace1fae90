"""The archive of a backup: a ZIP file with the shop's files by their paths, and a manifest that is written last.

An archive that was cut off cannot be opened: ZIP keeps its directory at the end. Every file in it is compared with the
SHA-256 that the manifest has of it, after writing and before restoring.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from features.errors import Damaged, InputError
from features.faults import cannot_be, faults_at
from features.file_access import BY_UMASK, OWNER_ONLY
from serving.backup.contents import MODELS
from serving.backup.manifest import FILE as MANIFEST
from serving.backup.manifest import Manifest, Stored

BLOCK_BYTES = 1 << 20
PACKED = (".parquet", ".png", ".zip", ".gz", ".xlsx")  # packed already: to pack them again only costs time
WHOLE = "the shop is as it was"


class ArchiveWriter:
    """Writes files into an archive, and keeps what the manifest says of each.

    Args:
        archive: open for writing.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: dict[str, Stored] = {}

    def add(self, name: str, file: Path) -> None:
        """Put a file into the archive.

        Args:
            name: its path in the shop's folder.
            file: where it lies.

        Raises:
            FileNotFoundError: it is gone.
        """
        entry = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
        entry.compress_type = zipfile.ZIP_STORED if file.suffix in PACKED else zipfile.ZIP_DEFLATED
        with file.open("rb") as source, self._archive.open(entry, "w", force_zip64=True) as target:
            self.files[name] = _pass_on(source, target)

    def close_with(self, manifest: Manifest) -> None:
        """Put the manifest into the archive."""
        self._archive.writestr(MANIFEST, manifest.to_json())


@contextmanager
def writing_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Open a new archive for writing; its owner alone can read it from the first byte on."""
    OWNER_ONLY.make_file(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        yield ArchiveWriter(archive)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive for reading.

    Raises:
        InputError: there is no such file.
        Damaged: it is no archive, or not a whole one.
    """
    try:
        with faults_at(path, WHOLE), zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from None
    except OSError as error:
        raise cannot_be("read", path, error, WHOLE) from error


def read_manifest(path: Path) -> Manifest:
    """Return what a backup says of itself.

    Raises:
        InputError: there is no such file, it is no backup, or a newer Regulars wrote it.
        Damaged: it is no whole archive.
    """
    with _opened(path) as archive:
        if MANIFEST not in archive.namelist():
            raise InputError(f"{path} is no backup: it has no {MANIFEST}")
        return Manifest.from_json(archive.read(MANIFEST).decode("utf-8", "replace"), str(path))


def read_text(path: Path, name: str) -> str:
    """Return a text file of a backup, such as its settings.

    Args:
        path: of the archive.
        name: of the file in it.

    Raises:
        Damaged: it is no whole archive.
    """
    with _opened(path) as archive:
        return archive.read(name).decode("utf-8", "replace")


def verify(path: Path) -> Manifest:
    """Compare every file in an archive with its manifest.

    Raises:
        InputError: it is no backup.
        Damaged: a file is missing, is another one, or is not in the manifest.
    """
    manifest = read_manifest(path)
    with _opened(path) as archive:
        _refuse_other_files(path, archive, manifest)
        for name, known in manifest.files.items():
            with archive.open(name) as source, open(os.devnull, "wb") as nowhere:
                _compare(path, name, known, _pass_on(source, nowhere))
    return manifest


def unpack(path: Path, folder: Path) -> Manifest:
    """Write every file of a backup into an empty folder, each compared with the manifest, and on the disk at the end.

    Args:
        path: of the archive.
        folder: is there, and empty.

    Raises:
        InputError: it is no backup, or a name in it leads out of the folder.
        Damaged: a file is missing, is another one, or is not in the manifest.
    """
    manifest = read_manifest(path)
    with _opened(path) as archive:
        _refuse_other_files(path, archive, manifest)
        for name, known in manifest.files.items():
            target = folder / _safe(path, name)
            access = BY_UMASK if name.startswith(f"{MODELS}/") else OWNER_ONLY  # models hold nothing of a customer
            with faults_at(target, WHOLE):
                access.make_folder(target.parent)
                access.make_file(target)
                with archive.open(name) as source, target.open("wb") as file:
                    _compare(path, name, known, _pass_on(source, file))
                    file.flush()
                    os.fsync(file.fileno())
    return manifest


def _pass_on(source: IO[bytes], target: IO[bytes]) -> Stored:
    sha256, size = hashlib.sha256(), 0
    while block := source.read(BLOCK_BYTES):
        sha256.update(block)
        size += len(block)
        target.write(block)
    return Stored(sha256.hexdigest(), size)


def _refuse_other_files(path: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    held = sorted(archive.namelist())
    if held != sorted([MANIFEST, *manifest.files]):
        raise _damaged(path, "its files are not those of its manifest")


def _compare(path: Path, name: str, known: Stored, found: Stored) -> None:
    if found != known:
        raise _damaged(path, f"{name} is not what was put into it")


def _safe(path: Path, name: str) -> PurePosixPath:
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name or ":" in name or not parts.parts:
        raise InputError(f"{path} is refused: the name {name!r} in it leads out of the folder")
    return parts


def _damaged(path: Path, detail: str) -> Damaged:
    return Damaged(str(path), WHOLE, detail, "take another backup")

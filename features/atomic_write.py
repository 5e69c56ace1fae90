"""Writes a file whole or not at all, readable by those alone whom it is meant for."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from features.faults import cannot_be
from features.file_access import OWNER_ONLY, Access


@contextmanager
def whole(path: Path, access: Access = OWNER_ONLY) -> Iterator[Path]:
    """Give a temporary path beside `path`, and put what was written there in its place at the end.

    A reader sees the former file or the new one, never half of one; an error or a kill leaves the former.

    Args:
        path: of the file; a folder that is missing is made.
        access: who may read the file, also while it is being written, and the folders that are made for it.

    Raises:
        InputError: the folder or the file cannot be written to, or not be given to the group.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole(Path(folder, "a.txt")) as half:
    ...         _ = half.write_text("all of it")
    ...     Path(folder, "a.txt").read_text()
    'all of it'
    """
    temporary = path.with_name(f".{path.stem[:20]}-{secrets.token_hex(4)}{path.suffix}")
    try:
        access.make_folder(path.parent)
        try:
            access.make_file(temporary)
            yield temporary
            access.grant(temporary)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_be("written", path, error, "the former file is as it was") from error


def once(path: Path, content: bytes, access: Access = OWNER_ONLY) -> None:
    """Make a file with its content unless there is one: of several who do it at once one succeeds, and all go on.

    Args:
        path: of the file; a folder that is missing is made.
        content: of the file.
        access: who may read the file.

    Raises:
        InputError: the folder or the file cannot be written to, or not be given to the group.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     once(Path(folder, "a"), b"first")
    ...     once(Path(folder, "a"), b"second")
    ...     Path(folder, "a").read_bytes()
    b'first'
    """
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        access.make_folder(path.parent)
        try:
            access.make_file(temporary)
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            access.grant(temporary)
            _name_once(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_be("written", path, error, "the former file is as it was") from error


def _name_once(temporary: Path, path: Path) -> None:
    # A link, unlike a new name, never replaces what is there.
    try:
        with suppress(FileExistsError):
            os.link(temporary, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP):
            raise
        if not path.exists():  # a file system without links: nobody is known to make the same file at this moment
            temporary.replace(path)

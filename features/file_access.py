"""Who may read what the program writes: its owner alone, unless the shop names a group, whatever the umask says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from features.errors import InputError

HAS_MODES = os.name == "posix"  # Windows keeps who may read a file in lists that a file inherits from its folder


@dataclass(frozen=True)
class Access:
    """Who may read a file: its owner, and the members of a group if one is named; or whomever the umask lets.

    Args:
        group: the name of a group of this machine.
        by_umask: for what holds nothing of a customer and is read by others: a model, a page of the documentation.

    >>> oct(Access().file_mode), oct(Access("crm").file_mode), oct(Access("crm").folder_mode)
    ('0o600', '0o640', '0o750')
    """

    group: str | None = None
    by_umask: bool = not HAS_MODES

    @property
    def file_mode(self) -> int:
        """The mode of a file."""
        return 0o600 if self.group is None else 0o640

    @property
    def folder_mode(self) -> int:
        """The mode of a folder."""
        return 0o700 if self.group is None else 0o750

    def check(self) -> None:
        """Find out before any work whether files can be given to the group.

        Raises:
            InputError: there is no such group, or this account is not a member of it.
        """
        if self.group is None:
            return
        if not HAS_MODES:
            raise InputError("[files] group: this system has no groups that own files; leave it out")
        number = self._group_number()
        if os.geteuid() != 0 and number not in (os.getegid(), *os.getgroups()):
            raise self._not_a_member()

    def make_file(self, path: Path) -> None:
        """Make an empty file that nobody else can open while it is being written; `grant` lets the group in.

        Raises:
            OSError: it cannot be made, or is there already.
        """
        if not self.by_umask:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            path.chmod(0o600)  # a umask may have taken from the owner, too

    def make_folder(self, path: Path) -> None:
        """Make a folder and the missing ones above it; one that is there stays as it is.

        Raises:
            OSError: it cannot be made.
            InputError: the group is none, or not one of this account.
        """
        if self.by_umask or path.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            return
        self.make_folder(path.parent)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            if not path.is_dir():
                raise
            return  # somebody else made it meanwhile
        self._give(path, self.folder_mode)

    def grant(self, path: Path) -> None:
        """Give a file its mode and its group.

        Raises:
            OSError: it is somebody else's.
            InputError: the group is none, or not one of this account.
        """
        if not self.by_umask:
            self._give(path, self.file_mode)

    def holds(self, path: Path) -> bool:
        """Say whether nobody else can read a file, and the group can."""
        found = path.stat()
        group_fits = self.group is None or found.st_gid == self._group_number()
        return self.by_umask or (found.st_mode & 0o777 == self.file_mode and group_fits)

    def _give(self, path: Path, mode: int) -> None:
        if self.group is not None:  # first the group, then the mode: the former group never sees a byte
            try:
                os.chown(path, -1, self._group_number())
            except PermissionError:
                raise self._not_a_member() from None
        path.chmod(mode)

    def _group_number(self) -> int:
        import grp  # only here: Windows has no groups of this kind

        assert self.group is not None
        try:
            return grp.getgrnam(self.group).gr_gid
        except KeyError:
            raise InputError(
                f'[files] group = "{self.group}": this machine has no such group; name one that it has, or none'
            ) from None

    def _not_a_member(self) -> InputError:
        return InputError(
            f'[files] group = "{self.group}": files cannot be given to it, because this account is not a member; make '
            "it one, or leave the group out"
        )


OWNER_ONLY = Access()
BY_UMASK = Access(by_umask=True)

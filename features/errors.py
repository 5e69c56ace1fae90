"""Every error that Regulars raises on purpose.

    RegularsError                 exit code 1
    ├── InputError                exit code 2, also a ValueError: what was given cannot be used
    │   ├── ConfigError           regulars.toml
    │   │   └── OpenQuestions     a question in it that nobody has answered
    │   └── InsufficientHistory   too little history for what was asked
    ├── ModelRefused              exit code 3: a bundle that is corrupt or fails its probe
    ├── ModelNotFound             exit code 3, also a LookupError: no champion yet
    ├── LostModels                exit code 3: the shop had models, and its registry is gone or empty
    ├── WrongBook                 exit code 4: the shop's book is gone, empty or another one
    │   └── OlderCopy             an older copy of the book was put back; said once
    └── MachineFault              the machine failed, and nobody's input is wrong
        ├── DiskFull              exit code 5
        ├── NoAccess              exit code 6: rights, or a disk that may only be read
        ├── DiskFails             exit code 7: the disk does not read or write
        ├── Damaged               exit code 8: a file or database is not whole any more
        ├── Busy                  exit code 9: another process holds what is needed
        ├── OutOfMemory           exit code 10
        ├── ClockBehind           exit code 11: the clock stands before what was recorded
        └── Unreachable           exit code 12: a database does not answer

`features/faults.py` tells which fault an error of a library is. This module imports nothing from the package.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_IN_PUBLIC = 5  # violations; whoever can mend them sees all with `regulars check`
_SUGGESTED, _QUOTE = re.compile(r' Did you mean "[^"\n]*"\?'), re.compile(r'"')
_OPENS = re.compile(r'(?:^|[\s(\[{=:,/])"(?=\S)')
_URL = re.compile(r"\b[a-z][a-z0-9+]*://\S+")
_FOLDERS = re.compile(r"(?<![\w.])(?:~|\.{1,2})?/(?:[^\s/\"';,:]+/)*(?=[^\s/])")


def without_values(text: str) -> str:
    """Return a sentence for whoever asks over HTTP: without what stands in quotes, may be a cell, and without folders.

    >>> without_values('/home/shop/orders.csv: "Ann Li" is no amount')
    'orders.csv: … is no amount'
    >>> without_values('zone "? Which? Cells such as "Ann", "Bob" are none" does not exist')
    'zone … does not exist'
    """
    shown = "\n".join(map(_without_quoted, _SUGGESTED.sub("", text).split("\n")))
    return _FOLDERS.sub("", _URL.sub("the database", shown))


def _without_quoted(line: str) -> str:
    """Return a line without its quoted parts; quotes may stand within quotes, as where a setting is a question."""
    opening = {match.end() - 1 for match in _OPENS.finditer(line)}
    depth, begin, kept = 0, 0, []
    marks = [match.start() for match in _QUOTE.finditer(line)]
    for mark in marks:
        if depth == 0:
            kept.append(line[begin:mark])
        depth, begin = depth + (1 if mark in opening else -1), mark + 1
        if depth < 0:
            break
    if depth != 0:  # which quote belongs to which is not known: nothing between the first and the last is shown
        return f"{line[: marks[0]]}…{line[marks[-1] + 1 :]}"
    return "…".join([*kept, line[begin:]])


@dataclass(frozen=True)
class Violation:
    """One broken rule of the input contract, with where it is and what to do instead.

    `line` is the physical line of the file, 1 = the header; None where the whole file or column is meant.

    >>> print(Violation("orders.csv", 7, "amount", "a number", "12,x", "write 12.50"))
    orders.csv, line 7, column amount: "12,x" is not a number; write 12.50
    """

    file: str
    line: int | None
    column: str
    rule: str
    value: str
    remedy: str

    def __str__(self) -> str:
        problem = f'"{self.value}" is not {self.rule}' if self.value else self.rule
        return f"{self._where}: {problem}" + (f"; {self.remedy}" if self.remedy else "")

    @property
    def in_public(self) -> str:
        """Where it is and which rule is broken, without what was read there; a remedy may quote it, too."""
        return without_values(f"{self._where}: {'not ' if self.value else ''}{self.rule}")

    @property
    def _where(self) -> str:
        line = f", line {self.line}" if self.line is not None else ""
        return f"{self.file}{line}" + (f", column {self.column}" if self.column else "")


class RegularsError(Exception):
    """The base of every error here; catch it to catch them all."""

    exit_code = 1

    @property
    def in_public(self) -> str:
        """The same for whoever asks over HTTP: without paths, and without anything that was read from a file."""
        return without_values(str(self))


class InputError(RegularsError, ValueError):
    """What was given cannot be used; `violations` holds every broken rule at once.

    >>> print(InputError("orders.csv cannot be used", [Violation("orders.csv", None, "", "is empty", "", "")]))
    orders.csv cannot be used
      orders.csv: is empty
    """

    exit_code = 2

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        self.message = message
        self.violations = tuple(violations)
        super().__init__("\n".join([message, *(f"  {violation}" for violation in self.violations)]))

    @property
    def in_public(self) -> str:
        """The same for whoever asks over HTTP: file, place and rule, and no cell.

        >>> wrong = Violation("orders.csv", 7, "amount", "a number", "Ann Li", "")
        >>> InputError("orders.csv cannot be used", [wrong]).in_public
        'orders.csv cannot be used: orders.csv, line 7, column amount: not a number; `regulars check` says more'
        """
        message = without_values(self.message)
        if not self.violations:
            return message
        told, more = self.violations[:MOST_IN_PUBLIC], len(self.violations) - MOST_IN_PUBLIC
        rest = f"; and {more:,} more" if more > 0 else ""
        return f"{message}: {'; '.join(each.in_public for each in told)}{rest}; `regulars check` says more"


class ConfigError(InputError):
    """regulars.toml has a wrong key or value."""


class OpenQuestions(ConfigError):
    """A question about the files that nobody has answered; its text may show cells as examples."""

    @property
    def in_public(self) -> str:
        """The same for whoever asks over HTTP: which settings are open, and not what is asked."""
        return f"{without_values(self.message)}; `regulars check` shows what is asked"


class InsufficientHistory(InputError):
    """The log is too short or too small for what was asked; the message says what is still possible."""


class ModelRefused(RegularsError):
    """A bundle is corrupt, or does not compute the features it was trained on."""

    exit_code = 3


class ModelNotFound(RegularsError, LookupError):
    """No model is registered yet; train one first."""

    exit_code = 3


class LostModels(RegularsError):
    """The shop had models, and its registry is gone or empty; nothing is trained as if it were the first.

    Args:
        place: the registry's database.
        problem: what is there instead.
    """

    exit_code = 3

    def __init__(self, place: str, problem: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(
            f"the registry {place} {problem}, and the shop had models; put the backup of mlruns back; or begin anew "
            "without them: regulars train --new-models --by NAME --why TEXT"
        )


class WrongBook(RegularsError):
    """The shop knows a book, and what lies in its place is none, an empty one or another one.

    Args:
        place: where the book should be: a file, or a URL without its password.
        problem: what is there instead.
        remedy: the ways on.
    """

    exit_code = 4

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        self.place, self.problem, self.remedy = place, problem, remedy
        super().__init__(f"the book {place} {problem}; {remedy}")

    @property
    def in_public(self) -> str:
        """The same without the path, for whoever asks over HTTP."""
        return f"the book {self.problem}; {self.remedy}"


class OlderCopy(WrongBook):
    """An older copy of the book was put back; this is said once, and the copy is the book from then on."""


class MachineFault(RegularsError):
    """The machine failed at a place; what is whole is said, and what to do before the same command runs again.

    Args:
        place: a file, a folder, or a URL without its password.
        whole: what is as it was, in words.
        detail: what the system said, where that says more.
        remedy: what to do, where that is not what the fault needs everywhere.

    >>> print(DiskFull("/shop/book.db", "the book is as it was before"))
    the disk is full at /shop/book.db; the book is as it was before; free space there and run the command again
    """

    exit_code = 1
    code = "machine"
    fault = "the machine failed"
    remedy = "mend that"

    def __init__(
        self, place: str, whole: str = "what was there before is unchanged", detail: str = "", remedy: str = ""
    ) -> None:
        self.place, self.whole, self.detail = place, whole, detail
        self.remedy = remedy or self.remedy
        super().__init__(self.told("the command"))

    def told(self, command: str) -> str:
        """Say it in one sentence that ends with what to run again."""
        said = f": {self.detail}" if self.detail else ""
        return f"{self.fault} at {self.place}{said}; {self.whole}; {self.remedy} and run {command} again"

    @property
    def in_public(self) -> str:
        """The same for whoever asks over HTTP: the file's name without its folders, and nothing the system said."""
        name = self.place.rpartition("/")[2] if "://" not in self.place else "the database"
        return f"{self.fault} at {name}; nothing of this request is kept; send it again once that is mended"


class DiskFull(MachineFault):
    """There is no room left on a disk, or in what a user may take of it."""

    exit_code, code = 5, "disk-full"
    fault, remedy = "the disk is full", "free space there"


class NoAccess(MachineFault):
    """Rights forbid it, or the disk may only be read."""

    exit_code, code = 6, "no-access"
    fault, remedy = "access is refused", "let this user read and write there"


class DiskFails(MachineFault):
    """A disk does not read or write."""

    exit_code, code = 7, "disk-fails"
    fault, remedy = "the disk fails", "see what the system's log says of the disk, move the folder to a whole one"


class Damaged(MachineFault):
    """A file or a database is not whole any more."""

    exit_code, code = 8, "damaged"
    fault, remedy = "the file is damaged", "put its backup back"


class Busy(MachineFault):
    """Another process holds what is needed."""

    exit_code, code = 9, "busy"
    fault, remedy = "another process holds the lock", "let it finish, or stop it"


class OutOfMemory(MachineFault):
    """The machine has too little memory for it."""

    exit_code, code = 10, "out-of-memory"
    fault, remedy = "the memory is used up", "close other programs or give the machine more"


class ClockBehind(MachineFault):
    """The clock stands before what was recorded: every day and every term would be wrong."""

    exit_code, code = 11, "clock-behind"
    fault, remedy = "the clock is behind", "set it right"


class Unreachable(MachineFault):
    """A database does not answer."""

    exit_code, code = 12, "unreachable"
    fault, remedy = "the database does not answer", "see that it runs and that its URL is right"


def suggest(word: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant.

    >>> suggest("custmer_id", ["order_id", "customer_id"])
    ' Did you mean "customer_id"?'
    >>> suggest("x", ["customer_id"])
    ''
    """
    close = meant(word, known)
    return f' Did you mean "{close}"?' if close else ""


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return which known name was probably meant; None where none is like it.

    >>> meant("custmer_id", ["order_id", "customer_id"])
    'customer_id'
    """
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)

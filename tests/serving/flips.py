"""One changed byte of a book at a time, under several commands: who notices, and who ends in a way of no command's."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from features.errors import Damaged
from tests.serving.faults import WITHOUT_FAULT, Ended, arguments_of, ended

SHORT = ("keys list", "why", "hold", "consent", "webhooks list")  # a moment each; they read and write most tables


def with_flip(shop: Path, place: Path, at: float, bit: int) -> Path:
    """Copy a shop whose book differs in one bit; `at` is the share of the file before it."""
    folder = Path(shutil.copytree(shop, place))
    book = folder / "book.db"
    content = bytearray(book.read_bytes())
    content[int(at * len(content))] ^= 1 << bit
    book.write_bytes(content)
    return folder


def wrong_ends(shop: Path, place: Path, seed: int, flips: int, commands: Sequence[str]) -> list[str]:
    """Flip a bit, run the commands, and return what ended otherwise than well, with a sentence, or as damage.

    Args:
        shop: whole, with a list; every flip has a copy of its own.
        place: for the copies.
        seed: of what is flipped.
        flips: how many.
        commands: of the table of faults.
    """
    chance, wrong = random.Random(seed), []
    given = {command: arguments_of(shop, place / "out", command) for command in commands}
    for number in range(flips):
        at, bit, command = chance.random(), chance.randrange(8), chance.choice(commands)
        folder = with_flip(shop, place / str(number), at, bit)
        arguments = [each.replace(str(shop), str(folder)) for each in given[command]]
        try:
            found = ended(arguments)
        except Exception as error:  # noqa: BLE001 — whatever escapes is what is looked for
            wrong.append(f"{command}, bit {bit} of {at:.6f}: {type(error).__name__}: {error}")
        else:
            wrong += [f"{command}, bit {bit} of {at:.6f}: {found}"] if not _is_told(found, command) else []
        shutil.rmtree(folder)
    return wrong


def _is_told(found: Ended, command: str) -> bool:
    """Whether a command ended well, or with one sentence; of damage with the way to what is damaged."""
    if found.code == Damaged.exit_code:
        return "put its backup back" in found.sentence or (command == "book" and "damaged: " in found.out)
    return found.code in (0, WITHOUT_FAULT.get(command)) or (
        found.sentence.startswith("regulars: ") and "Traceback" not in found.err
    )

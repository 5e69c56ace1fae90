"""The secret of an installation, which lies outside the book: who has a copy of the book alone reads nothing with it.

It comes from REGULARS_BOOK_SECRET, or from a file that is made when it is first needed and read by its owner alone.
Either may hold several, the newest first: a book opens with the one that it was sealed with, and so does an older copy.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from features.atomic_write import once, whole
from features.errors import InputError
from features.file_access import OWNER_ONLY

VARIABLE = "REGULARS_BOOK_SECRET"
FOLDER, FILE = ".regulars", "book.secret"
LEAST_CHARACTERS = 32
SEALED, NONCE_BYTES = "sealed:", 12
MAKE_ONE = "`openssl rand -hex 32` writes one"

Digester = Callable[[str], str]


class NotSealedWithThis(ValueError):
    """A text was sealed with another secret, for another row, or was changed."""


@dataclass(frozen=True)
class Secret:
    """A secret; a key for each of its purposes is derived from it.

    >>> secret = Secret("0" * 64)
    >>> secret.unseal(secret.seal("whsec_abc", "w1"), "w1")
    'whsec_abc'
    >>> secret
    Secret()
    """

    text: str = field(repr=False)

    @property
    def check(self) -> str:
        """What the book keeps, to know this secret again; it says nothing of it."""
        return self._key("check").hex()

    def digest(self, text: str) -> str:
        """Return the HMAC-SHA256 of a text, in hexadecimal: without the secret no guess of the text finds it."""
        return self.digester()(text)

    def digester(self) -> Digester:
        """Return `digest` for many texts, whose key is derived once."""
        key = self._key("digests")
        return lambda text: hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()

    def seal(self, text: str, whose: str) -> str:
        """Return a text encrypted with AES-256-GCM; `whose` is the row that it belongs to, and to no other."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self._key("seals")).encrypt(nonce, text.encode(), whose.encode())
        return SEALED + base64.b64encode(nonce + sealed).decode()

    def unseal(self, sealed: str, whose: str) -> str:
        """Return the text that was sealed for a row.

        Raises:
            NotSealedWithThis: with another secret, for another row, or changed since.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = base64.b64decode(sealed.removeprefix(SEALED), validate=True)
            found = AESGCM(self._key("seals")).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], whose.encode())
        except (InvalidTag, ValueError):
            raise NotSealedWithThis from None
        return found.decode()

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self.text.encode(), f"regulars {purpose}".encode(), "sha256")


class SecretKeeper:
    """Where the secret lies: in the environment, else in a file below the shop's folder.

    Args:
        folder: of the shop; None where there is none, and the environment alone has the secret.
    """

    def __init__(self, folder: Path | None) -> None:
        self.file = None if folder is None else folder / FOLDER / FILE

    @property
    def where(self) -> str:
        """Where the secret is looked for, in words."""
        return VARIABLE if os.environ.get(VARIABLE) or self.file is None else str(self.file)

    def read(self) -> tuple[Secret, ...]:
        """Return the secrets that are there, the newest first.

        Raises:
            InputError: what is there is too short for a secret, or cannot be read.
        """
        text = os.environ.get(VARIABLE) or self._in_file()
        if text is None:
            return ()
        if len(text.strip()) < LEAST_CHARACTERS:
            raise InputError(f"{self.where} is no secret: that has {LEAST_CHARACTERS} characters or more; {MAKE_ONE}")
        return tuple(map(Secret, _parts(text)))

    def read_or_make_after(self, former: Secret) -> Secret:
        """Return the newest secret, and make one in the file where that is the former one.

        Raises:
            InputError: the environment has no newer one, or the file cannot be written.
        """
        found = self.read()
        if found and found[0] != former:
            return found[0]
        if os.environ.get(VARIABLE) or self.file is None:
            raise InputError(
                f"{VARIABLE} holds no newer secret: on every machine that opens the book, set it to the new one, a "
                f"space, and the one of today; {MAKE_ONE}"
            )
        made = Secret(secrets.token_hex(32))
        # Before the book is sealed with it: whatever ends this, the secret that opens the book is in the file.
        with whole(self.file, OWNER_ONLY) as path:
            path.write_text("".join(f"{each.text}\n" for each in (made, *found)), encoding="utf-8")
        return made

    def read_or_make(self) -> Secret:
        """Return the secret, and make the file where there is none; of several who do so at once all get the same.

        Raises:
            InputError: there is no folder for it, or it cannot be written to.
        """
        if found := self.read():
            return found[0]
        if self.file is None:
            raise InputError(f"a book by URL needs {VARIABLE}, the same on every machine that opens it; {MAKE_ONE}")
        try:
            once(self.file, secrets.token_hex(32).encode() + b"\n", OWNER_ONLY)
        except InputError as error:
            raise InputError(f"{error.message}; {VARIABLE} may hold the book's secret instead: {MAKE_ONE}") from error
        return self.read()[0]

    def _in_file(self) -> str | None:
        if self.file is None:
            return None
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
            if not OWNER_ONLY.holds(self.file):
                OWNER_ONLY.grant(self.file)  # copied here with another mode
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(
                f"{self.file} cannot be read: {error.strerror or error}; {VARIABLE} may hold what is in it instead"
            ) from error
        return text


def _parts(text: str) -> list[str]:
    r"""Return the secrets in a text, which spaces or ends of lines divide; a text whose words are short is one secret.

    >>> _parts("a" * 32 + " " + "b" * 32 + "\n") == ["a" * 32, "b" * 32]
    True
    >>> _parts("correct horse battery staple, said twice")
    ['correct horse battery staple, said twice']
    """
    parts = text.split()
    return parts if all(len(each) >= LEAST_CHARACTERS for each in parts) else [text.strip()]

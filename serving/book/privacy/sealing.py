"""What the book keeps under the secret: the secrets of webhooks, sealed, and the digests of who was erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import InputError
from serving.book.privacy.secret import VARIABLE, NotSealedWithThis, Secret, SecretKeeper
from serving.book.schema import ERASURES, SECRET_CHECK, WEBHOOKS
from serving.book.sql_rows import utc_now

LOST = "where it is lost for good, `regulars webhooks start-over` goes on with another one"


def secret_of(connection: Connection, keeper: SecretKeeper) -> Secret:
    """Return the secret of a book; one that has none yet gets what lies outside of it, made where there is nothing.

    Args:
        connection: of a writer, so that of several who are the first only one is.
        keeper: knows where the secret lies.

    Raises:
        InputError: the secret of this book is not here, or another one is.
    """
    expected = _check_of_today(connection)
    if expected is None:
        return _begin_with(connection, keeper.read_or_make())
    there = keeper.read()
    if not there:
        raise InputError(
            f"the secret of this book is not here: {keeper.where} is gone, or the book is another machine's. Put it "
            f"back, or set {VARIABLE} to what that machine has in it; {LOST}"
        )
    for secret in there:
        if secret.check == expected:
            return secret
    raise InputError(
        f"{keeper.where} has another secret than the one of this book. Put that one back, or set {VARIABLE} to it; "
        f"{LOST}"
    )


def _check_of_today(connection: Connection) -> str | None:
    found: str | None = connection.scalar(sa.select(SECRET_CHECK.c.value).where(SECRET_CHECK.c.former.is_(None)))
    return found


def is_lost(connection: Connection, keeper: SecretKeeper) -> bool:
    """Say whether a book has a secret and it is not here."""
    expected = _check_of_today(connection)
    return expected is not None and all(secret.check != expected for secret in keeper.read())


def begin_anew(connection: Connection, keeper: SecretKeeper) -> Secret:
    """Let a book go on with the secret that is here, or a new one: what the former sealed can be read no more."""
    connection.execute(sa.delete(SECRET_CHECK))
    return _begin_with(connection, keeper.read_or_make())


@dataclass(frozen=True)
class Resealed:
    """How much is under another secret now: webhooks that are in use, and records of erasures."""

    webhooks: int
    erasures: int


def reseal(connection: Connection, keeper: SecretKeeper) -> Resealed:
    """Put all that a book keeps under its secret under the newest one there is, or one that is made.

    A record of an erasure becomes a digest of what it was, so who knows the former secret alone can guess nobody. The
    former secret is kept, sealed: with it the record is known again.

    Args:
        connection: of a writer.
        keeper: knows where the secrets lie.

    Raises:
        InputError: the secret of this book is not here, or the newest one is not new.
    """
    if _check_of_today(connection) is None:
        raise InputError("nothing is under a secret yet: one is made with the first webhook, or the first erasure")
    former = secret_of(connection, keeper)
    secret = keeper.read_or_make_after(former)
    known = {row.value: row.former for row in connection.execute(sa.select(SECRET_CHECK))}
    if secret.check in known:
        raise InputError(f"{keeper.where} begins with a secret that this book had before; put a new one first")
    before = {check: _former_in(former, text, check) for check, text in known.items() if text is not None}
    for check, text in {**before, former.check: former.text}.items():
        row = sa.update(SECRET_CHECK).where(SECRET_CHECK.c.value == check)
        connection.execute(row.values(former=secret.seal(text, check)))
    _begin_with(connection, secret)
    return Resealed(_reseal_webhooks(connection, former, secret), _digest_again(connection, secret))


def _former_in(secret: Secret, sealed: str, check: str) -> str:
    try:
        return secret.unseal(sealed, check)
    except NotSealedWithThis:
        raise InputError("a former secret was changed in the book; put its backup back") from None


def _reseal_webhooks(connection: Connection, former: Secret, secret: Secret) -> int:
    columns = (WEBHOOKS.c[name] for name in ("id", "secret", "former_secret"))
    rows = connection.execute(sa.select(*columns).where(WEBHOOKS.c.removed_at.is_(None))).all()
    for webhook_id, *texts in rows:
        plain = (text and unsealed(former, text, webhook_id) for text in texts)
        sealed = [text and secret.seal(text, webhook_id) for text in plain]
        now = dict(zip(("secret", "former_secret"), sealed, strict=True))
        connection.execute(sa.update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(now))
    return len(rows)


def _digest_again(connection: Connection, secret: Secret) -> int:
    erased = connection.execute(sa.select(ERASURES.c.id, ERASURES.c.customer_digest)).all()
    for number, digest in erased:
        keyed = secret.digest(digest)
        connection.execute(sa.update(ERASURES).where(ERASURES.c.id == number).values(customer_digest=keyed))
    return len(erased)


def digests_of(connection: Connection, keeper: SecretKeeper, text: str) -> list[str]:
    """Return what a record says of a text, whichever of the book's secrets it was written under.

    Args:
        connection: of a reader of a book that has a secret.
        keeper: knows where the secrets lie.
        text: as it was digested first.

    Raises:
        InputError: the secret of this book is not here.
    """
    return digests_for(connection, keeper)(text)


def digests_for(connection: Connection, keeper: SecretKeeper) -> Callable[[str], list[str]]:
    """Return `digests_of` for many texts: the book's secrets are read once, and their keys derived once.

    Raises:
        InputError: the secret of this book is not here.
    """
    secret = secret_of(connection, keeper)
    rows = connection.execute(
        sa.select(SECRET_CHECK.c.value, SECRET_CHECK.c.former)
        .where(SECRET_CHECK.c.former.is_not(None))
        .order_by(SECRET_CHECK.c.since)
    )
    former = (Secret(_former_in(secret, sealed, check)) for check, sealed in rows)
    chain = [each.digester() for each in (*former, secret)]
    return lambda text: [reduce(lambda found, under: under(found), chain[first:], text) for first in range(len(chain))]


def unsealed(secret: Secret, sealed: str, webhook_id: str) -> str:
    """Return the secret of a webhook.

    Raises:
        InputError: it was changed in the book.
    """
    try:
        return secret.unseal(sealed, webhook_id)
    except NotSealedWithThis:
        raise InputError(
            f"the secret of webhook {webhook_id} was changed in the book; remove the webhook and add it again"
        ) from None


def seal_book(connection: Connection, keeper: SecretKeeper) -> None:
    """Seal the secrets of webhooks that stand in a book as they are, and put its digests of the erased under a key.

    Raises:
        InputError: there are such, and no secret can be had.
    """
    plain = connection.execute(sa.select(WEBHOOKS.c.id, WEBHOOKS.c.secret, WEBHOOKS.c.removed_at)).all()
    if not plain and not connection.scalar(sa.select(sa.func.count()).select_from(ERASURES)):
        return
    secret = _begin_with(connection, keeper.read_or_make())
    for webhook_id, text, removed_at in plain:
        now = secret.seal(text, webhook_id) if removed_at is None else ""
        connection.execute(sa.update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(secret=now))
    _digest_again(connection, secret)


def _begin_with(connection: Connection, secret: Secret) -> Secret:
    connection.execute(sa.insert(SECRET_CHECK).values(value=secret.check, since=utc_now()))
    return secret

"""What the book keeps under the secret: the secrets of webhooks, sealed, and the digests of who was erased."""

from __future__ import annotations

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
    expected = connection.scalar(sa.select(SECRET_CHECK.c.value))
    if expected is None:
        return _begin_with(connection, keeper.read_or_make())
    secret = keeper.read()
    if secret is None:
        raise InputError(
            f"the secret of this book is not here: {keeper.where} is gone, or the book is another machine's. Put it "
            f"back, or set {VARIABLE} to what that machine has in it; {LOST}"
        )
    if secret.check != expected:
        raise InputError(
            f"{keeper.where} has another secret than the one of this book. Put that one back, or set {VARIABLE} to it; "
            f"{LOST}"
        )
    return secret


def is_lost(connection: Connection, keeper: SecretKeeper) -> bool:
    """Say whether a book has a secret and it is not here."""
    expected, secret = connection.scalar(sa.select(SECRET_CHECK.c.value)), keeper.read()
    return expected is not None and (secret is None or secret.check != expected)


def begin_anew(connection: Connection, keeper: SecretKeeper) -> Secret:
    """Let a book go on with the secret that is here, or a new one: what the former sealed can be read no more."""
    connection.execute(sa.delete(SECRET_CHECK))
    return _begin_with(connection, keeper.read_or_make())


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
    erased = connection.execute(sa.select(ERASURES.c.id, ERASURES.c.customer_digest)).all()
    if not plain and not erased:
        return
    secret = secret_of(connection, keeper)
    for webhook_id, text, removed_at in plain:
        now = secret.seal(text, webhook_id) if removed_at is None else ""
        connection.execute(sa.update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(secret=now))
    for number, digest in erased:
        keyed = secret.digest(digest)
        connection.execute(sa.update(ERASURES).where(ERASURES.c.id == number).values(customer_digest=keyed))


def _begin_with(connection: Connection, secret: Secret) -> Secret:
    connection.execute(sa.insert(SECRET_CHECK).values(value=secret.check, since=utc_now()))
    return secret

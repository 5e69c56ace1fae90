"""Decides which key may do what: keys, roles, the scope of one owner, and the rate limit.

Without a key only health is answered. The keys are read from the book every second in the background, so a book that is
down locks out nobody whose key was known before. A wrong key takes as long to check whether its id is known or not.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from features.errors import InputError, RegularsError
from features.faults import faults_at
from features.sources.mapping import CustomersMapping
from serving.api.problems import Refusal, not_ready
from serving.book import Book
from serving.book.keys import PAGES_ROLE, Key, all_keys, hashed, matches, record_use, split_key
from serving.book.people.owned import owners_of
from serving.book.privacy.tombstones import forgotten_version, tombstones_of
from serving.book.sql_rows import utc_now
from serving.config import Settings
from serving.customers import Customers
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.owners import NO_OWNER
from serving.shop import today

REFRESH_SECONDS = 1.0
SETTLED_NS = 500_000_000  # a file that was changed this moment may be half of one
NOTED_EVERY_SECONDS = 60.0
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="regulars"'}
BEARER = "bearer"
LOG = logging.getLogger("regulars.serving")

# What an unknown id is compared with, so that the answer takes as long as for a known one.
_SALT = secrets.token_hex(16)
_NOBODY = Key("", "nobody", frozenset(), None, _SALT, hashed(_SALT, secrets.token_urlsafe(32)), datetime.min)  # noqa: DTZ901 — as the book has times


class Keys:
    """The keys of the book, as of a second ago.

    Args:
        keys: known from the start; None = they must be read first.

    >>> Keys().known
    False
    """

    def __init__(self, keys: Iterable[Key] | None = None) -> None:
        self._by_id = None if keys is None else {key.id: key for key in keys}
        self._used: dict[str, datetime] = {}
        self._noted = time.monotonic()

    @property
    def known(self) -> bool:
        """Whether the keys were read from the book at least once."""
        return self._by_id is not None

    def refresh(self, book: Book) -> None:
        """Read the keys again, and once a minute record which were used."""
        with book.reading() as connection:
            self._by_id = {key.id: key for key in all_keys(connection) if PAGES_ROLE not in key.roles}
        if time.monotonic() - self._noted > NOTED_EVERY_SECONDS:
            self.record_use(book)

    def record_use(self, book: Book) -> None:
        """Record in the book which keys were used since the last time."""
        used, self._used, self._noted = self._used, {}, time.monotonic()
        record_use(book, used.items())

    def end(self, book: Book) -> None:
        """Record it once more, as the server ends: a key of the last minute would be taken for one that nobody uses."""
        try:
            self.record_use(book)
        except Exception as error:  # noqa: BLE001 — a database can fail in any way, and the server ends all the same
            LOG.debug("keys: %s", type(error).__name__)

    def admit(self, authorization: str) -> Key:
        """Return the key that an Authorization header carries.

        Raises:
            Refusal: 401 no key, or one that is unknown, revoked or expired; 503 the keys could not be read yet.
        """
        if self._by_id is None:
            raise not_ready("the keys cannot be read at the moment")
        found = split_key(_token(authorization))
        key_id, secret = found or ("", "")
        key = self._by_id.get(key_id, _NOBODY)
        right, now = matches(key, secret), utc_now()
        if not (right and key.holds(now)):
            raise _refused_key(given=bool(authorization))
        self._used[key.id] = now
        return key


@dataclass
class _Bucket:
    left: float
    at: float


class RateLimit:
    """A token bucket per key: full at first, refilled at a steady rate.

    Args:
        per_second: requests that a key may make in the long run, in this process.
        burst_seconds: requests of so many seconds may come at once.

    >>> limit = RateLimit(per_second=1, burst_seconds=2)
    >>> [limit.wait_seconds("k", now) for now in (0.0, 0.0, 0.0, 1.0)]
    [0.0, 0.0, 1.0, 0.0]
    """

    def __init__(self, per_second: float, burst_seconds: float = 10.0) -> None:
        self.per_second, self.most = per_second, max(1.0, per_second * burst_seconds)
        self._buckets: dict[str, _Bucket] = {}

    def wait_seconds(self, key_id: str, now: float) -> float:
        """Take one request and return 0, or return for how long to wait for the next."""
        bucket = self._buckets.setdefault(key_id, _Bucket(self.most, now))
        bucket.left = min(self.most, bucket.left + (now - bucket.at) * self.per_second)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) / self.per_second
        bucket.left -= 1
        return 0.0

    def take(self, key_id: str, now: float) -> None:
        """Take one request.

        Raises:
            Refusal: 429, with the seconds to wait.
        """
        if wait_seconds := self.wait_seconds(key_id, now):
            after = max(1, int(wait_seconds + 0.999))
            raise Refusal(429, "too-many", "this key asks too often", headers={"Retry-After": str(after)})


def refuse_unless(key: Key, roles: tuple[str, ...], *, whole: bool) -> None:
    """Refuse a key that may not do this.

    Args:
        key: whose request it is.
        roles: one of them is enough; `admin` always is.
        whole: the answer is about the whole shop, which a key of one owner may not see.

    Raises:
        Refusal: 403.
    """
    if not key.may(roles):
        raise Refusal(403, "role", f"this key may not do this; it takes the role {' or '.join(roles)}")
    if whole and key.owner is not None:
        raise Refusal(403, "owner-scope", "this concerns the whole shop; it takes a key that is not of one owner")


def _token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == BEARER else ""


def _refused_key(*, given: bool) -> Refusal:
    detail = "this key is unknown, revoked or expired" if given else "a key is needed: Authorization: Bearer reg_…"
    return Refusal(401, "key", detail, headers=CHALLENGE)


def _in_log(error: Exception) -> str:
    """Return what the log may hold: no cell of the file, which may be a name."""
    said = getattr(error, "strerror", None) or type(error).__name__
    return error.in_public if isinstance(error, RegularsError) else said


class Ownership:
    """Whose accounts customers are today, by the rule of the lists: the book, then the customers file, then segments.

    Args:
        settings: of the shop.
        book: its book, open.
    """

    def __init__(self, settings: Settings, book: Book) -> None:
        self._settings, self._book = settings, book
        # When it was changed, nanoseconds, and who was forgotten then; what it says.
        self._file: tuple[tuple[int, tuple[int, int]], Customers] | None = None
        self._reading = Lock()
        self._read_at = time.monotonic()
        self._trouble: str | None = None

    def owner_of(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Return the owner of each customer; NO_OWNER where nobody is named."""
        customers = self.customers()
        ids = list(dict.fromkeys(customer_ids))
        with self._book.reading() as connection:
            kept = owners_of(connection, ids, today(self._settings), customers.accounts)
        return dict.fromkeys(ids, NO_OWNER) | customers.owners(ids, kept)

    def accounts(self) -> Accounts | None:
        """Return who belongs to which account today; None where the customers file could never be read."""
        try:
            return self.customers().accounts
        except Refusal:
            return None

    def customers(self) -> Customers:
        """Return the customers file as it is now, or as it was read last.

        Raises:
            Refusal: 503, it could never be read.
        """
        mapping = self._settings.customers
        if mapping is None:
            return Customers()
        with self._reading:
            try:
                self._read(mapping)
            except (RegularsError, OSError) as error:
                if self._file is None:
                    LOG.warning("the customers file cannot be read: %s", _in_log(error))
                    raise not_ready("the customers file cannot be read at the moment") from None
                self._keep(error)
            assert self._file is not None
            return self._file[1]

    def _read(self, mapping: CustomersMapping) -> None:
        """Read the file where it has changed, and was not changed again meanwhile: half of a file is nobody's word.

        Raises:
            InputError: it cannot be read, or is being written.
        """
        with faults_at(mapping.file):
            changed_at_ns = mapping.file.stat().st_mtime_ns
            with self._book.reading() as connection:
                forgotten = forgotten_version(connection)
            if self._file is None or self._file[0] != (changed_at_ns, forgotten):
                found = Customers.read(mapping, self._settings.list.owner_by_segment, tombstones_of(self._book))
                still_written = time.time_ns() - changed_at_ns < SETTLED_NS and self._file is not None
                if still_written or mapping.file.stat().st_mtime_ns != changed_at_ns:
                    raise InputError(f"{mapping.file.name} is being written")
                self._file = (changed_at_ns, forgotten), found
        self._read_at, self._trouble = time.monotonic(), None

    def _keep(self, error: Exception) -> None:
        """Go on with what was read last, and say so in the log, once for each trouble."""
        if str(error) != self._trouble:
            seconds = time.monotonic() - self._read_at
            LOG.warning("the customers file as it was %.0f seconds ago is used: %s", seconds, _in_log(error))
        self._trouble = str(error)

    @property
    def behind_seconds(self) -> int | None:
        """How long ago the customers file that is used was the current one; None where it is."""
        return None if self._trouble is None else max(1, round(time.monotonic() - self._read_at))

"""The secret outside the book: whoever has a copy of the book alone finds no webhook secret and no erased customer."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import InputError
from serving.book import Book, Consent
from serving.book.decisions import write_consent
from serving.book.privacy import sealing
from serving.book.privacy.erasure import erase, erasures_of
from serving.book.privacy.sealing import Resealed, reseal
from serving.book.privacy.secret import VARIABLE, NotSealedWithThis, Secret, SecretKeeper
from serving.book.privacy.tombstones import keep_out_of_before, tombstones_of
from serving.book.schema import ERASURES, SECRET_CHECK, WEBHOOKS
from serving.book.sql_rows import digest, utc_now
from serving.webhooks.outbox import claim
from serving.webhooks.receivers import add_webhook, receiver_of, remove_webhook, renew_secret, start_over, webhooks
from serving.webhooks.signing import NotVerified, sign, verify
from tests.features.test_file_access import mode
from tests.serving.book.test_migrations import BASELINE_BOOK, execute
from tests.serving.conftest import AS_OF

URL = "https://example.com/hook"
OTHER = "another-machine-" * 4
FILE = Path(".regulars", "book.secret")


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("book.db*"))


def erased(book: Book, customer: str) -> str:
    """Tell the book of a customer, erase it again, and return its digest in the record."""
    with book.writing() as connection:  # `set_consent` records nothing of a customer who was erased before
        write_consent(connection, [Consent(customer, "mail", True, AS_OF, "a letter")])
    assert erase(book, customer, "key")
    with book.reading() as connection:
        return str(connection.scalars(sa.select(ERASURES.c.customer_digest).order_by(ERASURES.c.id.desc())).first())


def test_a_webhook_is_signed_with_what_only_the_secret_opens(book: Book) -> None:
    added = add_webhook(book, URL, [])
    assert receiver_of(book, added.webhook_id) == added
    with book.reading() as connection:
        (kept,) = connection.scalars(sa.select(WEBHOOKS.c.secret))
    assert added.secret not in kept
    assert added.secret[6:20] not in kept
    remove_webhook(book, added.webhook_id)
    with book.reading() as connection:
        assert connection.scalar(sa.select(WEBHOOKS.c.secret)) == ""


def test_the_secret_lies_beside_no_copy_of_the_book(tmp_path: Path) -> None:
    """A copied book alone opens, and says what is missing and how to go on where something needs it."""
    with closing(Book(tmp_path / "shop")) as book:
        added, record = add_webhook(book, URL, []), erased(book, "ann")
    secret = (tmp_path / "shop" / FILE).read_text().strip()
    assert (len(secret), mode(tmp_path / "shop" / FILE), mode(tmp_path / "shop" / ".regulars")) == (64, 0o600, 0o700)
    assert added.secret.encode() not in bytes_of(tmp_path / "shop")
    assert secret.encode() not in bytes_of(tmp_path / "shop")
    guesses = {hashlib.sha256(f"{salt}{'ann'}".encode()).hexdigest() for salt in ("", "\0")} | {digest("ann")}
    assert record not in guesses
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "shop" / "book.db", tmp_path / "copy")
    with closing(Book(tmp_path / "copy")) as copy:
        assert [each.url for each in webhooks(copy)] == [URL]
        for needs_it in (lambda: receiver_of(copy, added.webhook_id), lambda: erased(copy, "bob"),
                         lambda: add_webhook(copy, URL, [])):  # fmt: skip
            with pytest.raises(InputError, match=r"is not here: .*book\.secret is gone.*start-over"):
                needs_it()
    assert not (tmp_path / "copy" / FILE).exists()


def test_a_book_that_needs_none_has_none(tmp_path: Path) -> None:
    """It is made on first need; a shop without webhooks and erasures has nothing to lose."""
    with closing(Book(tmp_path)) as book:
        with book.writing() as connection:
            write_consent(connection, [Consent("ann", "mail", True, AS_OF, "a letter")])
        assert erase(book, "nobody", "key") == {}
    assert [path.name for path in tmp_path.iterdir()] == ["book.db"]


def test_the_environment_counts_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And on several machines it is the same book only with the same secret."""
    monkeypatch.setenv(VARIABLE, OTHER)
    with closing(Book(tmp_path)) as book:
        added, first = add_webhook(book, URL, []), erased(book, "ann")
        assert not (tmp_path / FILE).exists()
        assert erased(book, "ann") == first  # the same customer twice is known to be the same
        monkeypatch.setenv(VARIABLE, "x" * 40)
        for needs_it in (lambda: receiver_of(book, added.webhook_id), lambda: erased(book, "bob")):
            with pytest.raises(InputError, match=rf"{VARIABLE} has another secret than the one of this book\. Put"):
                needs_it()
        monkeypatch.setenv(VARIABLE, "short")
        with pytest.raises(InputError, match=rf"{VARIABLE} is no secret: that has 32 characters or more; `openssl"):
            receiver_of(book, added.webhook_id)
        monkeypatch.setenv(VARIABLE, f"{OTHER}\n")
        assert receiver_of(book, added.webhook_id) == added


def test_a_book_by_url_without_a_folder_asks_for_the_variable(
    book: Book, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    book.keeper = SecretKeeper(None)
    with pytest.raises(InputError, match=rf"a book by URL needs {VARIABLE}, the same on every machine"):
        add_webhook(book, URL, [])
    assert webhooks(book) == ()


def test_many_who_need_it_first_get_the_same(tmp_path: Path) -> None:
    """Threads and books of their own, as several workers have them."""
    Book(tmp_path).close()
    with ThreadPoolExecutor(8) as pool:
        books = list(pool.map(lambda _: Book(tmp_path), range(8)))
        added = list(pool.map(lambda book: add_webhook(book, URL, []), books))
        made = set(pool.map(lambda _: SecretKeeper(tmp_path).read_or_make().text, range(8)))
    assert len(made) == 1
    assert [receiver_of(books[0], each.webhook_id) for each in added] == added
    with books[0].reading() as connection:
        assert list(connection.scalars(sa.select(SECRET_CHECK.c.value))) == [Secret(made.pop()).check]
    for book in books:
        book.close()
    assert sorted(path.name for path in (tmp_path / ".regulars").iterdir()) == ["book.secret"]


def test_a_folder_that_takes_no_file_is_told_with_the_way_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".regulars").write_text("in the way")
    with closing(Book(tmp_path)) as book:
        with pytest.raises(InputError, match=rf"book\.secret cannot be .*; {VARIABLE} may hold"):
            add_webhook(book, URL, [])
        monkeypatch.setenv(VARIABLE, OTHER)
        assert add_webhook(book, URL, []).url == URL


def test_a_secret_that_was_copied_with_another_mode_is_closed(tmp_path: Path) -> None:
    made = SecretKeeper(tmp_path).read_or_make()
    (tmp_path / FILE).chmod(0o644)
    assert SecretKeeper(tmp_path).read() == (made,)
    assert mode(tmp_path / FILE) == 0o600


def test_erasures_of_before_keep_nobody_out_until_the_shop_says_so(
    former: tuple[Path | str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade changes no score unasked; whoever is erased from then on stays out, under any later secret too."""
    place, kind = former
    with closing(Book(place)) as book:
        assert tombstones_of(book) is None
        assert erased(book, "ann")
        kept_out = tombstones_of(book)
        assert kept_out is not None
        assert kept_out(["ann", "zoe", "bob"]) == {"ann"}
        assert keep_out_of_before(book) == 1
        if kind == "postgresql":
            monkeypatch.setenv(VARIABLE, f"{OTHER}x {book.keeper.read()[0].text}")
        with book.writing() as connection:
            reseal(connection, book.keeper)
        kept_out = tombstones_of(book)
        assert kept_out is not None
        assert kept_out(["ann", "zoe", "bob"]) == {"ann", "zoe"}


def test_a_seal_holds_for_its_row_alone(book: Book) -> None:
    """Who can write to the book cannot give one webhook the secret of another, which it may know."""
    secret = Secret("0" * 64)
    sealed = secret.seal("whsec_a", "w1")
    for wrong in ((Secret("1" * 64), sealed, "w1"), (secret, sealed, "w2"), (secret, sealed[:-4] + "AAA=", "w1")):
        with pytest.raises(NotSealedWithThis):
            wrong[0].unseal(wrong[1], wrong[2])
    first, second = (add_webhook(book, URL, []) for _ in range(2))
    with book.writing() as connection:
        kept = connection.scalar(sa.select(WEBHOOKS.c.secret).where(WEBHOOKS.c.id == first.webhook_id))
        connection.execute(sa.update(WEBHOOKS).where(WEBHOOKS.c.id == second.webhook_id).values(secret=kept))
    with pytest.raises(InputError, match=f"secret of webhook {second.webhook_id} was changed in the book; remove"):
        receiver_of(book, second.webhook_id)


@pytest.fixture
def former(place: Path | str) -> tuple[Path | str, str]:
    """A book of the time when secrets stood in it as they are, with two webhooks and an erasure."""
    kind = "sqlite" if isinstance(place, Path) else "postgresql"
    execute(place, (BASELINE_BOOK / f"baseline_{kind}.sql").read_text())
    no = "0" if kind == "sqlite" else "false"
    execute(
        place,
        "INSERT INTO webhooks (id, url, events, secret, allow_private, created_at, removed_at) VALUES "
        f"('w1', '{URL}', '[\"list.published\"]', 'whsec_Zm9ybWVy', {no}, '2026-03-02 06:00:00', NULL), "
        f"('w2', '{URL}', '[]', 'whsec_cmVtb3ZlZA', {no}, '2026-03-02 06:00:00', '2026-03-03 06:00:00');\n"
        "INSERT INTO erasures (id, at, who, customer_digest, rows) VALUES "
        f"(7, '2026-03-02 06:00:00', 'key', '{digest('zoe')}', '{{}}');\n",
    )
    return place, kind


def test_a_book_of_before_is_sealed_when_it_is_opened(former: Any) -> None:
    """What was plain is sealed and goes on signing; old records of erasures equal new ones of the same customer."""
    place, kind = former
    with closing(Book(place)) as book:
        assert receiver_of(book, "w1").secret == "whsec_Zm9ybWVy"
        with book.reading() as connection:
            kept = {row.id: row.secret for row in connection.execute(sa.select(WEBHOOKS))}
            (record,) = connection.scalars(sa.select(ERASURES.c.customer_digest))
        assert kept["w2"] == ""
        assert "Zm9ybWVy" not in kept["w1"]
        assert record not in (digest("zoe"), "")
        assert erased(book, "zoe") == record
    if kind == "sqlite":
        assert mode(place / FILE) == 0o600


def test_a_book_of_before_without_a_place_for_the_secret_stays_as_it_is(
    former: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, kind = former
    monkeypatch.delenv(VARIABLE, raising=False)
    if kind == "sqlite":
        (place / ".regulars").write_text("in the way")
    with pytest.raises(InputError, match=VARIABLE):
        Book(place)
    monkeypatch.setenv(VARIABLE, OTHER)
    with closing(Book(place)) as book:
        assert receiver_of(book, "w1").secret == "whsec_Zm9ybWVy"


def test_where_the_secret_is_lost_the_webhooks_start_over(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way on that the errors name: only where it is lost."""
    monkeypatch.setenv(VARIABLE, OTHER)
    add_webhook(book, URL, [])
    before = erased(book, "ann")
    with pytest.raises(InputError, match="the secret of this book is not lost"):
        start_over(book)
    monkeypatch.setenv(VARIABLE, "y" * 40)
    assert start_over(book) == 1
    assert webhooks(book) == ()
    added = add_webhook(book, URL, [])
    assert receiver_of(book, added.webhook_id) == added
    assert erased(book, "ann") not in (before, digest("ann"))


def taken(book: Book) -> Resealed:
    """Take another secret."""
    with book.writing() as connection:
        return reseal(connection, book.keeper)


def test_a_secret_that_was_seen_is_replaced(tmp_path: Path) -> None:
    """Webhooks go on signing, who was erased is known again, and whoever has the former secret can guess nobody."""
    with closing(Book(tmp_path)) as book:
        added, record = add_webhook(book, URL, []), erased(book, "ann")
        renewed = renew_secret(book, added.webhook_id, timedelta(hours=1))
        (former,) = book.keeper.read()
        assert former.digest(digest("ann")) == record
        assert taken(book) == Resealed(webhooks=1, erasures=1)
        new, second = book.keeper.read()
        assert (second, new == former, mode(tmp_path / FILE)) == (former, False, 0o600)
        assert receiver_of(book, added.webhook_id) == renewed
        with book.reading() as connection:
            kept = str([connection.execute(sa.select(table)).all() for table in (ERASURES, SECRET_CHECK, WEBHOOKS)])
        assert all(each not in kept for each in (record, former.text, new.text, added.secret, renewed.secret))
        erased(book, "ann")
        erased(book, "bob")
        taken(book)
        (tmp_path / FILE).write_text(book.keeper.read()[0].text)  # no older copy is to be opened
        assert [len(erasures_of(book, who)) for who in ("ann", "bob", "zoe")] == [2, 1, 0]
        assert receiver_of(book, added.webhook_id) == renewed
        (tmp_path / FILE).write_text(former.text)
        with pytest.raises(InputError, match="another secret than the one of this book"):
            receiver_of(book, added.webhook_id)


def test_an_older_copy_opens_with_the_secret_that_stands_behind_the_new_one(tmp_path: Path) -> None:
    with closing(Book(tmp_path)) as book:
        added = add_webhook(book, URL, [])
    older = shutil.copytree(tmp_path, tmp_path / "older")
    with closing(Book(tmp_path)) as book:
        taken(book)
        newest = book.keeper.read()[0]
    shutil.copy(tmp_path / FILE, older / FILE)
    with closing(Book(older)) as copy:
        assert receiver_of(copy, added.webhook_id) == added
        assert taken(copy) == Resealed(1, 0)
        assert copy.keeper.read()[0] == newest  # it was there already


def test_machines_that_share_a_book_take_the_new_secret_one_after_the_other(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with both of them in the environment, before and after; the former alone opens nothing any more."""
    new = "the-new-secret-of-this-shop-" * 2
    monkeypatch.setenv(VARIABLE, OTHER)
    added = add_webhook(book, URL, [])
    with pytest.raises(InputError, match=rf"{VARIABLE} holds no newer secret: on every machine .* a space, and the"):
        taken(book)
    monkeypatch.setenv(VARIABLE, f"{new} {OTHER}")
    assert receiver_of(book, added.webhook_id) == added
    assert taken(book) == Resealed(1, 0)
    for there in (f"{new} {OTHER}", new):
        monkeypatch.setenv(VARIABLE, there)
        assert receiver_of(book, added.webhook_id) == added
    monkeypatch.setenv(VARIABLE, f"{OTHER} {new}")
    with pytest.raises(InputError, match="begins with a secret that this book had before"):
        taken(book)
    monkeypatch.setenv(VARIABLE, OTHER)
    with pytest.raises(InputError, match="another secret than the one of this book"):
        receiver_of(book, added.webhook_id)


def test_a_change_of_the_secret_that_is_broken_off_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has both before the book is written; the next try takes the one that was made."""
    with closing(Book(tmp_path)) as book:
        with pytest.raises(InputError, match="nothing is under a secret yet"):
            taken(book)
        added, _ = add_webhook(book, URL, []), erased(book, "ann")
        with monkeypatch.context() as patch:
            patch.setattr(sealing, "_digest_again", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                taken(book)
        both = book.keeper.read()
        assert receiver_of(book, added.webhook_id) == added
        assert len(erasures_of(book, "ann")) == 1
        assert taken(book) == Resealed(1, 1)
        assert book.keeper.read() == both
        assert receiver_of(book, added.webhook_id) == added


def test_a_webhook_signs_with_both_secrets_while_its_receiver_takes_the_new_one(book: Book) -> None:
    added = add_webhook(book, URL, [])
    renewed = renew_secret(book, added.webhook_id, timedelta(hours=24))
    assert (renewed.secret == added.secret, renewed.former_secret) == (False, added.secret)
    headers = sign(b"{}", "msg_1", 1_000, renewed.secret, renewed.former_secret)
    for secret in (added.secret, renewed.secret):
        verify(b"{}", headers, secret, now_seconds=1_000)
    (shown,) = webhooks(book)
    assert shown.former_until is not None
    assert timedelta(hours=23) < shown.former_until - utc_now() < timedelta(hours=24)
    with book.writing() as connection:
        connection.execute(sa.update(WEBHOOKS).values(former_until=utc_now() - timedelta(seconds=1)))
    assert receiver_of(book, added.webhook_id).former_secret is None
    assert webhooks(book)[0].former_until is None
    again = renew_secret(book, added.webhook_id, timedelta(0))
    with pytest.raises(NotVerified):
        verify(b"{}", sign(b"{}", "msg_1", 1_000, again.secret, again.former_secret), renewed.secret, 1_000)
    remove_webhook(book, added.webhook_id)
    with pytest.raises(InputError, match="there is no webhook"):
        renew_secret(book, added.webhook_id, timedelta(0))


def test_messages_that_wait_are_signed_with_both(book: Book, publish: Any) -> None:
    added = add_webhook(book, URL, ["list.published"])
    publish(2)
    renewed = renew_secret(book, added.webhook_id, timedelta(hours=1))
    (message,) = claim(book, 10, 60.0)
    assert message.receiver == renewed


def test_nothing_is_claimed_where_nothing_can_be_signed(
    book: Book, publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages stay due: once the secret is back they are sent."""
    monkeypatch.setenv(VARIABLE, OTHER)
    added = add_webhook(book, URL, ["list.published"])
    publish(2)
    monkeypatch.setenv(VARIABLE, "y" * 40)
    with pytest.raises(InputError, match="another secret than the one of this book"):
        claim(book, 10, 60.0)
    monkeypatch.setenv(VARIABLE, OTHER)
    (message,) = claim(book, 10, 60.0)
    assert message.receiver == added
    assert utc_now() < message.leased_until

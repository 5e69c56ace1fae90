"""`regulars forget`: nothing of the person is left in any file but those that the answer names, and stays so."""

from __future__ import annotations

import email
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from email import policy
from pathlib import Path

import pytest

from tests.serving.commands.privacy.conftest import MAIL, NAME, PHONE, TEXTS, WHO
from tests.serving.conftest import MONDAY, in_book, list_of

SHORT_PHONE = PHONE.replace(" ", "").removeprefix("+30")
Command = Callable[..., tuple[int, str, str]]


def contents(path: Path) -> Iterator[bytes]:
    """Yield what a file holds, and what its packed parts hold."""
    raw = path.read_bytes()
    yield raw
    yield re.sub(rb"\s|\xc2\xa0", b"", raw)  # a phone may be grouped in another way
    if raw.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    if path.suffix == ".eml":
        for part in email.message_from_bytes(raw, policy=policy.default).walk():
            if part.get_content_maintype() == "text":
                yield part.get_content().encode()


def naming(folder: Path) -> set[str]:
    """Return the files below a folder in which any byte of the person stands."""
    sought = [text.encode() for text in (*TEXTS, SHORT_PHONE)]
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(each in content for content in contents(path) for each in sought)
    }


def test_law_no_byte_of_the_person_is_left_but_where_the_answer_says(told: Path, command: Command) -> None:
    """In the book's free pages and log neither; every other file that names the person is in the answer."""
    before = naming(told)
    assert {"book.db", "orders.csv", "customers.csv", "list/list.json", "list/list.xlsx", "list/list.html"} <= before
    code, out, _ = command("forget", WHO, "--yes", "--json")
    assert code == 0
    found = json.loads(out)
    left = naming(told)
    assert left <= {each["where"] for each in found["left"]}
    assert not [each for each in left if each.startswith(("book.db", ".regulars", "mlruns"))]
    rows = found["customers"][0]["rows"]
    assert rows.keys() >= {
        "scores",
        "entries",
        "contacts",
        "outcomes",
        "posted_orders",
        "posted_events",
        "views",
        "outbox",
    }


def test_who_was_forgotten_stays_out_of_log_list_and_book(told: Path, command: Command) -> None:
    """Whatever the files still say: their rows are counted, and the sheet adds up."""
    command("forget", WHO, "--yes")
    code, out, _ = command("check", "--json")
    assert code == 0, out
    sheet = json.loads(out)["balance_sheet"]
    (line,) = [each for each in sheet["left_out"] if each["rule"] == "forgotten customers"]
    assert (line["customers"], line["rows"] > 0) == (1, True)
    list_of(told, MONDAY.replace(day=16), "csv", "json", "xlsx", "html", "eml")
    assert naming(told) <= {"orders.csv", "events.csv", "customers.csv"}


def test_what_is_posted_later_is_not_kept(told: Path, command: Command) -> None:
    from serving.book import Consent, Contact, record_contacts, set_consent
    from serving.book.posted import Posted, PostedOrder, record_orders
    from serving.config import load_settings
    from serving.shop import OpenShop, reader_of

    command("forget", WHO, "--yes")
    with OpenShop(load_settings(told / "regulars.toml")) as shop:
        order = PostedOrder("p-2", WHO, [{"ordered_at": "2022-12-21", "amount": "3"}])
        other = PostedOrder("p-3", "C001", [{"ordered_at": "2022-12-21", "amount": "3"}])
        assert record_orders(shop.book, [order, other], reader_of(shop.settings)) == Posted(1, 0, 0, 1)
        assert record_contacts(shop.book, [Contact(WHO, MONDAY, "call")]).forgotten == 1
        assert set_consent(shop.book, [Consent(WHO, "mail", True, MONDAY, "a letter")]).forgotten == 1
    assert WHO.encode() not in b"".join(path.read_bytes() for path in told.glob("book.db*"))


def test_a_dry_run_says_the_same_and_changes_nothing(told: Path, command: Command) -> None:
    before = {path: path.read_bytes() for path in told.rglob("*.csv")}, in_book(told, "SELECT * FROM scores")
    _, dry, _ = command("forget", WHO, "--dry-run", "--json")
    assert ({path: path.read_bytes() for path in told.rglob("*.csv")}, in_book(told, "SELECT * FROM scores")) == before
    assert in_book(told, "SELECT * FROM erasures") == []
    _, done, _ = command("forget", WHO, "--yes", "--json")
    would, did = json.loads(dry), json.loads(done)
    assert would["customers"] == did["customers"]
    assert would["left"] == did["left"]


def test_where_nobody_can_be_asked_it_is_said_with_yes(told: Path, command: Command) -> None:
    code, out, err = command("forget", WHO)
    assert (code, "would be forgotten" in out) == (2, True)
    assert "say it with --yes" in err
    assert in_book(told, "SELECT * FROM erasures") == []


def test_an_id_that_nobody_has_forgets_nobody(told: Path, command: Command) -> None:
    """A mistyped id must not look as if its person were forgotten."""
    (told / "ids.csv").write_text(f"customer_id,why\n{WHO},asked\nC9999,asked\n")
    code, _, err = command("forget", "--file", told / "ids.csv", "--yes")
    assert (code, '"C9999"' in err, "nobody was forgotten" in err) == (2, True, True)
    assert in_book(told, "SELECT * FROM erasures") == []
    (told / "ids.txt").write_text(f"{WHO}\nC001\n")
    code, out, _ = command("forget", "--file", told / "ids.txt", "--yes", "--json")
    assert [each["customer_id"] for each in json.loads(out)["customers"]] == [WHO, "C001"]
    code, out, _ = command("forget", WHO, "--yes")
    assert (code, "it was forgotten before" in out) == (0, True)
    assert len(in_book(told, "SELECT * FROM erasures")) == 2


def test_who_was_forgotten_by_mistake_is_let_in_again(told: Path, command: Command) -> None:
    command("forget", WHO, "--yes")
    assert "needs --by NAME and --why TEXT" in command("forget", WHO, "--let-in")[2]
    code, out, _ = command("forget", WHO, "--let-in", "--by", "Ann", "--why", "the wrong id")
    assert (code, "let in again" in out) == (0, True)
    assert "was not forgotten" in command("forget", WHO, "--let-in", "--by", "Ann", "--why", "twice")[2]
    _, out, _ = command("check", "--json")
    assert "forgotten customers" not in {each["rule"] for each in json.loads(out)["balance_sheet"]["left_out"]}


def test_an_export_that_is_added_later_is_copied_without_the_person(told: Path, command: Command) -> None:
    """And the copies that were added before are rewritten; the file that was copied first is named."""
    head = (told / "orders.csv").read_text(encoding="utf-8").splitlines()[0]
    rows = [f"N1,{WHO},2023-05-20 10:00:00,P1,1,5.00,0.0,false", "N2,C001,2023-05-20 10:00:00,P1,1,5.00,0.0,false"]
    for number, row in enumerate(rows + rows):
        (told / f"more{number}.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert command("add", told / "more0.csv")[0] == 0
    assert any(path.startswith("kept-exports/") for path in naming(told))
    _, out, _ = command("forget", WHO, "--yes", "--json")
    found = json.loads(out)
    assert found["customers"][0]["rows"]["kept-exports"] > 1
    assert "orders.csv" in {each["where"] for each in found["left"]}
    (told / "both.csv").write_text("\n".join([head, *(row.replace("N", "M") for row in rows)]) + "\n", encoding="utf-8")
    code, out, _ = command("add", told / "both.csv")
    assert (code, "1 row of a customer who was forgotten: not copied" in out) == (0, True), out
    assert not any(path.startswith("kept-exports/") for path in naming(told))


@pytest.mark.parametrize("text", [NAME, SHORT_PHONE, MAIL])
def test_the_texts_that_are_looked_for_stand_in_the_shop(told_shop: Path, text: str) -> None:
    """Else the law above would show little."""
    assert any(
        text.encode() in content
        for path in (told_shop / "list").rglob("*")
        if path.is_file()
        for content in contents(path)
    )

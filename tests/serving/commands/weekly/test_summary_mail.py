"""The summary by mail: once, to everybody who is to get it, and what happens where the server does not take it."""

from pathlib import Path

import pytest

from serving.commands.weekly.weekly import FILE
from tests.serving.commands.conftest import Mailbox
from tests.serving.conftest import Call

ADDRESSES = ("ada@shop.example", "data@shop.example")


@pytest.fixture
def mailing(office: Path, port: int) -> Path:
    """A shop whose week ends with a mail, and whose owners get none."""
    server = f'[deliver]\nsmtp = "127.0.0.1:{port}"\nsender = "lists@shop.example"\nsecurity = "none"\n'
    with (office / "regulars.toml").open("a", encoding="utf-8") as toml:
        toml.write(
            f'\n[serve]\ntoday = 2023-05-18\n{server}\n[weekly]\nmail_to = ["{ADDRESSES[0]}", "{ADDRESSES[1]}"]\n'
        )
    return office


def test_the_summary_is_mailed_once(mailing: Path, mailbox: Mailbox, call: Call):
    code, out, _ = call("weekly", "--config", mailing / "regulars.toml")
    assert code in (0, 13)
    ((to, mail),) = mailbox.taken
    subject, *rest = out.splitlines()
    assert to == ADDRESSES
    assert mail["Subject"] == subject
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert text.splitlines() == [subject, *rest[: rest.index("This summary") - 1]]
    assert out.endswith("This summary\n  mailed to 2 addresses\n")
    assert "@" not in text


def test_a_server_that_takes_nothing_breaks_nothing_off(mailing: Path, mailbox: Mailbox, call: Call):
    mailbox.refused = {ADDRESSES[1]}
    code, out, _ = call("weekly", "--config", mailing / "regulars.toml")
    assert code == 1
    assert "mailed to 1 address; the server refuses 1" in out
    mailbox.refused = set(ADDRESSES)
    code, out, _ = call("weekly", "--config", mailing / "regulars.toml")
    assert code == 1
    assert "the summary was not mailed: 127.0.0.1 refuses the address (550)" in out
    assert (mailing / "list" / "list.csv").exists()


def test_who_is_to_get_it_learns_that_a_run_stopped(mailing: Path, mailbox: Mailbox, call: Call):
    with (mailing / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write("O9,C1,yesterday,P1,1,3.00,0.0,false\n" * 200)
    code, _, err = call("weekly", "--config", mailing / "regulars.toml")
    assert code == 2
    assert "yesterday" in err
    ((_, mail),) = mailbox.taken
    assert mail["Subject"] == "Regulars stopped at check: exit code 2"
    text = mail.get_content()
    assert "orders.csv" in text
    assert "yesterday" not in text
    assert "it goes on at check" in text


def test_an_export_that_is_not_there_is_mailed_too(mailing: Path, mailbox: Mailbox, call: Call):
    code, _, _ = call("weekly", mailing / "next.csv", "--config", mailing / "regulars.toml")
    assert code == 2
    ((_, mail),) = mailbox.taken
    assert mail["Subject"] == "Regulars stopped at add: exit code 2"
    assert "next.csv: does not exist" in mail.get_content()


def test_a_mail_that_may_have_gone_out_is_not_sent_again(mailing: Path, mailbox: Mailbox, call: Call):
    call("weekly", "--config", mailing / "regulars.toml")
    file = mailing / ".regulars" / FILE
    whole = file.read_text(encoding="utf-8")
    head, _, mail = whole.partition('"mail": {')
    ended = head + '"mail": {' + mail.replace('"state": "done"', '"state": "begun"')
    file.write_text(ended.replace(ended[ended.index(' "ended_at"') :].splitlines()[0], ' "ended_at": null,'))
    code, out, _ = call("weekly", "--config", mailing / "regulars.toml")
    assert code in (0, 13)
    assert "stopped at mail: it goes on there" in out
    assert "may have gone out when it was broken off; it is not sent again" in out
    assert len(mailbox.taken) == 1


def test_a_wrong_address_is_found_before_anything_is_scored(mailing: Path, call: Call):
    toml = mailing / "regulars.toml"
    toml.write_text(toml.read_text().replace(ADDRESSES[1], "Ada Lovelace"))
    code, _, err = call("weekly", "--config", toml)
    assert code == 2
    assert "[weekly] mail_to, number 2" in err
    assert not (mailing / "list" / "2023-05-18").exists()

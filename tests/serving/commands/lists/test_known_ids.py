"""Whom an id means: a veto of a customer is one of the account, and of nobody it is none."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from serving.book import Book
from serving.commands.lists.known_ids import accounts_named, not_in_orders, unknown_customers
from serving.config import load_settings
from tests.serving.conftest import MONDAY, Call, in_book, in_shop, list_of

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def chains(office: Path) -> Path:
    """A shop in which two of the listed customers have become an account since."""
    members = [
        who for (who,) in in_book(office, "SELECT customer_id FROM entries ORDER BY kind DESC, position LIMIT 2")
    ]
    customers = pd.read_csv(office / "customers.csv", dtype=str)
    named = customers["customer_id"].map(dict.fromkeys(members, "GROUPY"))
    customers.assign(account=named).to_csv(office / "customers.csv", index=False)
    with (office / "regulars.toml").open("a", encoding="utf-8") as toml:
        toml.write('account = "account"\n')
    return office


def members_of(folder: Path) -> list[str]:
    customers = pd.read_csv(folder / "customers.csv", dtype=str)
    return customers.loc[customers["account"] == "GROUPY", "customer_id"].tolist()


def test_a_veto_of_a_customer_keeps_the_account_off_the_list(chains: Path, call: Call) -> None:
    """It was recorded for an account that no list asks for, and the customer was called through another."""
    first, second = members_of(chains)
    options = ("--by", "Ada", "--why", "they asked", "--on", TUESDAY, "--config", chains / "regulars.toml")
    code, out, _ = call("hold", "veto", first, second, *options)
    assert (code, out.splitlines()) == (
        0,
        [
            "1 hold recorded",
            f"{first} belongs to account GROUPY: held for the account",
            f"{second} belongs to account GROUPY: held for the account",
        ],
    )
    assert in_book(chains, "SELECT account_id, kind FROM holds") == [("GROUPY", "veto")]
    found = list_of(chains, MONDAY + timedelta(days=7)).outreach
    assert not {first, second} & set(found.customer_ids)
    reasons = dict(zip(found.suppressed["customer_id"], found.suppressed["reason"], strict=True))
    assert {reasons[first], reasons[second]} == {"veto"}
    assert f"{first} belongs to account GROUPY: lifted for the account" in call("hold", "lift", first, *options)[1]


def test_a_hand_over_of_a_customer_is_one_of_the_account(chains: Path, call: Call) -> None:
    first = members_of(chains)[0]
    options = ("--to", "Zoe", "--by", "Ada", "--why", "holidays", "--config", chains / "regulars.toml")
    assert f"{first} belongs to account GROUPY: handed over for the account" in call("hand-over", first, *options)[1]
    assert in_book(chains, "SELECT account_id FROM owners WHERE owner = 'Zoe'") == [("GROUPY",)]
    assert json.loads(call("hand-over", "GROUPY", *options, "--json")[1])["accounts"] == {"GROUPY": "GROUPY"}


@pytest.mark.parametrize("command", [("hold", "veto"), ("hand-over", "--to", "Zoe")])
def test_ids_of_nobody_are_refused_all_at_once(chains: Path, call: Call, command: tuple[str, ...]) -> None:
    """With one that may have been meant; nothing is recorded, also not for the ids that are known."""
    options = ("--by", "Ada", "--why", "they asked", "--config", chains / "regulars.toml")
    code, _, err = call(*command, "GROPY", members_of(chains)[0], "nobody at all", *options)
    assert code == 2
    assert '"GROPY": neither an account nor a customer that the shop knows; did you mean "GROUPY"?' in err
    assert '"nobody at all": neither an account' in err
    assert in_book(chains, "SELECT count(*) FROM holds") == [(0,)]
    assert in_book(chains, "SELECT count(*) FROM owners WHERE owner = 'Zoe'") == [(0,)]


def test_who_joined_an_account_has_not_left_because_the_risk_fell(chains: Path) -> None:
    """Through whom the account stands on the list is the true reason."""
    found = list_of(chains, MONDAY + timedelta(days=7)).outreach
    stands = found.everyone.loc[found.everyone["account_id"] == "GROUPY"]
    assert len(stands) == 1
    assert stands["change"].item() == "still"
    (beside,) = set(members_of(chains)) - set(stands["customer_id"])
    gone = found.gone.set_index("customer_id").loc[beside]
    assert gone["reason"] == "account"
    assert gone["detail"] == f"stands on the list through {stands['customer_id'].item()} of account GROUPY"


def test_what_is_said_of_unknown_customers_is_recorded_and_said(office: Path, call: Call) -> None:
    """Who has not ordered yet may consent; who mistypes an id hears of it, also the second time."""
    toml = office / "regulars.toml"
    code, out, _ = call("consent", "NOPE", "C001", "--yes", "--config", toml)
    assert (code, out.splitlines()) == (
        0,
        ["2 consents recorded", "1 id is known neither to the book nor to the shop's files: NOPE"],
    )
    assert in_book(office, "SELECT count(*) FROM consent") == [(2,)]
    assert json.loads(call("consent", "NOPE", "--yes", "--config", toml, "--json")[1])["unknown"] == ["NOPE"]
    file = office / "contacts.csv"
    file.write_text(
        "customer_id,contacted_on,channel\nNOPE,2023-01-10,call\nNADA,10.01.2023,call\nC001,2023-01-10,call\n"
    )
    out = call("contacts", file, "--config", toml)[1]
    assert out.splitlines()[1] == "2 ids are known neither to the book nor to the shop's files: NOPE, NADA"
    assert json.loads(call("contacts", file, "--config", toml, "--json")[1])["unknown"] == ["NOPE", "NADA"]


def test_the_book_and_the_orders_know_whom_no_customers_file_names(office: Path, tmp_path: Path) -> None:
    """Whoever was scored is known to the book; of an empty book the orders are asked; broken orders know nobody."""
    toml = office / "regulars.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text[: text.index("[customers]")], encoding="utf-8")
    settings = load_settings(toml)
    one, other = (who for (who,) in in_book(office, "SELECT customer_id FROM scores ORDER BY customer_id LIMIT 2"))
    ids = ["nobody", one, other, "nobody"]
    assert in_shop(settings, unknown_customers, ids) == ["nobody"]
    assert in_shop(settings, accounts_named, [one]) == {one: one}
    empty = Book(tmp_path / "empty")
    assert in_shop(settings, unknown_customers, ids, book=empty) == ["nobody", one, other]
    assert in_shop(settings, not_in_orders, ["nobody", one, other], book=empty) == ["nobody"]
    assert in_shop(settings, accounts_named, [f" {one} "], book=empty) == {f" {one} ": one}
    (office / "orders.csv").write_text("no orders")
    assert in_shop(settings, not_in_orders, [one], book=empty) == [one]
    with pytest.raises(InputError, match="neither an account nor a customer"):
        in_shop(settings, accounts_named, [one], book=empty)
    empty.close()

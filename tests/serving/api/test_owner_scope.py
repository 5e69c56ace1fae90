"""A key of one owner never gets an answer that names somebody else's customer, account or person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.money import Money
from serving.api.app import OPERATIONS, create_app
from serving.api.customers import customer_answer, only_accounts
from serving.api.state import ServerState
from serving.book import Book, record_contacts
from serving.book import Contact as ContactRow
from serving.book.decisions import hand_over
from serving.book.history import history_of
from serving.book.runs import record_scores
from serving.commands.lists.why import Story
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.api.conftest import admitting, bearer, calls, key_of

OWNERS = ("Eleni", "Bruno", "unassigned")
IDS = tuple(f"zq{n:02d}x" for n in range(36))  # no id is a part of another one or of a word
NAMES = {each: f"Name-of-{each}" for each in IDS}
DAYS = (date(2026, 3, 2), date(2026, 3, 9))
STATES = ("at_risk", "new", "lapsed", "at_risk")


def owner_in_file(n: int) -> str | None:
    """Return whom the customers file names; a customer and the next are of one account, and of one owner."""
    return ("Eleni", "Bruno", None)[n // 2 % 3]


@pytest.fixture(scope="module")
def scoped(
    shop: Any, tmp_path_factory: pytest.TempPathFactory, make_scores: Any
) -> Iterator[tuple[Any, dict[str, str]]]:
    """An application with lists of several owners, hand-overs after them, and whose each customer is today."""
    folder: Path = tmp_path_factory.mktemp("scoped")
    accounts = {each: f"{IDS[n - 1]}" if n % 6 == 1 else each for n, each in enumerate(IDS)}
    people = pd.DataFrame({
        "customer_id": IDS, "name": [NAMES[each] for each in IDS], "owner": [owner_in_file(n) for n in range(len(IDS))],
        "account": [accounts[each] for each in IDS],
    })  # fmt: skip
    people.to_csv(folder / "customers.csv", index=False)
    customers = replace(shop.settings.customers, file=folder / "customers.csv",
                        columns={**shop.settings.customers.columns, "account": "account"})  # fmt: skip
    configured = replace(shop.settings, folder=folder, customers=customers)
    book = Book(folder)
    frame = people.assign(segment=None, consent=None)
    for day in DAYS:
        rows = [
            (each, 0.95 - 0.02 * (n % 30), "30.00", {"state": STATES[n % 4], "as_of": day})
            for n, each in enumerate(IDS[: None if day == DAYS[0] else -6])
        ]
        scores = make_scores(*rows)
        made = plan(scores, frame, currency="EUR", policy=Policy(holdout_share=0.0))
        publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
    owners = {each: owner_in_file(n) or "unassigned" for n, each in enumerate(IDS)}
    for n, new in ((0, "Bruno"), (2, "Eleni"), (4, "Eleni"), (8, "Bruno")):
        hand_over(book, [accounts[IDS[n]]], new, DAYS[0] + timedelta(n), "boss", "moved")
        owners |= {each: new for each in IDS if accounts[each] == accounts[IDS[n]]}
    record_contacts(book, [ContactRow(each, DAYS[1], "call", note=f"spoke to {NAMES[each]}") for each in IDS[::3]])
    server = ServerState(configured, book)
    keys = [key_of(owner, "scores", "lists", "outcomes", owner=owner) for owner in OWNERS]
    yield calls(admitting(create_app(server), key_of(), *keys)), owners
    server.close()


def strangers(owner: str, owners: dict[str, str]) -> list[str]:
    return [each for each in IDS if owners[each] != owner]


def test_the_shop_has_something_to_hide(scoped: Any) -> None:
    """Each owner has customers on the list, and the key of all sees them."""
    call, owners = scoped
    everything = call("GET", "/v1/lists/current").text
    assert {owners[each] for each in IDS if each in everything} == set(OWNERS)
    assert "unassigned" in everything


QUERY = st.fixed_dictionaries(
    {},
    optional={
        "owner": st.sampled_from([*OWNERS, "nobody"]),
        "state": st.sampled_from(["at_risk", "new", "lapsed", "active"]),
        "band": st.sampled_from(["low", "medium", "high"]),
        "kind": st.sampled_from(["regular", "new", "winback", "reminder", "shrunk"]),
        "limit": st.integers(1, 40),
    },
)


@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_law_no_answer_names_another_owners_customer(scoped: Any, data: st.DataObject) -> None:
    """Whatever is asked: any operation that reads, any filter, another key's cursor, JSON or CSV, any id."""
    call, owners = scoped
    owner = data.draw(st.sampled_from(OWNERS))
    hidden = strangers(owner, owners)
    reading = [each for each in OPERATIONS if each.method == "GET"] + [OPERATIONS[0]]
    operation = data.draw(st.sampled_from(reading))
    path = operation.path.replace("{date}", str(data.draw(st.sampled_from(DAYS))))
    asked = data.draw(st.sampled_from(IDS))
    request: dict[str, Any] = {"headers": {**bearer(owner), "Accept": data.draw(st.sampled_from(["*/*", "text/csv"]))}}
    if operation.asks.__struct_fields__ and "lists" in path:
        query: dict[str, Any] = data.draw(QUERY)
        if data.draw(st.booleans()):
            found = call("GET", "/v1/lists/current", params={"limit": data.draw(st.integers(1, 20))}).json()
            query["cursor"] = found["next_cursor"]
        request["params"] = query
    if operation.method == "POST":
        request["json"] = {"customer_ids": list(IDS)}
    answer = call(operation.method, path.replace("{customer_id}", asked), **request)
    text = answer.text
    if operation.method == "POST":  # what was asked for comes back as unknown; nothing is told of it
        text = str(answer.json()["scores"])
        assert set(answer.json()["unknown"]) >= set(hidden)
    if operation.whole:  # whosever customer is asked for
        assert answer.status_code == 403
    elif "{customer_id}" in operation.path and owners[asked] != owner:
        assert answer.status_code == 404
        assert answer.content == call("GET", "/v1/customers/nobody", headers=bearer(owner)).content
    assert not [each for each in hidden if each in text or NAMES[each] in text]


@pytest.mark.parametrize("owner", OWNERS)
def test_an_owner_sees_all_of_its_own(scoped: Any, owner: str) -> None:
    """The scope hides nothing that is the owner's: what the whole list says of its accounts, in its order."""
    call, owners = scoped
    whole = call("GET", "/v1/lists/current?limit=5000").json()
    own = call("GET", "/v1/lists/current?limit=5000", headers=bearer(owner)).json()
    for kind in ("entries", "new_customers", "winback", "reminders", "shrinking"):
        assert own[kind] == [row for row in whole[kind] if row["owner"] == owner]
        assert {owners[row["customer_id"]] for row in own[kind]} <= {owner}


@pytest.mark.parametrize("name", ["contacts", "consents", "orders", "events", "outcomes"])
def test_reports_about_others_are_refused_whole(scoped: Any, name: str) -> None:
    """With the words for what there is not: nothing is learned, nothing is recorded."""
    call, owners = scoped
    mine = next(each for each in IDS if owners[each] == "Eleni")
    entries = call("GET", "/v1/lists/current?limit=5000&owner=Bruno").json()["entries"]

    def row(customer: str, entry: str) -> dict[str, Any]:
        line = {"ordered_at": "2026-02-20", "amount": "1"}
        return {
            "contacts": {"customer_id": customer, "channel": "call"},
            "consents": {"customer_id": customer, "channel": "mail", "allowed": False},
            "orders": {"order_id": f"o-{customer}", "customer_id": customer, "lines": [line]},
            "events": {"event_id": f"e-{customer}", "customer_id": customer, "kind": "k", "happened_at": "2026-02-20"},
            "outcomes": {"entry_id": entry, "outcome": "saved"},
        }[name]

    path = f"/v1/{'consent' if name == 'consents' else name}"
    own = call("GET", "/v1/lists/current?limit=5000", headers=bearer("Eleni")).json()["entries"][0]["entry_id"]
    theirs, nobodys = (
        call("POST", path, json={name: [row(mine, own), row(*other)]}, headers=bearer("Eleni"))
        for other in ((strangers("Eleni", owners)[0], entries[0]["entry_id"]), ("nobody", "no-entry"))
    )
    assert (theirs.status_code, nobodys.status_code) == (422, 422)
    (told,), (untold,) = theirs.json()["errors"], nobodys.json()["errors"]
    assert told["path"] == untold["path"]
    assert told["message"].split('" is not')[1] == untold["message"].split('" is not')[1]
    assert call("POST", path, json={name: [row(mine, own)]}, headers=bearer("Eleni")).json()["new"] == 1


@pytest.mark.parametrize("name", ["orders", "events", "contacts"])
def test_an_id_that_another_customer_has_is_answered_as_one_that_nobody_has(scoped: Any, name: str) -> None:
    """Sent once, again, and with other content; the other customer's stays as it was, and an admin is still told."""
    call, owners = scoped
    (mine, second), theirs = [each for each in IDS if owners[each] == "Eleni"][:2], strangers("Eleni", owners)[0]

    def row(id_: str, customer: str, day: str) -> dict[str, Any]:
        return {
            "orders": {"order_id": id_, "lines": [{"ordered_at": day, "amount": "1"}]},
            "events": {"event_id": id_, "kind": "k", "happened_at": day},
            "contacts": {"key": id_, "channel": "call", "contacted_on": day},
        }[name] | {"customer_id": customer}

    def sent(*rows: dict[str, Any], **how: Any) -> Any:
        answer = call("POST", f"/v1/{name}", json={name: list(rows)}, **how)
        return answer.status_code, answer.json()

    def told(id_: str) -> list[Any]:
        first, later = row(id_, mine, "2026-02-20"), row(id_, mine, "2026-02-21")
        of_two = (later, row(id_, second, "2026-02-21"))
        return [sent(*rows, headers=bearer("Eleni")) for rows in ((first,), (first,), (later,), of_two)]

    assert sent(row(f"taken-{name}", theirs, "2026-02-19"))[1]["new"] == 1
    before = call("GET", f"/v1/customers/{theirs}").json()["history"]
    assert told(f"taken-{name}") == (free := told(f"free-{name}"))
    assert {status for status, _ in free} == {200}
    assert call("GET", f"/v1/customers/{theirs}").json()["history"] == before
    if name != "contacts":
        status, refused = sent(row(f"taken-{name}", mine, "2026-02-22"))
        assert status == 422
        assert "it is known for another one" in str(refused)
        own = call("GET", f"/v1/customers/{mine}", headers=bearer("Eleni")).text
        assert f'"taken-{name}"' in own  # as it was given


def test_the_story_of_a_customer_who_changed_accounts_leaves_the_former_account_out(
    tmp_path: Path, make_scores: Any
) -> None:
    """That one may be another owner's by now: neither its id nor what was decided about it is told."""
    book = Book(tmp_path)
    people = pd.DataFrame({"customer_id": ["moved"], "account": ["former"], "owner": ["Bruno"], "name": [None],
                           "segment": [None], "consent": [None]})  # fmt: skip
    scores = make_scores(("moved", 0.9, "30.00"))
    made = plan(scores, people, currency="EUR", policy=Policy(holdout_share=0.0))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
    hand_over(book, ["former"], "Bruno", DAYS[0], "boss", "moved")
    found = history_of(book, "moved")
    book.close()
    assert "former" in str(customer_answer(Story(found), Money("EUR")))
    told = str(customer_answer(Story(only_accounts(found, ["moved"])), Money("EUR")))
    assert "former" not in told
    assert "Scored 90%" in told

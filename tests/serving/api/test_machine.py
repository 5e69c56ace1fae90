"""Any order of requests, against a model in plain Python of what must hold after each."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.config import load_settings
from tests.serving.api.conftest import admitting, calls
from tests.serving.read_back import current_list, latest_scores

CUSTOMERS = st.integers(0, 5)
AMOUNTS = st.sampled_from(["5.00", "7.50"])


def machine_over(folder: Path) -> type[RuleBasedStateMachine]:
    """Return the machine whose every run begins with a copy of a shop."""

    class Requests(RuleBasedStateMachine):
        """A CRM that does as it likes."""

        def __init__(self) -> None:
            super().__init__()
            self.home = Path(tempfile.mkdtemp(prefix="regulars-"))
            shutil.copytree(folder, self.home / "shop")
            configured = load_settings(self.home / "shop" / "regulars.toml")
            self.book = Book(configured.book_place)
            self.server = ServerState(configured, self.book)
            assert self.server.champions is not None
            self.server.champions.registry_champion()
            self.call = calls(admitting(create_app(self.server)))
            listed = current_list(self.book)
            assert listed is not None
            self.entry = dict(zip(listed.entries["customer_id"], listed.entries["entry_id"], strict=True))
            # Who orders no more at the end of the log has no fresh score, and a rule below asks for one.
            fresh = self.ok("POST", "/v1/scores", {"customer_ids": list(self.entry), "fresh": True})
            self.ids = [each for each in self.entry if each not in fresh["unknown"]][:6]
            self.stored = {each: score.probability for each, score in latest_scores(self.book, self.ids).items()}
            self.known: dict[str, set[Any]] = {name: set() for name in ("outcomes", "contacts", "events")}
            self.orders: dict[str, tuple[str, str]] = {}
            self.consent: dict[tuple[str, str], bool] = {}
            self.gone: set[str] = set()

        def teardown(self) -> None:
            self.server.close()
            shutil.rmtree(self.home)

        def who(self, n: int) -> str:
            return self.ids[n % len(self.ids)]  # a list may hold fewer than are asked for

        def ok(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
            answer = self.call(method, path, **({} if body is None else {"json": body}))
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        def tell(self, path: str, name: str, row: dict[str, Any], known: bool) -> bool:
            """Send a row, and return whether it is recorded: of whom was erased nothing is."""
            answer, gone = self.ok("POST", f"/v1/{path}", {name: [row]}), row.get("customer_id") in self.gone
            counts = (answer["new"], answer["known"], answer["forgotten"])
            assert counts == ((0, 0, 1) if gone else (int(not known), int(known), 0))
            return not gone

        @rule(n=CUSTOMERS, outcome=st.sampled_from(["saved", "not_saved"]))
        def an_outcome(self, n: int, outcome: str) -> None:
            customer = self.who(n)
            row = {"entry_id": self.entry[customer], "outcome": outcome, "happened_on": "2023-01-10"}
            if customer not in self.stored:  # erased, and its entries with it
                assert self.call("POST", "/v1/outcomes", json={"outcomes": [row]}).status_code == 422
                return
            self.tell("outcomes", "outcomes", row, (customer, outcome) in self.known["outcomes"])
            self.known["outcomes"].add((customer, outcome))

        @rule(n=CUSTOMERS, channel=st.sampled_from(["call", "mail"]))
        def a_contact(self, n: int, channel: str) -> None:
            row = {"customer_id": self.who(n), "channel": channel, "contacted_on": "2023-01-11"}
            if self.tell("contacts", "contacts", row, (self.who(n), channel) in self.known["contacts"]):
                self.known["contacts"].add((self.who(n), channel))

        @rule(n=CUSTOMERS, channel=st.sampled_from(["call", "*"]), allowed=st.booleans())
        def consent_is_given(self, n: int, channel: str, allowed: bool) -> None:
            row = {"customer_id": self.who(n), "channel": channel, "allowed": allowed, "decided_on": "2023-01-12"}
            place = (self.who(n), channel)
            if self.tell("consent", "consents", row, self.consent.get(place) == allowed):
                self.consent[place] = allowed

        @rule(n=CUSTOMERS, number=st.integers(0, 2), amount=AMOUNTS)
        def an_order(self, n: int, number: int, amount: str) -> None:
            order_id, customer = f"machine-{number}", self.who(n)
            line = {"ordered_at": "2023-01-20", "amount": amount}
            order = {"order_id": order_id, "customer_id": customer, "lines": [line]}
            before = self.orders.get(order_id)
            if before is not None and before[0] != customer:
                assert self.call("POST", "/v1/orders", json={"orders": [order]}).status_code == 422
                return
            answer = self.ok("POST", "/v1/orders", {"orders": [order]})
            what = "new" if before is None else "known" if before[1] == amount else "changed"
            what = "forgotten" if customer in self.gone else what
            assert answer == {"new": 0, "changed": 0, "known": 0, "forgotten": 0} | {what: 1}
            if customer not in self.gone:
                self.orders[order_id] = (customer, amount)

        @rule(n=CUSTOMERS)
        def an_event(self, n: int) -> None:
            row = {
                "event_id": f"m-{self.who(n)}",
                "customer_id": self.who(n),
                "kind": "visit",
                "happened_at": "2023-01-20",
            }
            if self.tell("events", "events", row, self.who(n) in self.known["events"]):
                self.known["events"].add(self.who(n))

        @rule(n=CUSTOMERS)
        def a_customer_is_erased(self, n: int) -> None:
            customer = self.who(n)
            answer = self.call("DELETE", f"/v1/customers/{customer}")
            assert answer.status_code == 200, answer.text  # the shop's files name the customer before and after
            assert bool(answer.json()["erased"]) == (customer not in self.gone)
            self.stored.pop(customer, None)
            self.gone.add(customer)
            for name, rows in self.known.items():
                self.known[name] = {row for row in rows if customer not in (row, row[0])}
            self.orders = {key: facts for key, facts in self.orders.items() if facts[0] != customer}
            self.consent = {place: said for place, said in self.consent.items() if place[0] != customer}

        @rule()
        def the_model_is_looked_for(self) -> None:
            assert self.ok("POST", "/v1/model/reload") == {"model_version": "1", "former_version": "1"}

        @rule(n=CUSTOMERS)
        def a_fresh_score(self, n: int) -> None:
            answer = self.ok("POST", "/v1/scores", {"customer_ids": [self.who(n)], "fresh": True})
            left = [] if self.who(n) in self.gone else [self.who(n)]  # whatever the order source says of the erased
            assert [row["customer_id"] for row in answer["scores"]] == left

        @invariant()
        def stored_scores_are_those_of_the_run(self) -> None:
            answer = self.ok("POST", "/v1/scores", {"customer_ids": self.ids})
            assert {row["customer_id"]: row["probability"] for row in answer["scores"]} == self.stored
            assert answer["unknown"] == [each for each in self.ids if each not in self.stored]

        @invariant()
        def the_list_holds_who_was_not_erased(self) -> None:
            answer = self.ok("GET", "/v1/lists/current?limit=5000")
            shown = {row["customer_id"] for row in answer["entries"]}
            assert {each for each in self.ids if each in shown} == set(self.stored)

    return Requests


@pytest.mark.slow
def test_law_any_order_of_requests_keeps_what_must_hold(listed: Path) -> None:
    """Small, and the same each time."""
    run_state_machine_as_test(
        machine_over(listed),
        settings=settings(
            max_examples=5, stateful_step_count=10, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip

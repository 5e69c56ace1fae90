"""Who gets in: keys, roles, how often, and what of it stands in the log."""

from __future__ import annotations

import base64
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.api.app import OPERATIONS, create_app
from serving.api.auth import Keys, RateLimit
from serving.api.operation import Operation
from serving.api.problems import Refusal
from serving.api.state import ServerState
from serving.book import Book
from serving.book.keys import ROLES, all_keys, create_key, record_use, revoke_key
from serving.book.sql_rows import utc_now
from tests.serving.api.conftest import SECRET, admitting, bearer, calls, key_of

OPEN = ("/livez", "/healthz", "/readyz")
PATHS = (
    *(operation.path for operation in OPERATIONS),
    "/v1/openapi.json",
    "/docs.json",
    "/",
    "/metrics",
    "/static_content/swagger-ui.css",
    "/v1",
    "/v1/",
    "/v1/nope",
    "/nope",
    "//",
    "/livez/",
    "/readyz/x",
    "/v1/customers/",
    "/v1/customers/a%0Ab",
    "/v1/customers/%2e%2e%2fkeys",
    "/v1/lists/%00",
    "/%0A",
    "/v1/model/../scores",
)
METHODS = ("GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "NONSENSE")
BODIES: dict[str, Any] = {operation.name: operation.sends for operation in OPERATIONS}


def sent(operation: Operation) -> dict[str, Any]:
    """Return what an operation takes, of a customer whom nobody knows."""
    return {} if operation.sends is None else {"json": operation.sends}


@pytest.mark.parametrize("path", dict.fromkeys(PATHS))
def test_without_a_key_every_path_is_401(server: ServerState, path: str) -> None:
    """Known or not, with whatever method: who has no key does not learn which paths there are."""
    call = calls(admitting(create_app(server)))
    wanted = call("GET", "/v1/scores", headers={"Authorization": None})
    for method in METHODS:
        answer = call(method, path, headers={"Authorization": None})
        assert answer.status_code == 401, (method, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith(("Bearer", "Basic"))
        assert answer.content == (b"" if method == "HEAD" else wanted.content)


@pytest.mark.parametrize("path", OPEN)
def test_health_is_for_everybody_and_tells_little(server: ServerState, path: str) -> None:
    """No version, no owner, no customer."""
    answer = calls(admitting(create_app(server)))("GET", path, headers={"Authorization": None})
    assert answer.status_code == 200
    assert set(answer.json()) <= {"live", "ready", "model", "trouble"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer reg_all",
        "Bearer reg_all_",
        "Bearer reg__" + SECRET,
        "Bearer reg_all_" + SECRET[:-1],
        "Bearer reg_all_" + SECRET + "x",
        "Bearer reg_ALL_" + SECRET,
        "Bearer reg_all_" + SECRET.upper(),
        "Bearer sk_all_" + SECRET,
        "Bearer  " + SECRET,
        "Basic " + base64.b64encode(f"x:reg_all_{SECRET}".encode()).decode(),
        "reg_all_" + SECRET,
        "Bearer " + "reg_all_" + "x" * 100_000,
        "Bearer \x80\xff",
        "Digest username=all",
    ],
)
def test_what_is_no_key_opens_nothing(server: ServerState, header: str) -> None:
    """Neither a part of one nor one in other letters, and a browser's way opens pages alone."""
    call = calls(admitting(create_app(server)))
    assert call("GET", "/v1/model", headers={"Authorization": header.encode("latin-1")}).status_code == 401


@pytest.mark.parametrize("path", ["/", "/docs.json", "/metrics"])
def test_a_browser_shows_the_key_as_a_password(server: ServerState, path: str) -> None:
    """It asks for it by itself; a wrong one is refused."""
    call = calls(admitting(create_app(server)))
    refused = call("GET", path, headers={"Authorization": None})
    assert refused.headers["www-authenticate"].startswith("Basic")
    for password, status in ((f"reg_all_{SECRET}", 200), ("reg_all_wrong", 401), ("", 401)):
        basic = base64.b64encode(f"anyone:{password}".encode()).decode()
        assert call("GET", path, headers={"Authorization": f"Basic {basic}"}).status_code == status
    for broken in ("Basic", "Basic ====", "Basic \xff", "Basic " + base64.b64encode(b"\xff\xfe:x").decode()):
        assert call("GET", path, headers={"Authorization": broken.encode("latin-1")}).status_code == 401


def test_unknown_and_wrong_are_the_same_answer(server: ServerState) -> None:
    """An id that is known, unknown, revoked or expired: byte for byte the same, so no id can be found by trying."""
    past = datetime(2020, 1, 1)
    keys = (key_of(), key_of("gone", revoked_at=past), key_of("late", expires_at=past))
    call = calls(admitting(create_app(server), *keys))
    asked = ["reg_all_wrong", "reg_nobody_wrong", f"reg_nobody_{SECRET}", f"reg_gone_{SECRET}", f"reg_late_{SECRET}"]
    answers = [
        call("GET", "/v1/model", headers={"Authorization": f"Bearer {text}", "X-Request-Id": "r"}) for text in asked
    ]
    assert {(a.status_code, a.content, tuple(sorted(a.headers.items()))) for a in answers} == {
        (401, answers[0].content, tuple(sorted(answers[0].headers.items())))
    }


def test_unknown_and_wrong_take_as_long() -> None:
    """Medians of many, so that a busy machine does not decide."""
    keys = Keys([key_of(f"k{n}") for n in range(50)])

    def once(text: str) -> float:
        began = time.perf_counter()
        with pytest.raises(Refusal):
            keys.admit(f"Bearer {text}")
        return time.perf_counter() - began

    known, unknown = [], []
    for n in range(2_000):
        known.append(once(f"reg_k{n % 50}_wrong-secret"))
        unknown.append(once(f"reg_x{n % 50}_wrong-secret"))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 1 / 3 < ratio < 3


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_role_opens_its_operations_alone(operation: Operation, role: str) -> None:
    """403 for every other, and before anything of the request is read."""
    app = admitting(create_app(ServerState()), key_of("one", role))
    answer = calls(app)(operation.method, operation.path, headers=bearer("one"), content=b"no json at all")
    allowed = role in (*operation.roles, "admin")
    assert (answer.status_code == 403) == (not allowed), answer.text
    if not allowed:
        assert answer.json()["type"] == "urn:regulars:role"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_what_concerns_the_whole_shop_is_not_an_owners(operation: Operation) -> None:
    """403, by the operation's own word."""
    key = key_of("eleni", *(set(ROLES) - {"admin"}), owner="Eleni")
    answer = calls(admitting(create_app(ServerState()), key))(operation.method, operation.path, headers=bearer("eleni"))
    if operation.whole:
        word = "owner-scope" if key.roles.intersection(operation.roles) else "role"  # an administrator's is no owner's
        assert (answer.status_code, answer.json()["type"]) == (403, f"urn:regulars:{word}")
    else:
        assert answer.json()["type"] != "urn:regulars:owner-scope"


def test_metrics_are_of_the_whole_shop(server: ServerState) -> None:
    """An owner's key does not see them."""
    call = calls(admitting(create_app(server), key_of("eleni", "lists", owner="Eleni")))
    assert call("GET", "/metrics", headers=bearer("eleni")).status_code == 403
    assert call("GET", "/v1/openapi.json", headers=bearer("eleni")).status_code == 200


def test_a_key_is_known_and_forgotten_at_the_next_reading(
    shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, refused once revoked, and refused once it has expired, without a start of the server."""
    book = Book(tmp_path)
    server = ServerState(shop.settings, book)
    server.limit = RateLimit(1e9)
    call = calls(create_app(server))

    def status(text: str) -> int:
        return call("GET", "/v1/lists/current", headers={"Authorization": f"Bearer {text}"}).status_code

    assert status("reg_a_b") == 503  # the keys have not been read yet
    server.keys.refresh(book)
    key, text = create_key(book, "crm", ["lists"])
    assert status(text) == 401
    server.keys.refresh(book)
    assert status(text) == 404  # there is no list yet
    revoke_key(book, key.id)
    assert status(text) == 404
    server.keys.refresh(book)
    assert status(text) == 401
    _, ending = create_key(book, "soon", ["lists"], expires_at=utc_now() + timedelta(minutes=5))
    server.keys.refresh(book)
    assert status(ending) == 404
    monkeypatch.setattr("serving.api.auth.utc_now", lambda: utc_now() + timedelta(minutes=5))
    assert status(ending) == 401
    server.close()


def test_use_is_written_down_once_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Aside from the requests; only of keys that were let in."""
    book = Book(tmp_path)
    (key, text), (idle, _) = create_key(book, "crm", ["lists"]), create_key(book, "idle", ["lists"])
    written: list[list[str]] = []

    def noting(to: Book, used: Any) -> None:
        rows = list(used)
        written.append([key_id for key_id, _ in rows])
        record_use(to, rows)

    monkeypatch.setattr("serving.api.auth.record_use", noting)
    keys = Keys()
    keys.refresh(book)
    keys.admit(f"Bearer {text}")
    with pytest.raises(Refusal):
        keys.admit(f"Bearer reg_{idle.id}_wrong")
    keys.refresh(book)
    assert written == []
    monkeypatch.setattr("serving.api.auth.NOTED_EVERY_SECONDS", -1.0)
    keys.refresh(book)
    assert written == [[key.id]]
    book.close()


def test_what_was_used_in_the_last_minute_is_written_down_when_the_server_ends(shop: Any, tmp_path: Path) -> None:
    """A key of that minute would be taken for one that nobody uses."""
    book, reading = Book(tmp_path), Book(tmp_path)
    (key, text), (idle, _) = create_key(book, "crm", ["lists"]), create_key(book, "idle", ["lists"])
    server = ServerState(shop.settings, book)
    server.keys.refresh(book)
    server.keys.admit(f"Bearer {text}")
    server.close()
    with reading.reading() as connection:
        used = {each.id: each.last_used_at is not None for each in all_keys(connection)}
    reading.close()
    assert used == {key.id: True, idle.id: False}


class ClockedLimit(RateLimit):
    """By a clock that a test sets."""

    seconds = 0.0

    def take(self, key_id: str, now: float) -> None:
        super().take(key_id, self.seconds)


@pytest.mark.parametrize("path", ["/v1/model", "/v1/nope", "/docs.json"])
def test_who_asks_too_often_is_told_when_to_come_again(server: ServerState, path: str) -> None:
    """429 for that key alone, whatever the path; after that long it is answered."""
    app = admitting(create_app(server), key_of("fast"), key_of("slow"))
    server.limit = limit = ClockedLimit(per_second=2.0, burst_seconds=2.0)
    call = calls(app)
    statuses = [call("GET", path, headers=bearer("fast")) for _ in range(8)]
    assert [answer.status_code == 429 for answer in statuses[:4]] == [False] * 4
    refused = statuses[-1]
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:regulars:too-many")
    assert int(refused.headers["retry-after"]) >= 1
    assert [answer.status_code == 429 for answer in statuses[4:]] == [True] * 4
    assert call("GET", path, headers=bearer("slow")).status_code != 429
    limit.seconds += int(refused.headers["retry-after"])
    assert call("GET", path, headers=bearer("fast")).status_code != 429


@pytest.mark.parametrize(("given", "kept"), [("crm-7:a.b_C", True), ("x" * 64, True), ("x" * 65, False), ("", False),
                                             ("a b", False), ('a"b', False), ("é", False)])  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/model", "/v1/nope", "/", "/metrics"])
def test_a_request_keeps_its_id(call: Any, path: str, given: str, kept: bool) -> None:
    """So that the caller's log and ours can be laid side by side; what could break a line is replaced."""
    answer = call("GET", path, headers={"X-Request-Id": given.encode("latin-1")})
    assert (answer.headers["x-request-id"] == given) == kept
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_log_tells_of_requests_and_of_nobody(server: ServerState, caplog: pytest.LogCaptureFixture) -> None:
    """One JSON line each: path as documented, key by its id; no customer, no query, no secret, no body."""
    call = calls(admitting(create_app(server)))
    private = {"00123": "zqcustomer", "20260302-7k3mx9qp2whd": "zqentry", "{customer_id}": "zqcustomer"}
    with caplog.at_level(logging.DEBUG):
        for operation in OPERATIONS:
            path, body = operation.path, json.dumps(operation.sends)
            for theirs, ours in private.items():
                path, body = path.replace(theirs, ours), body.replace(theirs, ours)
            query = "?owner=zqowner&cursor=zqcursor"
            request = {"content": body.encode()} if operation.sends else {}
            call(operation.method, path + query, headers={"X-Request-Id": operation.name, "X-Other": "zqh"}, **request)
            call(operation.method, path, headers={"Authorization": "Bearer reg_zqid_zqsecret"}, **request)
        call("GET", "/v1/zqpath/zqcustomer?zq=zq")
    lines = [record.getMessage() for record in caplog.records if record.name == "regulars.access"]
    assert len(lines) == 2 * len(OPERATIONS) + 1
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("regulars"))
    assert "zq" not in logged
    assert SECRET not in logged
    facts = [json.loads(line) for line in lines]
    assert {each["path"] for each in facts} == {*(operation.path for operation in OPERATIONS), "/"}
    assert {each["key"] for each in facts} == {"all", None}
    assert {operation.name for operation in OPERATIONS} <= {each["request_id"] for each in facts}


def test_an_unexpected_error_tells_the_caller_nothing(
    server: ServerState, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says where it was and what kind, not what the caller sent."""

    customer = "-".join(("zq", "customer"))  # not as it stands in this line, which the log shows

    def fails(*_: Any) -> None:
        raise ValueError(f"{customer} cannot be scored")

    monkeypatch.setattr("serving.book.score_lookup.ScoreLookup.scores", fails)
    answer = calls(admitting(create_app(server)))("POST", "/v1/scores", json={"customer_ids": [customer]})
    assert (answer.status_code, customer in answer.text) == (500, False)
    assert "unexpected ValueError" in caplog.text
    assert "in _stored" in caplog.text
    assert customer not in caplog.text


def test_counts_that_cannot_be_written_cost_no_answer(tmp_path: Path) -> None:
    """Another server on the machine may clear the folder away; that was a dropped connection once."""
    script = (
        "import shutil, sys\n"
        "from serving.api.metrics import Metrics\n"
        "metrics = Metrics()\n"
        "metrics.note('GET', '/v1/a', 200, 0.1)\n"
        "shutil.rmtree(sys.argv[1])\n"
        "metrics.note('GET', '/v1/b', 404, 0.1)\n"
        "print('well')\n"
    )
    shared = tmp_path / "shared"
    shared.mkdir()
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(shared)}
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.stdout == "well\n", done.stderr

"""What is measured, and how: who is asked what, for how long, in which order."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.serving import servers
from benchmarks.serving.load import Plan, as_text
from benchmarks.serving.servers import BIN, ROOT, Memory
from benchmarks.serving.shop import Shop, customer_ids, history

Request = tuple[str, str, int]
Result = dict[str, Any]
TYPED, ROUTE, TYPED_ROUTE = "Regulars, typed method", "/v1/scores", "/scores"
AGREEING = 20  # requests whose answers are compared first
DIFFERENT, DIFFERENT_MANY = 2_000, 100  # requests made beforehand, asked in turn
MANY, ORDERS = 1_000, 50


@dataclass(frozen=True)
class Rounds:
    """One server's rounds, as the asking side counted them."""

    name: str
    found: list[Result]

    @property
    def best(self) -> float:
        """Requests per second of the best round."""
        return float(max(each["per_second"] for each in self.found))

    @property
    def median(self) -> float:
        """Requests per second of the median round."""
        return self.middle("per_second")

    @property
    def errors(self) -> int:
        """Answers that were not right, of all rounds."""
        return sum(int(each["errors"]) for each in self.found)

    def middle(self, figure: str) -> float:
        """Return the median over the rounds."""
        return float(statistics.median(each[figure] for each in self.found))


@dataclass(frozen=True)
class Start:
    """How long a server takes until it is ready, each time, seconds, and what it holds then, idle."""

    ready_seconds: list[float]
    worker: Memory
    supervisor: Memory


@dataclass(frozen=True)
class Found:
    """Everything that was measured."""

    start: Start
    help_seconds: list[float]
    peers: dict[str, Rounds]
    many: Rounds
    many_megabytes: tuple[float, float]
    posted: Rounds


def everything(shop: Shop, folder: Path, scored: int, rounds: int, seconds: float) -> Found:
    """Measure it all; two servers never work at once."""
    random = np.random.default_rng(1)
    start = started(shop, folder, rounds)
    helped = [_seconds([str(BIN / "regulars"), "--help"], folder) for _ in range(rounds)]
    peers = side_by_side(shop, folder, look_ups(shop, random, scored), rounds, seconds)
    with servers.regulars(shop, folder) as ours:
        many = Plan(ours.port, many_ids(shop, random, scored), 2, seconds)
        asked("warm", many)
        before = Memory.of(ours.worker()).rss
        thousands = Rounds("1,000 ids", [asked("1,000 ids", many) for _ in range(rounds)])
        after = Memory.of(ours.worker()).rss
        posting = Plan(ours.port, [posted(shop, ORDERS)], 1, seconds)
        histories = Rounds("50 orders", [asked("50 orders", posting) for _ in range(rounds)])
    return Found(start, helped, peers, thousands, (before, after), histories)


def started(shop: Shop, folder: Path, times: int) -> Start:
    """Start ours so many times, after a first time that warms the disk; memory is read some seconds after the last."""
    ready = []
    with servers.regulars(shop, folder):
        pass
    for number in range(times):
        with servers.regulars(shop, folder) as server:
            ready.append(server.ready_seconds)
            say(f"start: ready after {server.ready_seconds:.1f} s")
            if number == times - 1:
                time.sleep(10.0)
                memory = Memory.of(server.worker()), Memory.of(psutil.Process(server.pid))
    return Start(ready, *memory)


def side_by_side(shop: Shop, folder: Path, look_ups: list[Request], rounds: int, seconds: float) -> dict[str, Rounds]:
    """Start all, let them answer the same, then let them take turns; ours is asked by its typed method as well."""
    with ExitStack() as open_ones:
        enter = open_ones.enter_context
        looking = [
            enter(servers.regulars(shop, folder)),
            enter(servers.plain_fastapi(shop, folder)),
            enter(servers.plain_fastapi(shop, folder, logging=False)),
            enter(servers.typed_bento(shop, folder)),
        ]
        plans = {server.name: Plan(server.port, look_ups, 8, seconds) for server in looking}
        plans[TYPED] = Plan(looking[0].port, [by_typed_method(each) for each in look_ups], 8, seconds)
        _agree(plans)
        other = enter(servers.mlflow_models_serve(shop, folder))
        plans[other.name] = Plan(other.port, [_invocation(shop)], 8, seconds)
        turns = [{name: asked(name, plan) for name, plan in plans.items()} for _ in range(rounds)]
    return {name: Rounds(name, [turn[name] for turn in turns]) for name in plans}


def asked(name: str, plan: Plan) -> Result:
    """Let another process ask, and return what it counted."""
    return answered(name, asking(plan), plan.seconds + plan.warm_seconds + 90)


def asking(plan: Plan) -> subprocess.Popen[str]:
    """Start a process that asks."""
    command = [sys.executable, "-m", "benchmarks.serving.load"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(as_text(plan))
    process.stdin.close()
    return process


def answered(name: str, process: subprocess.Popen[str], wait_seconds: float = 0.0) -> Result:
    """Return what an asking process counted; end it if it does not end by itself."""
    assert process.stdout is not None
    try:
        process.wait(wait_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SystemExit(f"{name}: the server was so far behind that the asking did not end") from None
    said = process.stdout.read()
    if process.returncode != 0 or not said:
        raise SystemExit(f"{name}: the asking process ended with {process.returncode}")
    result: Result = json.loads(said)
    if result["errors"]:
        say(f"{name}: {result['errors']} errors; the first: {result['first_error']}")
    say(f"{name}: {result['per_second']:,.0f}/s, p50 {result['p50_ms']:.2f} ms, p99 {result['p99_ms']:.2f} ms")
    return result


def request(shop: Shop, path: str, body: object, held: str, times: int = 1, method: str = "POST") -> Request:
    """Return a request as it goes over the wire, and what its answer holds so many times."""
    text = json.dumps(body) if body is not None else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {shop.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head + text, held, times


def posted(shop: Shop, orders: int) -> Request:
    """Return a posted history to be scored."""
    body = {"customer_id": "posted", "as_of": str(shop.as_of), "orders": history(shop.as_of, orders)}
    return request(shop, "/v1/score", body, '"customer_id":"posted"')


def look_ups(shop: Shop, random: np.random.Generator, scored: int) -> list[Request]:
    """Return look-ups of one id each."""
    ids = customer_ids(min(DIFFERENT, scored), random, scored)
    return [request(shop, ROUTE, {"customer_ids": [each]}, f'"customer_id":"{each}"') for each in ids]


def by_typed_method(look_up: Request) -> Request:
    """Return a look-up as BentoML's clients ask it of our typed method: the same body at another path."""
    sent, held, times = look_up
    return sent.replace(f"POST {ROUTE} ", f"POST {TYPED_ROUTE} ", 1), held, times


def many_ids(shop: Shop, random: np.random.Generator, scored: int, count: int = MANY) -> list[Request]:
    """Return look-ups of many ids at once."""
    parts = [customer_ids(count, random, scored) for _ in range(DIFFERENT_MANY)]
    return [request(shop, "/v1/scores", {"customer_ids": ids}, '"customer_id":"C', count) for ids in parts]


def _invocation(shop: Shop) -> Request:
    """Return one customer's score as MLflow's server takes it: order lines in, a probability out."""
    columns = ["order_id", "customer_id", "ordered_at", "amount"]
    lines = history(shop.as_of, 5)
    rows = [[line["order_id"], "posted", line["ordered_at"], float(line["amount"])] for line in lines]
    body = {"dataframe_split": {"columns": columns, "data": rows}, "params": {"as_of": str(shop.as_of)}}
    return request(shop, "/invocations", body, '"customer_id": "posted"')


def _agree(plans: Mapping[str, Plan]) -> None:
    """Refuse to compare servers that answer different things to the first of their requests."""
    for number in range(min(AGREEING, *(len(plan.requests) for plan in plans.values()))):
        answers = {name: _answer(plan.port, plan.requests[number][0]) for name, plan in plans.items()}
        if any(answer != answers["Regulars"] for answer in answers.values()):
            raise SystemExit(f"the servers differ, nothing to compare: {json.dumps(answers, indent=1)}")


def _answer(port: int, sent: str) -> object:
    head, _, body = sent.partition("\r\n\r\n")
    path = head.split(" ", 2)[1]
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if not line.startswith("Content-Length"))
    asking = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asking, timeout=30) as answer:
        found: object = json.load(answer)
    return found


def _seconds(command: Sequence[str], folder: Path) -> float:
    environment = servers.environment_of(folder)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60, env=environment)  # warms the disk
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60, env=environment)
    return time.perf_counter() - began


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)

"""Calls of LightGBM at once take one number of threads; with several the process dies."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

from training.models.agreed_threads import AgreedThreads

ROOT = Path(__file__).parents[3]
# A training with one thread beside predictions of rows that are worth two: LightGBM alone dies of it within seconds.
BESIDE = """
import time
from threading import Thread
import numpy as np
from training.models.trees import lightgbm, predicted, trained
random = np.random.default_rng(0)
X = np.where(random.random((3000, 40)) < 0.6, 0.0, random.normal(size=(3000, 40)))
y = random.random(3000) < 0.3
params = {"objective": "binary", "num_threads": 1, "verbose": -1, "num_leaves": 15}
train = lambda: trained(params, lightgbm().Dataset(X, y, params=params), 10)
booster, end = train(), time.monotonic() + 3
def until_end(call):
    while time.monotonic() < end:
        call()
both = [Thread(target=until_end, args=(each,)) for each in (train, lambda: predicted(booster, X, 2))]
[each.start() for each in both]
[each.join() for each in both]
"""


def test_a_training_and_predictions_of_many_rows_go_on_at_once() -> None:
    assert subprocess.run([sys.executable, "-c", BESIDE], check=False).returncode == 0


def test_long_work_waits_for_another_number_and_goes_beside_its_own() -> None:
    agreed, began = AgreedThreads(), [Event(), Event()]

    def work(number: int, event: Event) -> None:
        with agreed.at(number):
            event.set()

    with agreed.at(1):
        both = [Thread(target=work, args=given) for given in ((1, began[0]), (2, began[1]))]
        for each in both:
            each.start()
        assert began[0].wait(5)
        assert not began[1].wait(0.05)
    assert began[1].wait(5)
    for each in both:
        each.join()


def test_short_work_waits_for_nobody_and_takes_their_number() -> None:
    agreed = AgreedThreads()
    with agreed.near(2) as first, agreed.near(1) as second:
        assert (first, second) == (2, 2)
    with agreed.near(1) as alone:
        assert alone == 1


def test_nobody_calls_lightgbm_beside_the_agreement() -> None:
    calls = re.compile(r"\b(library|lightgbm\(\))\.(train|cv)\(|booster\.(predict|refit|update)\(")
    files = [path for room in ("training", "serving") for path in (ROOT / room).rglob("*.py")]
    found = [path for path in files if calls.search(path.read_text(encoding="utf-8"))]
    assert found == [ROOT / "training" / "models" / "trees.py"]

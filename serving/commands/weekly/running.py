"""A run under way: the shop as its stages read it, opened once, how far the run has come, and how a stage is done."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.errors import RegularsError
from serving.commands.models.score import ScoringRun
from serving.commands.weekly.run_state import BEGUN, DONE, RunState, StageRecord, str_of, write_state
from serving.commands.weekly.said import Said, said_in
from serving.commands.weekly.summary_mail import mail_failure
from serving.config import Settings, load_settings
from serving.shop import OpenShop
from training.backtest.steps import Progress
from training.tracking import Run

Facts = Mapping[str, Any]


@dataclass
class Running:
    """A run under way.

    Args:
        where: the shop's regulars.toml.
        file: that holds the run.
        settings: what regulars.toml says; read again once exports were added.
        state: how far it has come.
        report: is called before each step of long work.
        scored: the scoring run of this process; None = none was made in it.
        recorded: the run of MLflow within which each stage is recorded; None = none is.
    """

    where: Path
    file: Path
    settings: Settings
    state: RunState
    report: Progress
    scored: ScoringRun | None = None
    recorded: Run | None = None
    _shop: OpenShop | None = field(default=None, init=False)

    def keep(self, state: RunState) -> None:
        """Keep how far the run has come; from then on a kill goes back no further."""
        self.state = state
        write_state(self.file, state, self.settings.files.access())

    @property
    def shop(self) -> OpenShop:
        """The open shop, whose orders are read when they are first asked for."""
        if self._shop is None:
            self._shop = OpenShop(self.settings)
        return self._shop

    def read_settings_again(self) -> None:
        """Read regulars.toml again, and open the shop anew when it is next asked for."""
        self.close()
        self.settings = load_settings(self.where)

    def close(self, error: BaseException | None = None) -> None:
        """Let go of the shop and of the orders that it holds; damage behind an error is named."""
        shop, self._shop, self.scored = self._shop, None, None
        if shop is not None:
            shop.__exit__(None, error, None)

    def fingerprint(self) -> str:
        """Return what tells what the scores and the list are made from: the orders, the customers, the settings."""
        sha = hashlib.sha256(self.shop.log.digest().encode())
        customers, playbooks = self.settings.customers, self.settings.list.playbooks
        for file in (self.where, customers and customers.file, playbooks):
            with suppress(OSError):  # whoever needs it says what is amiss
                sha.update(b"\0" + (file.read_bytes() if file else b""))
        return sha.hexdigest()


def _nothing(_: Running) -> Facts:
    return {}


def _never(_: Running, __: Facts) -> Said | None:
    return None


@dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
        name: of its command.
        do: does it; done twice it changes no more than once.
        before: what has to be known before it begins.
        settled: what a killed one left whole, by what was known before; None = it is to be done again.
    """

    name: str
    do: Callable[[Running], Said]
    before: Callable[[Running], Facts] = _nothing
    settled: Callable[[Running, Facts], Said | None] = _never


def do(run: Running, stage: Stage) -> None:
    """Do a stage that is not done yet; one that was killed may have left its result whole.

    Args:
        run: under way.
        stage: of it.
    """
    record = run.state.stages.get(stage.name)
    if record is not None and record.state == DONE:
        return
    with nullcontext() if run.recorded is None else run.recorded.stage(stage.name) as recorded:
        _do(run, stage, record, recorded.id if recorded else "")


def _do(run: Running, stage: Stage, record: StageRecord | None, recorded_as: str) -> None:
    began, clock = record.began_at if record else now(), time.monotonic()
    said = None if record is None else stage.settled(run, record.before)
    if said is None:
        before = stage.before(run) if record is None else record.before
        run.keep(run.state.with_stage(stage.name, StageRecord(BEGUN, began, before, recorded_as=recorded_as)))
        said = stage.do(run)
    done = StageRecord(DONE, began, {}, round(time.monotonic() - clock, 1), _as_kept(said), recorded_as)
    run.keep(run.state.with_stage(stage.name, done))


def _as_kept(said: Said) -> Said:
    """Return what a stage said as the file of the run will give it back, so that one taken up says the same."""
    return said_in(json.loads(json.dumps(said.to_dict(), default=str_of)))


@contextmanager
def closing(run: Running, stage: Callable[[], str]) -> Iterator[None]:
    """Let go of the shop at the end; where a stage failed, mail it, and name damage in the book behind it.

    Args:
        run: under way.
        stage: says at which one it stopped.
    """
    with failure_mailed(run.settings, stage):
        try:
            yield
        except BaseException as error:
            run.close(error)
            raise
        run.close()


@contextmanager
def failure_mailed(settings: Settings, stage: Callable[[], str]) -> Iterator[None]:
    """Mail the error that ends the block, where the summary is mailed too.

    Args:
        settings: of the shop.
        stage: says at which one the run stopped.
    """
    try:
        yield
    except RegularsError as error:
        mail_failure(settings, stage(), error)
        raise


def now() -> datetime:
    """Return the time, in UTC, without a zone, as the book keeps it."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)

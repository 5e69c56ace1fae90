"""`regulars train` of a log that does not fit: as many customers as fit are drawn, and counted against all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.log import Log
from features.sources.partitions.estimate import PARTITION_SHARE
from serving.commands.models import train as command
from serving.config import load_settings
from serving.shop import OpenShop
from tests.serving.conftest import Call, SmallShop


class Seen(Exception):
    """Training would begin here."""


def learnt_from(folder: Path, monkeypatch: pytest.MonkeyPatch, partitions: int | None) -> tuple[Log, dict[str, Any]]:
    """The log that training is given, and what else."""
    seen: list[tuple[Log, dict[str, Any]]] = []

    def train(log: Log, *_: object, **options: Any) -> None:
        seen.append((log, options))
        raise Seen

    monkeypatch.setattr(command, "train", train)
    with OpenShop(load_settings(folder / "regulars.toml")) as shop:
        with pytest.raises(Seen):
            command.train_and_judge(shop, partitions=partitions)
        assert (
            shop.log.n_customers == seen[0][1]["customers"] or partitions is None
        )  # the whole again, for who comes next
    return seen[0]


def test_where_all_customers_fit_the_log_is_that_of_a_whole_reading(
    office: Path, shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, options = learnt_from(office, monkeypatch, 3)
    assert log.digest() == shop.log.digest()
    assert options["customers"] == shop.log.n_customers
    assert (
        options["documents"]["balance_sheet"] == learnt_from(office, monkeypatch, None)[1]["documents"]["balance_sheet"]
    )


def test_where_they_do_not_some_are_drawn_whole(office: Path, shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(office / "regulars.toml")
    fitting = len(shop.orders) / 4  # lines
    bytes_per_line = settings.machine.machine().memory_bytes * PARTITION_SHARE / fitting
    monkeypatch.setattr("serving.shop.partitioned.BYTES_PER_LINE", bytes_per_line)
    log, options = learnt_from(office, monkeypatch, 3)
    assert options["customers"] == shop.log.n_customers
    assert log.n_customers == pytest.approx(shop.log.n_customers / 4, rel=0.1)
    assert log.digest() == shop.log.only(log.customer_ids).digest()


@pytest.mark.whole
def test_what_was_learnt_from_a_part_is_said_of_the_shop(
    office: Path, shop: SmallShop, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.shop.partitioned.most_customers", lambda *_: 100)
    config = ("--config", office / "regulars.toml")
    code, out, err = call("train", *config, "--partitions", 3, "--budget", "quick")
    assert code == 0, err
    assert f"learnt from and judged on 100 of {shop.log.n_customers} customers" in out
    assert call("score", *config, "--out", office / "s.csv", "--partitions", 3)[0] == 0

"""A clear fall is beyond chance, by half, against the own former self, and not the shop's own fall."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.log import Lines
from features.roll_up import roll_up
from serving.outreach.playbooks.falls import ShopChange, falls

AS_OF = 1000
STEADY = ShopChange(1.0, 1.0)
USUAL = {
    "tenure_days": 400.0,
    "order_days_90d": 6.0,
    "order_days_90d_before": 6.0,
    "spend_90d": 600.0,
    "spend_90d_before": 600.0,
    "basket_change": 1.0,
}


def fell(shop: ShopChange = STEADY, **own: Any) -> tuple[bool, bool]:
    found = falls(pd.DataFrame([USUAL | own]), shop)
    return bool(found["orders_fell"][0]), bool(found["spend_fell"][0])


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, (False, False)),
        ({"order_days_90d": 1.0, "order_days_90d_before": 9.0}, (True, False)),
        ({"order_days_90d": 3.0, "order_days_90d_before": 6.0}, (False, False)),  # as often by chance
        ({"order_days_90d": 40.0, "order_days_90d_before": 70.0}, (False, False)),  # beyond chance, but not by half
        ({"order_days_90d": 1.0, "order_days_90d_before": 9.0, "tenure_days": 179.0}, (False, False)),
        ({"spend_90d": 290.0, "basket_change": 0.5}, (False, True)),
        ({"spend_90d": 290.0, "basket_change": 0.9}, (False, False)),  # one large order before is no fall
        ({"spend_90d": 100.0, "basket_change": 0.3, "order_days_90d": 2.0}, (False, False)),
        ({"order_days_90d": 0.0, "order_days_90d_before": 0.0}, (False, False)),
        ({"spend_90d_before": np.nan, "basket_change": np.nan}, (False, False)),
    ],
)
def test_a_fall_is_clear_or_it_is_none(own: dict[str, float], expected: tuple[bool, bool]) -> None:
    assert fell(**own) == expected


def test_where_the_whole_shop_falls_nobody_stands_out() -> None:
    """After Christmas everybody orders less."""
    own = {"order_days_90d": 2.0, "order_days_90d_before": 12.0, "spend_90d": 100.0, "basket_change": 0.4}
    assert fell(**own) == (True, False)
    assert fell(ShopChange(0.2, 0.2), **own) == (False, False)


def test_chance_alone_calls_one_in_a_hundred() -> None:
    random = np.random.default_rng(7)
    n = 20_000
    now, before = random.poisson(9.0, n), random.poisson(9.0, n)
    own = pd.DataFrame({**{name: np.full(n, value) for name, value in USUAL.items()},
                        "order_days_90d": now, "order_days_90d_before": before})  # fmt: skip
    assert falls(own, STEADY)["orders_fell"].mean() < 0.012


def test_the_shops_change_is_of_customers_of_both_windows() -> None:
    """A newcomer's orders are no growth of the others."""
    days = {"old": [700, 850, 860, 870, 880, 950], "new": [*range(920, 990, 10)]}
    rows = [(who, day) for who, all_days in days.items() for day in all_days]
    log = roll_up(Lines.of([who for who, _ in rows], [day for _, day in rows], [100] * len(rows)))
    assert ShopChange.of(log, AS_OF) == ShopChange(0.25, 0.25)
    assert ShopChange.of(log, 600) == STEADY

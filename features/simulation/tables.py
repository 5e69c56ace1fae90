"""Writes the drawn customers, orders and events as the tables of a shop."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.simulation.behaviour import OWNERS, PRODUCTS, DrawnLines, DrawnOrders, Flags, Floats, Ints, People
from features.simulation.engagement import KINDS, DrawnEvents

OPENS, CLOSES = 8 * 3600, 22 * 3600


def orders_table(
    lines: DrawnLines, bought: DrawnOrders, customers: int, days: int, start: date, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the sold lines and, three days to two weeks later, the first line of each order with a return."""
    back = np.flatnonzero(bought.returned)
    when = bought.time[back] + 3 + 11 * rng.random(len(back))
    back, when = back[when < days], when[when < days]
    line = np.concatenate([np.arange(len(lines.order)), lines.first[back]])
    time = np.concatenate([bought.time[lines.order], when])
    returned = np.arange(len(line)) >= len(lines.order)
    shown = np.argsort(time, kind="stable")
    line, returned, order = line[shown], returned[shown], lines.order[line[shown]]
    net = lines.gross[line] - lines.discount[line]
    width = len(str(len(bought.time)))
    return pd.DataFrame(
        {
            "order_id": _order_ids(order, returned, width),
            "customer_id": customer_ids(bought.customer[order], customers),
            "ordered_at": _timestamps(time[shown], start),
            "product_id": _coded(_numbered("P", PRODUCTS, 4), lines.product[line]),
            "quantity": lines.quantity[line],
            "amount": np.where(returned, -net, net) / 100,
            "discount": lines.discount[line] / 100,
            "returned": returned,
        }
    )


def events_table(events: DrawnEvents, customers: int, days: int, start: date) -> pd.DataFrame:
    """Return the events in the columns of the input contract."""
    return pd.DataFrame(
        {
            "customer_id": customer_ids(events.customer, customers),
            "kind": _coded(list(KINDS), events.kind),
            "happened_at": _timestamps(events.time, start),
            "value": events.value,
        }
    )


def customers_table(people: People) -> pd.DataFrame:
    """Return names, owners, segments and consent."""
    everyone = np.arange(len(people))
    return pd.DataFrame(
        {
            "customer_id": customer_ids(everyone, len(people)),
            "name": _coded(_numbered("Customer ", len(people), 1), everyone),
            "owner": _coded(list(OWNERS), people.owner),
            "segment": _coded(["private", "business"], people.business.astype(np.int64)),
            "consent": people.consent,
        }
    )


def truth_table(people: People, bought: DrawnOrders, start: date) -> pd.DataFrame:
    """Return what nobody but the simulator knows."""
    last, first = bought.last_before(np.inf), np.unique(bought.customer, return_index=True)[1]
    who = bought.customer[last]
    left_on = np.where(bought.left[last], _days(bought.time[last], start), np.datetime64("NaT", "s"))
    return pd.DataFrame(
        {
            "customer_id": customer_ids(who, len(people)),
            "usual_gap_days": people.gap[who],
            "regularity": people.shape[who],
            "joined_on": _days(bought.time[first], start),
            "left_on": left_on,
            "orders": np.bincount(bought.customer)[who],
        }
    )


def _days(time: Floats, start: date) -> npt.NDArray[np.datetime64]:
    return (np.datetime64(start, "D") + np.floor(time).astype(np.int64)).astype("datetime64[s]")


def _timestamps(time: Floats, start: date) -> npt.NDArray[np.datetime64]:
    """Squeeze a day into the opening hours: zones and clock changes would move an order near midnight."""
    second = OPENS + ((time - np.floor(time)) * (CLOSES - OPENS)).astype(np.int64)
    return _days(time, start) + second


def customer_ids(who: Ints, customers: int) -> pd.Series[str]:
    """Return customers as ids of one width."""
    return _coded(_numbered("C", customers, len(str(customers))), who)


def _order_ids(order: Ints, returned: Flags, width: int) -> pd.Series[str]:
    n = int(order.max(initial=-1)) + 1
    return _coded(_numbered("O", n, width) + _numbered("R", n, width), order + n * returned)


def _numbered(prefix: str, n: int, width: int) -> list[str]:
    return [f"{prefix}{i:0{width}d}" for i in range(n)]


def _coded(values: list[str], codes: Ints) -> pd.Series[str]:
    """Return texts by their codes; taken inside Arrow, so that ten million rows cost no Python objects."""
    text = pa.array(values, pa.large_string()).take(pa.array(codes))
    return pd.Series(text.to_pandas(types_mapper={pa.large_string(): pd.StringDtype("pyarrow", np.nan)}.get))

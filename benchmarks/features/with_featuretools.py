"""The peer that is made for features as of a date: Featuretools, for those of the forty that its primitives can say.

PYTHON -m benchmarks.features.with_featuretools FILE DAY,DAY…

It gets the customer-days that the pandas roll-up of `plain.py` makes, so that only features are compared. Windows are
calls of their own, as its `training_window` is one for all features of a call.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from typing import Any

from benchmarks.features.plain import WINDOWS, pandas_rolled

# Our name for what it computes of all days before the date.
OF_ALL_DAYS = {
    "COUNT(days WHERE has_gap = True)": "frequency",
    "MEAN(days.spend)": "spend_per_order_day",
    "LAST(days.spend)": "last_spend",
    "MAX(days.spend)": "largest_spend",
    "MEAN(days.gap)": "mean_gap_days",
    "MAX(days.gap)": "longest_gap_days",
    "STD(days.gap)": "gap_spread_days",
    "MEAN(days.lines)": "lines_per_order_day",
    "MEAN(days.units)": "units_per_order_day",
    "MEAN(days.weekend)": "weekend_share",
}
WITH_SPEND = (30, 90, 365)


def main(path: str, days: str) -> None:
    """Do one run and print one line of JSON; null where Featuretools is not here."""
    try:
        import featuretools
    except ImportError:
        print("null")
        return
    import pandas as pd

    warnings.filterwarnings("ignore")
    rolled = pandas_rolled(pd.read_parquet(path))[0]
    entities, cutoffs = _entities(featuretools, rolled), _cutoffs(rolled, [int(each) for each in days.split(",")])
    wall, cpu = time.perf_counter(), time.process_time()
    columns = _computed(featuretools, entities, cutoffs)
    seconds = {"table_s": time.perf_counter() - wall, "table_cpu_s": time.process_time() - cpu}
    sums = {f"sum:{name}": float(column.sum()) for name, column in columns.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({**seconds, "peak_gb": peak, "rows": len(cutoffs), **sums}))


def _entities(featuretools: Any, rolled: Any) -> Any:
    import pandas as pd

    days = rolled.assign(time=pd.to_datetime(rolled["day"], unit="D"), index=range(len(rolled)))
    days = days.drop(columns="day").assign(weekend=days["weekend"].astype(float), has_gap=days["gap"].notna())
    entities = featuretools.EntitySet("shop")
    entities.add_dataframe(dataframe_name="days", dataframe=days, index="index", time_index="time")
    customers = pd.DataFrame({"customer": sorted(days["customer"].unique())})
    entities.add_dataframe(dataframe_name="customers", dataframe=customers, index="customer")
    return entities.add_relationship("customers", "customer", "days", "customer")


def _cutoffs(rolled: Any, days: list[int]) -> Any:
    """Everyone who ordered before a day, on that day."""
    import pandas as pd

    first = rolled.groupby("customer")["day"].min()
    parts = [pd.DataFrame({"customer": first.index[first < day], "time": pd.Timestamp(day, unit="D")}) for day in days]
    return pd.concat(parts, ignore_index=True)


def _computed(featuretools: Any, entities: Any, cutoffs: Any) -> dict[str, Any]:
    asked = {"entityset": entities, "target_dataframe_name": "customers", "cutoff_time": cutoffs}
    asked |= {"trans_primitives": [], "max_depth": 1, "include_cutoff_time": False}
    said = {"agg_primitives": ["count", "mean", "last", "max", "std"], "where_primitives": ["count"]}
    entities.add_interesting_values(dataframe_name="days", values={"has_gap": [True]})
    whole, _ = featuretools.dfs(**asked, **said)
    columns = {ours: whole[theirs] for theirs, ours in OF_ALL_DAYS.items()}
    for days in WINDOWS:
        part, _ = featuretools.dfs(**asked, agg_primitives=["count", "sum"], training_window=f"{days} days")
        columns[f"order_days_{days}d"] = part["COUNT(days)"]
        if days in WITH_SPEND:
            columns[f"spend_{days}d"] = part["SUM(days.spend)"]
    return columns


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The peers: forty of the default features, written by hand as a data team would; nothing is checked.

PYTHON plain.py pandas FILE DAY,DAY…

This file imports nothing of Regulars, so that it runs in an environment that has the peer alone. A DAY is a number of
days since 1970-01-01; the features of a day see what happened before it. Each peer rolls the lines up once and then
answers day by day. What it prints is the seconds, the peak memory and the sum of each feature.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

COLUMNS = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "amount", "discount", "returned")
WINDOWS = (7, 14, 30, 60, 90, 180, 365)
Frame = Any
Answers = Iterator[Frame]  # a table of the features for each day


def with_pandas(path: str, days: list[int]) -> Answers:
    import pandas as pd

    rolled = pandas_rolled(pd.read_parquet(path, columns=list(COLUMNS)))
    yield rolled
    for day in days:
        yield _pandas_day(*rolled, day)


def pandas_rolled(lines: Frame) -> tuple[Frame, Frame, Frame]:
    import pandas as pd

    lines = pd.DataFrame(
        {
            "customer": lines["customer_id"].factorize()[0],
            "day": lines["ordered_at"].to_numpy().astype("datetime64[D]").astype("int64"),
            "order": lines["order_id"].factorize()[0],
            "product": lines["product_id"].factorize()[0],
            "has_product": lines["product_id"] != "",
            "spend": (lines["amount"] * 100).round().abs().astype("int64"),
            "discount": (lines["discount"] * 100).round().astype("int64"),
            "units": lines["quantity"].astype("int64"),
            "returned": lines["returned"],
        }
    )
    kept, back = lines[~lines["returned"]], lines[lines["returned"]]
    orders = kept.groupby(["customer", "day", "order"], sort=False).agg(
        spend=("spend", "sum"), discount=("discount", "sum"), units=("units", "sum"), lines=("spend", "size")
    )
    orders = orders[orders["spend"] > 0]
    days = orders.groupby(["customer", "day"]).sum().reset_index()
    days["gap"] = days.groupby("customer")["day"].diff()
    days["weekend"] = ((days["day"] + 3) % 7 >= 5).astype("int64")
    days["discounted"] = days["spend"].where(days["discount"] > 0, 0)
    items = kept.loc[kept["has_product"], ["customer", "day", "product"]].drop_duplicates()
    returns = back.groupby(["customer", "day"])["spend"].sum().reset_index()
    return days, items, returns


def _pandas_day(days: Frame, items: Frame, returns: Frame, day: int) -> Frame:
    import pandas as pd

    past, items, returns = (each[each["day"] < day].assign(age=day - each["day"]) for each in (days, items, returns))
    every = _of_all_days(past)
    counted = pd.concat([*_of_windows(past), *_of_items(items), *_of_returns(returns)], axis=1)
    table = every.join(counted.reindex(every.index).fillna(0))
    table["days_since_return"] = returns.groupby("customer")["age"].min()
    return _ratios(table)


def _of_all_days(past: Frame) -> Frame:
    return past.groupby("customer").agg(
        frequency=("gap", "count"),
        tenure_days=("age", "max"),
        days_since_order=("age", "min"),
        spend_per_order_day=("spend", "mean"),
        last_spend=("spend", "last"),
        largest_spend=("spend", "max"),
        mean_gap_days=("gap", "mean"),
        longest_gap_days=("gap", "max"),
        gap_spread_days=("gap", "std"),
        last_gap_days=("gap", "last"),
        lines_per_order_day=("lines", "mean"),
        units_per_order_day=("units", "mean"),
        weekend_share=("weekend", "mean"),
        spend=("spend", "sum"),
        discounted=("discounted", "sum"),
    )


def _within(rows: Frame, most: int, least: int = 0) -> Any:
    """The rows of so many days back, by customer."""
    return rows[(rows["age"] > least) & (rows["age"] <= most)].groupby("customer")


def _of_windows(past: Frame) -> Iterator[Frame]:
    for window in WINDOWS:
        yield _within(past, window).size().rename(f"order_days_{window}d")
    for window in (30, 90, 365):
        yield _within(past, window)["spend"].sum().rename(f"spend_{window}d")
    for window in (30, 90):
        yield _within(past, 2 * window, window).size().rename(f"order_days_{window}d_before")
    yield _within(past, 180, 90)["spend"].sum().rename("spend_90d_before")
    yield _within(past, 90)["lines"].sum().rename("lines_90d")
    yield _within(past, 365)["discount"].sum().rename("discount_365d")


def _of_items(items: Frame) -> Iterator[Frame]:
    for window in (90, 365):
        yield _within(items, window)["product"].nunique().rename(f"products_{window}d")


def _of_returns(returns: Frame) -> Iterator[Frame]:
    yield _within(returns, 90).size().rename("return_days_90d")
    yield _within(returns, 365).size().rename("return_days_365d")
    yield _within(returns, 180, 90).size().rename("return_days_90d_before")
    yield _within(returns, 365)["spend"].sum().rename("returned_365d")


def _ratios(table: Frame) -> Frame:
    table = table.assign(
        order_days_30d_change=(table["order_days_30d"] + 1) / (table["order_days_30d_before"] + 1),
        order_days_90d_change=(table["order_days_90d"] + 1) / (table["order_days_90d_before"] + 1),
        spend_90d_change=table["spend_90d"] / table["spend_90d_before"].where(table["spend_90d_before"] != 0),
        gap_irregularity=table["gap_spread_days"] / table["mean_gap_days"].where(table["mean_gap_days"] != 0),
        discounted_share=table["discounted"] / table["spend"].where(table["spend"] != 0),
    )
    return table.drop(columns=["spend", "discounted"])


def with_polars(path: str, days: list[int]) -> Answers:
    rolled = _polars_rolled(path)
    yield rolled
    for day in days:
        yield _polars_day(*rolled, day)


def _polars_rolled(path: str) -> tuple[Frame, Frame, Frame]:
    import polars as pl

    lines = pl.scan_parquet(path).select(
        customer=pl.col("customer_id").cast(pl.Categorical).to_physical(),
        day=pl.col("ordered_at").dt.epoch("d").cast(pl.Int32),
        order=pl.col("order_id"),
        product=pl.col("product_id"),
        spend=(pl.col("amount") * 100).round().abs().cast(pl.Int64),
        discount=(pl.col("discount") * 100).round().cast(pl.Int64),
        units=pl.col("quantity").cast(pl.Int64),
        returned=pl.col("returned"),
    )
    kept, back = lines.filter(~pl.col("returned")), lines.filter(pl.col("returned"))
    sums = [pl.col(name).sum() for name in ("spend", "discount", "units")]
    orders = kept.group_by("customer", "day", "order").agg(*sums, lines=pl.len().cast(pl.Int64))
    by_day = (
        orders.filter(pl.col("spend") > 0)
        .group_by("customer", "day")
        .agg(*sums, pl.col("lines").sum())
        .sort("customer", "day")
        .with_columns(
            gap=pl.col("day").diff().over("customer"),
            weekend=((pl.col("day") + 3) % 7 >= 5).cast(pl.Int64),
            discounted=pl.when(pl.col("discount") > 0).then(pl.col("spend")).otherwise(0),
        )
    )
    items = kept.filter(pl.col("product") != "").select("customer", "day", "product").unique()
    returns = back.group_by("customer", "day").agg(pl.col("spend").sum())
    return tuple(pl.collect_all([by_day, items, returns]))


def _polars_day(days: Frame, items: Frame, returns: Frame, day: int) -> Frame:
    import polars as pl

    past, items, returns = (
        each.lazy().filter(pl.col("day") < day).with_columns(age=day - pl.col("day")) for each in (days, items, returns)
    )
    bought = [
        items.filter(_ages(window)).group_by("customer").agg(pl.col("product").n_unique().alias(f"products_{window}d"))
        for window in (90, 365)
    ]
    back = returns.group_by("customer").agg(
        return_days_90d=_ages(90).sum(),
        return_days_365d=_ages(365).sum(),
        return_days_90d_before=_ages(180, 90).sum(),
        returned_365d=_total("spend", 365),
        days_since_return=pl.col("age").min(),
    )
    table = past.group_by("customer").agg(**_polars_orders())
    for each in (*bought, back):
        table = table.join(each, on="customer", how="left")
    counted = pl.col("^(products|return_days)_.*$", "returned_365d").fill_null(0)
    return table.with_columns(counted).with_columns(**_polars_ratios()).drop("customer").collect()


def _ages(most: int, least: int = 0) -> Any:
    import polars as pl

    return (pl.col("age") > least) & (pl.col("age") <= most)


def _total(column: str, most: int, least: int = 0) -> Any:
    import polars as pl

    return pl.when(_ages(most, least)).then(pl.col(column)).otherwise(0).sum()


def _polars_orders() -> dict[str, Any]:
    import polars as pl

    return {
        "frequency": pl.col("gap").count(),
        "tenure_days": pl.col("age").max(),
        "days_since_order": pl.col("age").min(),
        "spend_per_order_day": pl.col("spend").mean(),
        "last_spend": pl.col("spend").last(),
        "largest_spend": pl.col("spend").max(),
        "mean_gap_days": pl.col("gap").mean(),
        "longest_gap_days": pl.col("gap").max(),
        "gap_spread_days": pl.col("gap").std(),
        "last_gap_days": pl.col("gap").last(),
        "lines_per_order_day": pl.col("lines").mean(),
        "units_per_order_day": pl.col("units").mean(),
        "weekend_share": pl.col("weekend").mean(),
        "discounted_share": pl.col("discounted").sum() / pl.col("spend").sum(),
        "lines_90d": _total("lines", 90),
        "discount_365d": _total("discount", 365),
        "spend_90d_before": _total("spend", 180, 90),
        **{f"order_days_{window}d": _ages(window).sum().cast(pl.Int64) for window in WINDOWS},
        **{f"spend_{window}d": _total("spend", window) for window in (30, 90, 365)},
        **{f"order_days_{window}d_before": _ages(2 * window, window).sum().cast(pl.Int64) for window in (30, 90)},
    }


def _polars_ratios() -> dict[str, Any]:
    import polars as pl

    def ratio(above: str, below: str) -> Any:
        return pl.when(pl.col(below) != 0).then(pl.col(above) / pl.col(below))

    return {
        "order_days_30d_change": (pl.col("order_days_30d") + 1) / (pl.col("order_days_30d_before") + 1),
        "order_days_90d_change": (pl.col("order_days_90d") + 1) / (pl.col("order_days_90d_before") + 1),
        "spend_90d_change": ratio("spend_90d", "spend_90d_before"),
        "gap_irregularity": ratio("gap_spread_days", "mean_gap_days"),
    }


def bare_scan(path: str, days: list[int]) -> Answers:
    """Every cell is read once, by DuckDB, and nothing is made of it but one number that needs them all."""
    import duckdb

    yield duckdb.connect().execute(f"SELECT bit_xor(hash({', '.join(COLUMNS)})) FROM '{path}'").fetchall()


RUNS = {"pandas": with_pandas, "polars": with_polars, "scan": bare_scan}


def measured(run: Callable[[str, list[int]], Answers], path: str, days: list[int]) -> dict[str, float]:
    """The seconds of the roll-up and of the tables, the peak memory, and the sum of each feature over all days."""
    begun = _now()
    answers = run(path, days)
    next(answers)
    rolled = _now()
    tables = list(answers)
    ended = _now()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    seconds = {f"read{kind}": rolled[kind] - begun[kind] for kind in begun}
    seconds |= {f"table{kind}": ended[kind] - rolled[kind] for kind in begun}
    return {**seconds, "peak_gb": peak, "rows": sum(map(len, tables)), **sums(tables)}


def _now() -> dict[str, float]:
    return {"_s": time.perf_counter(), "_cpu_s": time.process_time()}


def sums(tables: list[Frame]) -> dict[str, float]:
    """The sum of each feature over all days, what is unknown left out."""
    names = list(tables[0].columns) if tables else []
    return {f"sum:{name}": float(sum(table[name].sum() or 0 for table in tables)) for name in names}


def main(name: str, path: str, days: str) -> None:
    """Do one run and print one line of JSON; null where its library is not here."""
    try:
        importlib.import_module("duckdb" if name == "scan" else name)  # before the clock starts
    except ImportError:
        print("null")
        return
    print(json.dumps(measured(RUNS[name], path, [int(each) for each in days.split(",")])))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Write every case as tables that any tool can read, so that peers learn from the very rows that Regulars learns from.

python -m benchmarks.quality.export --out FOLDER --cdnow CDNOW_master.txt

A folder per case:

    case.json          log, horizon and window in days, test date; the measures of the truth where it is known
    train.parquet      customer_id, as_of, churned and the features: dates whose horizons had ended by the test date
    test.parquet       the same on the test date; `churned` is for the judge alone
    histories.parquet  customer_id, as_of, x, t_x, T (days) of everyone who ever ordered before the latest training
                       date and before the test date: what BG/NBD is fitted on
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quality.logs import (
    CASES,
    CDNOW,
    JOURNEY,
    Case,
    cdnow,
    complete_journey,
    gift_shop,
    stationary_shop,
    young_shop,
)
from features.clock import date_of, day_number
from features.definitions import default_features
from features.log import Log
from training.dataset import Dataset, build_dataset
from training.metrics import evaluate
from training.splits import training_dates

Truth = pd.Series | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a folder; made if it does not exist")
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    chosen = parser.parse_args()
    for case, log, truth in all_cases(chosen.cdnow):
        print(export(case, log, truth, chosen.out / folder_name(case)))


def all_cases(cdnow_path: Path | None) -> Iterator[tuple[Case, Log, Truth]]:
    """The simulated cases and then the open ones."""
    for known in (gift_shop(), stationary_shop(), young_shop()):
        yield known.case, known.log, known.true_probability if len(known.true_probability) else None
    logs = {JOURNEY: complete_journey(), CDNOW: cdnow(cdnow_path)}
    for case in CASES:
        yield case, logs[case.log], None


def folder_name(case: Case) -> str:
    """A case's folder, such as complete-journey-14d."""
    return f"{re.sub('[^a-z]+', '-', case.log.lower())}-{case.definition.horizon_days}d"


def export(case: Case, log: Log, truth: Truth, folder: Path, dates: Sequence[date] = ()) -> Path:
    """Write one case, with the given training dates or all that its test date allows."""
    definition, test = case.definition, case.test_date
    dates = dates or training_dates(log.first_day, day_number(test), definition)
    both = build_dataset(log, [*dates, test], definition, default_features())
    train, seen = both.on(day_number(day) for day in dates), both.on([day_number(test)])
    folder.mkdir(parents=True, exist_ok=True)
    _rows(train).to_parquet(folder / "train.parquet", index=False)
    _rows(seen).to_parquet(folder / "test.parquet", index=False)
    known_on = [histories(log, day_number(day)) for day in (dates[-1], test)]
    pd.concat(known_on).to_parquet(folder / "histories.parquet", index=False)
    (folder / "case.json").write_text(json.dumps(_facts(case, seen, truth), indent=2), encoding="utf-8")
    return folder


def histories(log: Log, day: int) -> pd.DataFrame:
    """Everyone with an order before a day: repeat order days, time of the last and time observed, from the first on."""
    orders = log.streams["orders"]
    before = orders.day < day
    days = pd.Series(orders.day[before]).groupby(orders.customer[before])
    first, last = days.min(), days.max()
    who = log.customer_ids[first.index.to_numpy()]
    seen = {"x": days.size() - 1, "t_x": last - first, "T": day - first}
    return pd.DataFrame({"customer_id": who, "as_of": np.datetime64(date_of(day), "s"), **seen}).reset_index(drop=True)


def _rows(data: Dataset) -> pd.DataFrame:
    as_of = data.as_of.astype("datetime64[D]").astype("datetime64[s]")
    keys = pd.DataFrame({"customer_id": data.customer_id, "as_of": as_of, "churned": data.y})
    return pd.concat([keys, data.X.reset_index(drop=True)], axis=1)


def _facts(case: Case, seen: Dataset, truth: Truth) -> dict[str, object]:
    facts: dict[str, object] = {
        "log": case.log,
        "horizon_days": case.definition.horizon_days,
        "active_days": case.definition.active_days,
        "test_date": case.test_date.isoformat(),
        "customers": len(seen),
    }
    if truth is not None:
        facts["truth"] = evaluate(seen.y, truth.loc[list(seen.customer_id)].to_numpy())
    return facts


if __name__ == "__main__":
    main()

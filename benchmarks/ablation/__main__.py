"""Leave each family of features out in turn, on each log, out of time; write `benchmarks/ablation/results.md`.

python -m benchmarks.ablation --cdnow CDNOW_master.txt

Trees are fitted on the families that are left, on the dates that `regulars train` would have taken, and judged on two
test dates a horizon apart. A family adds what is lost without it. Large logs give 5,000 customers.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.published import write_page
from benchmarks.quality.logs import CASES, CDNOW, JOURNEY, Case, cdnow, complete_journey, demographics, gift_shop
from features.attributes import with_attributes
from features.clock import date_of, day_number
from features.definitions import features_for
from features.errors import InsufficientHistory
from features.feature import Feature, FeatureSet
from features.log import Log
from training.dataset import Dataset, build_dataset
from training.gift_shop import GIFT_CUSTOMERS
from training.metrics import evaluate
from training.models.calibration import sigmoid
from training.models.candidates import fit
from training.splits import training_dates

RESULTS = Path(__file__).with_name("results.md")
CUSTOMERS, TEST_DATES = 5_000, 2
NOTHING = "all families"
DATES_NEEDED = 3  # fewer say more about the dates than about the features


@dataclass(frozen=True)
class Pair:
    """Training and test rows of one date, with every feature."""

    train: Dataset
    test: Dataset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--simulated", type=int, metavar="CUSTOMERS", help="only the gift shop, of so many")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    logs = _logs(chosen.cdnow, chosen.simulated)
    columns = {case: _losses(_pairs(case, _some(log))) for case, log in logs.items()}
    text = PAGE.format(table=_table(columns))
    write_page(chosen.out, text)


def _logs(path: Path | None, customers: int | None) -> dict[Case, Log]:
    gift = gift_shop(customers or GIFT_CUSTOMERS)
    if customers:
        return {gift.case: gift.log}
    logs = {JOURNEY: with_attributes(complete_journey(), demographics()), CDNOW: cdnow(path), gift.case.log: gift.log}
    return {case: logs[case.log] for case in (*CASES, gift.case)}


def _some(log: Log) -> Log:
    if log.n_customers <= CUSTOMERS:
        return log
    drawn = np.random.default_rng(0).choice(log.n_customers, CUSTOMERS, replace=False)
    return log.only(str(log.customer_ids[place]) for place in np.sort(drawn))


def _pairs(case: Case, log: Log) -> list[Pair]:
    horizon = case.definition.horizon_days
    found = []
    for place in range(TEST_DATES):
        test = day_number(case.test_date) - place * horizon
        dates = training_dates(log.first_day, test, case.definition)
        if len(dates) < DATES_NEEDED:
            continue
        both = build_dataset(log, [*dates, date_of(test)], case.definition, features_for(log))
        found.append(Pair(both.on(day_number(day) for day in dates), both.on([test])))
    if not found:
        raise InsufficientHistory(f"{case} has no test date")
    return found


def _losses(pairs: list[Pair]) -> dict[str, dict[str, float]]:
    """Return the mean measures with all families, and without each."""
    families = dict.fromkeys(_family(feature) for feature in pairs[0].train.features)
    return {name: _judged(pairs, name) for name in (NOTHING, *families)}


def _judged(pairs: list[Pair], left_out: str) -> dict[str, float]:
    print(f"{len(pairs[0].train):,} rows, without {left_out}", file=sys.stderr)
    said = [
        evaluate(pair.test.y, sigmoid(fit("lightgbm", _without(pair.train, left_out)).fitted.log_odds(test.values)))
        for pair in pairs
        for test in [_without(pair.test, left_out)]
    ]
    return {measure: float(np.mean([one[measure] for one in said])) for measure in ("auroc", "log_loss")}


def _family(feature: Feature) -> str:
    """Return the family of a feature; all columns of the customers file are one."""
    return feature.family.split(":")[0]


def _without(data: Dataset, family: str) -> Dataset:
    kept = FeatureSet(tuple(feature for feature in data.features if _family(feature) != family), data.features.kinds)
    columns = {name: getattr(data, name) for name in ("y", "as_of", "customer_id", "spend_next", "wait_days")}
    return Dataset(X=data.X[list(kept.names)], **columns, features=kept, definition=data.definition)


def _table(columns: dict[Case, dict[str, dict[str, float]]]) -> str:
    titles = [f"{case.log}, {case.definition.horizon_days} d" for case in columns]
    lines = ["| without | " + " | ".join(titles) + " | mean |", "|---" * (len(titles) + 2) + "|"]
    first = [losses[NOTHING]["auroc"] for losses in columns.values()]
    lines.append(f"| {NOTHING}, AUROC | " + " | ".join(f"{one:.4f}" for one in first) + f" | {np.mean(first):.4f} |")
    for family in list(dict.fromkeys(name for losses in columns.values() for name in losses))[1:]:
        added = [_added(losses, family) for losses in columns.values()]
        known = [one for one in added if one is not None]
        cells = " | ".join("" if one is None else f"{one:+.4f}" for one in added)
        lines.append(f"| {family} | {cells} | {np.mean(known):+.4f} |")
    return "\n".join(lines)


def _added(losses: dict[str, dict[str, float]], family: str) -> float | None:
    """Return what a family adds in AUROC; None where the log has none of it."""
    return losses[NOTHING]["auroc"] - losses[family]["auroc"] if family in losses else None


PAGE = """# What each family of features adds

`python -m benchmarks.ablation` writes this page. The first row is the AUROC of the trees with every family, the mean
over two test dates (one where the log is too short for two); each further row is what is lost without the family.
Families overlap: what one says, others say too, so a single one is missed little. Below 0.001 it is noise.
`customer` is what the chain knows of 801 of the 2,469 households of Complete Journey: age, income, home …
`regulars train` leaves these columns out there, as their groups differ by chance alone (docs/decisions/0020).

{table}
"""


if __name__ == "__main__":
    main()

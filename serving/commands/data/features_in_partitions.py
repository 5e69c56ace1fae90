"""`regulars features` of a log that does not fit into memory: read, computed and written partition by partition.

The partitions lie in a folder of copies, which is gone at the end. Their tables are brought into the order of customers
and written batch by batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from features.build import feature_table
from features.definitions import features_for
from features.faults import faults_at
from features.feature import FeatureSet
from features.machine import Machine
from features.sources.opening.copies import folder_for_copies
from features.sources.partitions.read import PartitionedLog
from features.sources.partitions.sorted_rows import sorted_rows
from serving.commands.data.features import FeaturesWritten, write_features
from serving.outreach.exports.write_table import write_batches, writer_of
from serving.shop import OpenShop, chosen_day
from serving.shop.partitioned import Partitioning, partitioning_of


def write_whatever_fits(shop: OpenShop, out: Path, partitions: int | None = None) -> FeaturesWritten:
    """Write the features of the shop's day into a file, from the whole log where that fits into the memory.

    Args:
        shop: whose features.
        out: a .csv, .parquet or .json file.
        partitions: in how many the log is read; 1 = as a whole, None = as many as the memory needs.

    Raises:
        InputError: every broken rule, or what can only be read as a whole.
    """
    writer_of(out)
    needed = partitioning_of(shop, partitions)
    return write_features(shop, out) if needed is None else write_features_in_partitions(shop, out, needed)


def write_features_in_partitions(shop: OpenShop, out: Path, needed: Partitioning) -> FeaturesWritten:
    """Compute the features of the population on the shop's day in partitions, and write them into a file.

    Args:
        shop: whose features.
        out: a .csv, .parquet or .json file.
        needed: in how many, and why.

    Raises:
        InputError: every broken rule.
    """
    with folder_for_copies() as folder, faults_at(folder, "nothing was written"):
        log = shop.in_partitions(folder, needed.number, needed.machine)
        as_of, definition = chosen_day(log.outline, shop.until), shop.settings.definition_for(log.outline)
        paths = _tables(log, folder, as_of, features_for(log.outline), definition.active_days)
        rows = write_batches(_in_order(paths, folder, needed.machine), out, shop.settings.files.access())
    notes = (*needed.notes, *shop.settings.auto_note(definition))
    return FeaturesWritten(rows, str(out), as_of, notes=notes)


def _tables(log: PartitionedLog, folder: Path, as_of: date, features: FeatureSet, active_days: int) -> Sequence[Path]:
    paths = []
    for number, part in enumerate(log.logs()):
        frame = feature_table(part, [as_of], features, active_days)
        paths.append(folder / f"features-{number}.parquet")
        frame.to_parquet(paths[-1], index=False, compression="lz4")
    return paths


def _in_order(paths: Sequence[Path], folder: Path, machine: Machine) -> Iterator[pd.DataFrame]:
    """Yield the rows of tables in the order of customers, in batches; one without rows where there are none."""
    return (_frame(batch.to_pandas()) for batch in sorted_rows(paths, folder, machine))


def _frame(batch: pd.DataFrame) -> pd.DataFrame:
    return batch.assign(as_of=pd.to_datetime(batch["as_of"]).dt.date, customer_id=batch["customer_id"].astype(str))

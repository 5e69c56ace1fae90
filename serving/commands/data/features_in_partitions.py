"""`regulars features` of a log that does not fit into memory: read, computed and written partition by partition.

The partitions lie in a folder of copies, which is gone at the end. Their tables are brought into the order of customers
by DuckDB, which spills what it cannot hold, and written batch by batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from features.build import feature_table
from features.definitions import features_for
from features.errors import InputError
from features.faults import faults_at
from features.feature import FeatureSet
from features.language.messages import Sentence, sentence
from features.language.typed_values import Digits
from features.machine import Machine
from features.sources.opening.copies import folder_for_copies
from features.sources.opening.refusal import file_literal
from features.sources.partitions.bounded import bounded
from features.sources.partitions.estimate import lines_of, partitions_for
from features.sources.partitions.read import PartitionedLog
from serving.commands.data.features import FeaturesWritten, write_features
from serving.outreach.exports.write_table import write_batches, writer_of
from serving.shop import OpenShop, chosen_day

BATCH_ROWS = 100_000
SORT_SHARE = 0.5  # of the memory


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
    lines = lines_of(shop.settings.orders) if partitions is None else None
    needed = partitions or (1 if lines is None else partitions_for(lines, shop.settings.machine.machine()))
    if needed == 1:
        return write_features(shop, out)
    return write_features_in_partitions(shop, out, needed, chosen=partitions is not None)


def write_features_in_partitions(shop: OpenShop, out: Path, partitions: int, *, chosen: bool) -> FeaturesWritten:
    """Compute the features of the population on the shop's day in partitions, and write them into a file.

    Args:
        shop: whose features.
        out: a .csv, .parquet or .json file.
        partitions: how many.
        chosen: whether the user said so; else it is said why.

    Raises:
        InputError: what can only be read as a whole, and every broken rule.
    """
    _refuse_what_needs_the_whole(shop)
    machine = shop.settings.machine.machine()
    with folder_for_copies() as folder, faults_at(folder, "nothing was written"):
        log = shop.in_partitions(folder, partitions, machine)
        as_of, definition = chosen_day(log.outline, shop.until), shop.settings.definition_for(log.outline)
        paths = _tables(log, folder, as_of, features_for(log.outline), definition.active_days)
        rows = write_batches(_in_order(paths, folder, machine), out, shop.settings.files.access())
    notes = (*(() if chosen else (_why(partitions, machine),)), *shop.settings.auto_note(definition))
    return FeaturesWritten(rows, str(out), as_of, notes=notes)


def _why(partitions: int, machine: Machine) -> Sentence:
    return sentence(
        "The orders would not fit into {memory} GiB of memory; they are read in {partitions} partitions.",
        memory=Digits(f"{machine.memory_gib:.1f}"),
        partitions=partitions,
    )


def _refuse_what_needs_the_whole(shop: OpenShop) -> None:
    told = {
        "[features] in regulars.toml takes columns of customers or of first orders": shop.settings.features.use
        or shop.settings.features.first_order,
        "orders or events were posted to the shop's book": shop.posts is not None,
    }
    if whys := [why for why, true in told.items() if true]:
        remedy = "that is read as a whole only: leave --partitions out, or raise memory_gib under [machine]"
        raise InputError(f"the log cannot be read in partitions: {' and '.join(whys)}; {remedy}")


def _tables(log: PartitionedLog, folder: Path, as_of: date, features: FeatureSet, active_days: int) -> Sequence[Path]:
    paths = []
    for number, part in enumerate(log.logs()):
        frame = feature_table(part, [as_of], features, active_days)
        paths.append(folder / f"features-{number}.parquet")
        frame.to_parquet(paths[-1], index=False, compression="lz4")
    return paths


def _in_order(paths: Sequence[Path], folder: Path, machine: Machine) -> Iterator[pd.DataFrame]:
    """Yield the rows of tables in the order of customers, in batches; one without rows where there are none."""
    tables = ", ".join(map(file_literal, paths))
    with duckdb.connect() as connection, bounded(connection, machine, SORT_SHARE, folder / "sorted"):
        rows = connection.sql(f"SELECT * FROM read_parquet([{tables}]) ORDER BY customer_id")
        reader = rows.to_arrow_reader(BATCH_ROWS)
        first = next(iter(reader), None)
        yield _frame((reader.schema.empty_table() if first is None else first).to_pandas())
        for batch in reader:
            yield _frame(batch.to_pandas())


def _frame(batch: pd.DataFrame) -> pd.DataFrame:
    return batch.assign(as_of=pd.to_datetime(batch["as_of"]).dt.date, customer_id=batch["customer_id"].astype(str))

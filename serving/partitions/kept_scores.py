"""The scores of partitions on the disk, and as one table in the order of customers.

Beside a column of sentences lies one of their messages, which the book keeps for other languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from features.machine import Machine
from features.money import Money
from features.sources.partitions.sorted_rows import sorted_rows
from serving.book.sentences import MESSAGES_OF, messages_to_json, with_messages
from serving.score_table import Dtypes, frame_of, score_schema
from serving.scores import SCORE_NAMES

WORTH = ("customer_id", "value_at_risk")
ROWS_AT_ONCE = 20_000  # of frames: a row is some four thousand bytes there, and again while it is recorded


class KeptScores:
    """Scores of partitions, a file for each; who is worth most is known at once.

    Args:
        folder: where they are kept.
        money: of the shop.
        most: how many of those who are worth most are known.
    """

    def __init__(self, folder: Path, money: Money, most: int) -> None:
        self._folder, self._most = folder, most
        self._schema = pa.schema([*score_schema(money), *((held, pa.string()) for held in MESSAGES_OF.values())])
        self._paths: dict[int, Path] = {}
        self._worth: list[pd.DataFrame] = []
        self._dtypes: Dtypes = {}
        self.rows = 0

    def keep(self, part: int, scores: pd.DataFrame) -> None:
        """Keep the scores of a partition.

        Args:
            part: number of the partition.
            scores: in SCORE_COLUMNS, sorted by customer.
        """
        self._write(part, scores)
        self._dtypes = {name: scores[name].dtype for name in SCORE_NAMES}
        self._worth = [_worth_most([*self._worth, scores[list(WORTH)]], self._most)]
        self.rows += len(scores)

    def explain(self, part: int, told: pd.DataFrame) -> None:
        """Put the scores of some customers of a partition, with their reasons, in the place of those without."""
        known = _scores(parquet.read_table(self._paths[part]), self._dtypes)
        others = known[~known["customer_id"].isin(told["customer_id"])]
        self._write(part, pd.concat([others, told.astype(self._dtypes)], ignore_index=True))

    def worth_most(self) -> list[str]:
        """Return the customers with the greatest value at risk; of equal ones the first."""
        return [str(who) for frame in self._worth for who in frame["customer_id"]]

    def in_order(self, folder: Path, machine: Machine) -> SortedScores:
        """Return all scores as one table; what was kept is gone.

        Args:
            folder: for the table and for what is spilled.
            machine: how much of it may be used.
        """
        path = folder / "scores.parquet"
        with parquet.ParquetWriter(path, self._schema, compression="lz4") as writer:
            for batch in sorted_rows(list(self._paths.values()), folder, machine):
                writer.write_batch(batch.cast(self._schema))
        for former in self._paths.values():
            former.unlink()
        return SortedScores(path, self._dtypes, self.rows)

    def _write(self, part: int, scores: pd.DataFrame) -> None:
        self._paths[part] = self._folder / f"scores-{part}.parquet"
        messages: dict[str, Any] = {
            held: list(map(messages_to_json, scores[name])) for name, held in MESSAGES_OF.items()
        }
        table = pa.Table.from_pandas(scores.assign(**messages), self._schema, preserve_index=False)
        parquet.write_table(table, self._paths[part], compression="lz4")


class SortedScores:
    """Scores on the disk, sorted by customer; a frame of some of them is in memory at a time.

    Args:
        path: of the Parquet file.
        dtypes: of the frames.
        rows: how many they are.
    """

    def __init__(self, path: Path, dtypes: Dtypes, rows: int) -> None:
        self._path, self._dtypes, self.rows = path, dtypes, rows

    def frames(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Yield all rows, in order, with all columns or some."""
        with parquet.ParquetFile(self._path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns):
                yield _scores(batch, self._dtypes)


def _scores(rows: pa.RecordBatch | pa.Table, dtypes: Dtypes) -> pd.DataFrame:
    """Return rows as they were kept; sentences know their messages again."""
    frame = frame_of(rows.select([name for name in rows.schema.names if name in dtypes]), dtypes)
    for name, held in MESSAGES_OF.items():
        if held in rows.schema.names:
            pairs = zip(frame[name], rows[held].to_pylist(), strict=True)
            told = [None if texts is None else with_messages(texts, messages) for texts, messages in pairs]
            frame[name] = pd.Series(told, frame.index, dtypes[name])
    return frame


def _worth_most(parts: Sequence[pd.DataFrame], most: int) -> pd.DataFrame:
    together = pd.concat(parts).sort_values("customer_id", ignore_index=True)
    return together.loc[together["value_at_risk"].astype(float).nlargest(most).index]

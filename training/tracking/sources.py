"""The data that a run was made of, as MLflow shows it: where it lies, its fingerprint, its rows and its days.

MLflow is never given the rows: it would profile them for minutes, and keep samples of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

_MOST_DIGEST = 36  # characters that MLflow keeps of a fingerprint


@dataclass(frozen=True)
class Source:
    """A file or table that data came from.

    Args:
        name: as messages call it.
        path: where it lies, seen from the shop's folder; of what lies elsewhere the name alone: folders name people.
        digest: fingerprint of what was read.
        rows: that were read; None where nobody counted.
        first_day: of what was read; None where it has no days.
        last_day: of what was read; None where it has no days.

    >>> Source("orders.csv", "orders.csv", "ab12", 20, date(2024, 1, 1), date(2024, 3, 1)).profile["last_day"]
    '2024-03-01'
    """

    name: str
    path: str = ""
    digest: str = ""
    rows: int | None = None
    first_day: date | None = None
    last_day: date | None = None

    @property
    def profile(self) -> dict[str, Any]:
        """Rows and days, as far as they are known, for JSON."""
        days = {"first_day": self.first_day, "last_day": self.last_day}
        known = {name: day.isoformat() for name, day in days.items() if day is not None}
        return known if self.rows is None else {"num_rows": self.rows, **known}

    @property
    def words(self) -> str:
        """All of it in one line.

        >>> Source("orders.csv", "data/orders.csv", "ab12", 20, date(2024, 1, 1), date(2024, 3, 1)).words
        'data/orders.csv, 20 rows, 2024-01-01 to 2024-03-01, fingerprint ab12'
        """
        rows = "" if self.rows is None else f", {self.rows:,} rows"
        days = "" if self.first_day is None else f", {self.first_day} to {self.last_day}"
        return f"{self.path or self.name}{rows}{days}, fingerprint {self.digest[:12] or 'unknown'}"

    @property
    def key(self) -> tuple[str, str]:
        """The name and fingerprint by which MLflow knows it."""
        return self.name, self.digest[:_MOST_DIGEST] or "unknown"


def log_sources(client: MlflowClient, run_id: str, sources: Sequence[Source], context: str) -> None:
    """Name the data that a run was made of.

    Args:
        client: of MLflow.
        run_id: of the run.
        sources: the data.
        context: what it was used for, in one word.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tags = [InputTag("mlflow.data.context", context)]
    found = []
    for source in sources:
        name, digest = source.key
        where = json.dumps({"path": source.path or source.name})
        dataset = Dataset(name, digest, "file", where, profile=json.dumps(source.profile))
        found.append(DatasetInput(dataset, tags))
    client.log_inputs(run_id, found)

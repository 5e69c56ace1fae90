"""`regulars features`: the features of everyone who can churn, as known on a day, in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from features.build import feature_table
from serving.outreach.exports.write_table import write_table
from serving.shop import OpenShop
from training.attribute_codes import coded


@dataclass(frozen=True, eq=False)
class FeaturesWritten:
    """A table of features, and the file that holds it."""

    frame: pd.DataFrame
    path: Path
    as_of: date
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what was written where."""
        return {"file": str(self.path), "as_of": str(self.as_of), "rows": len(self.frame)}

    def lines(self) -> Iterator[str]:
        """Say it in one line."""
        yield from self.notes
        yield f"{len(self.frame):,} customers as of {self.as_of} written to {self.path}"


def write_features(shop: OpenShop, out: Path) -> FeaturesWritten:
    """Compute the features of the population on the shop's day and write them."""
    features = coded(shop.features, shop.log, [shop.as_of], shop.definition)
    frame = feature_table(shop.log, [shop.as_of], features, shop.definition.active_days)
    frame["as_of"] = frame["as_of"].dt.date
    write_table(frame, out, shop.settings.files.access())
    return FeaturesWritten(frame, out, shop.as_of, shop.settings.auto_note(shop.definition))

"""What a training leaves behind names no customer: neither models nor their records, cards and pictures."""

from __future__ import annotations

import csv
import re
from pathlib import Path


def test_law_mlflow_and_what_serves_hold_no_id_and_no_name(readme_shop: Path) -> None:
    """On a shop that was trained as the README says; whoever is forgotten need not be looked for there."""
    with (readme_shop / "customers.csv").open(encoding="utf-8", newline="") as text:
        people = [(row["customer_id"], row["name"]) for row in csv.DictReader(text)]
    words = sorted({re.escape(text.encode()) for person in people for text in person}, key=len, reverse=True)
    named = re.compile(rb"(?<![\w.-])(?:" + b"|".join(words) + rb")(?![\w-])")
    files = [path for folder in ("mlruns", ".regulars") for path in (readme_shop / folder).rglob("*") if path.is_file()]
    assert len(files) > 20
    assert {path.relative_to(readme_shop).as_posix() for path in files if named.search(path.read_bytes())} == set()

"""Which columns of a customers file `init` proposes as features, and what it says of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.guess.guess import guess
from features.sources.mapping import Guess

CUSTOMERS = 120


def guessed(tmp_path: Path, *columns: tuple[str, list[str]]) -> Guess:
    """Guess from an orders file and a customers file with these columns, their values in turn."""
    orders = "order_id,customer,date,amount\n" + "".join(f"{n},c{n},2024-01-{n % 28 + 1:02},5.00\n" for n in range(60))
    head = ",".join(["customer_id", *(name for name, _ in columns)])
    rows = [",".join([f"c{n}", *(values[n % len(values)] for _, values in columns)]) for n in range(CUSTOMERS)]
    for name, text in (("orders.csv", orders), ("customers.csv", "\n".join([head, *rows, ""]))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return guess(tmp_path / "orders.csv", customers=tmp_path / "customers.csv")


def about_features(found: Guess) -> str:
    return " ".join(said for said in found.assumptions if "eature" in said)


def test_groups_are_proposed_and_said(tmp_path: Path) -> None:
    found = guessed(tmp_path, ("Region", ["north", "south"]), ("Segment", ["B2B", "B2C"]), ("Country", ["GR", "CY"]))
    assert found.use == ("Region", "segment", "country")
    assert "Region" not in found.not_used["customers"]
    assert about_features(found) == (
        'Features from customers.csv: "Region", "Segment", "Country". CHECK: nothing says since when they are known; '
        "one that is written by what customers did later is a leak, and belongs out of use under [features]."
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Religion", ["a", "b"]),
        ("Title", ["Mr", "Ms"]),
        ("E-Mail", ["a", "b"]),
    ],
)
def test_sensitive_ones_are_not_and_that_is_said(tmp_path: Path, name: str, values: list[str]) -> None:
    found = guessed(tmp_path, (name, values))
    assert found.use == ()
    assert about_features(found) == f'Never a feature, being sensitive or of one person alone: "{name}".'


@pytest.mark.parametrize(("name", "values"), [("Status", ["x", "y"]), ("Group", ["Loyal", "Lost"])])
def test_what_may_be_written_afterwards_is_not_unless_it_is_dated(tmp_path: Path, name: str, values: list[str]) -> None:
    undated = guessed(tmp_path, (name, values))
    assert undated.use == ()
    assert f'No feature: "{name}", as it may be written after customers left' in about_features(undated)
    dated = guessed(tmp_path, (name, values), ("Known from", ["2023-01-01", "2024-02-01"]))
    assert len(dated.use) == 1
    assert "each from the day on that known_from names" in about_features(dated)


def test_numbers_name_groups_only_where_their_column_says_so(tmp_path: Path) -> None:
    """How often somebody came is no group: it is what a model is asked to foretell."""
    numbers = [str(number) for number in range(10, 15)]
    found = guessed(tmp_path, ("Visits", numbers), ("Postcode", numbers), ("Homeowner", ["0", "1"]))
    assert found.use == ("Postcode", "Homeowner")


def test_many_values_few_customers_and_dates_are_no_groups(tmp_path: Path) -> None:
    many = [f"v{number}" for number in range(100)]
    found = guessed(tmp_path, ("Size", many), ("Signed up", ["2023-01-01", "2024-02-01"]), ("Note", ["", "", "", "a"]))
    assert found.use == ()
    assert about_features(found) == ""

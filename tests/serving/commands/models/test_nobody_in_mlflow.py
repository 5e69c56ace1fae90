"""Nothing that MLflow keeps is about a person: all artifacts, parameters and tags of a trained shop are searched."""

from __future__ import annotations

import getpass
import platform
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

# A picture's compressed bytes hold any three letters by chance; what is drawn is named where it is drawn.
NOT_TEXT = {".png"}


@pytest.fixture(scope="module")
def recorded(readme_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that was trained, watched, and had a list made, by command line."""
    from serving.cli import app, run

    folder = tmp_path_factory.mktemp("recorded") / "shop"
    shutil.copytree(readme_shop, folder)
    asked = ["watch", "--config", str(folder / "regulars.toml")]
    assert run(lambda: app(asked, standalone_mode=False)) in (0, 13)
    return folder


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """All that is kept as text, each with where it stands: the tables' rows, and the files of every run and model."""
    with closing(sqlite3.connect(folder / "mlruns" / "mlflow.db")) as database:
        yield "mlflow.db", "\n".join(database.iterdump())
    for path in (folder / "mlruns" / "artifacts").rglob("*"):
        if path.is_file() and path.suffix not in NOT_TEXT:
            yield path.relative_to(folder).as_posix(), path.read_bytes().decode("utf-8", "replace")


def people_of(folder: Path) -> set[str]:
    """Ids, names, owners and whatever else the customers file says of one person alone."""
    orders = pd.read_csv(folder / "orders.csv", dtype=str)
    customers = pd.read_csv(folder / "customers.csv", dtype=str)
    said = customers[[name for name in customers if name in ("customer_id", "name", "owner", "phone", "email")]]
    cells = {*orders["customer_id"].dropna(), *orders["order_id"].dropna(), *said.stack()}
    return {cell for cell in cells if len(cell) >= 4}


def named_in(text: str, people: set[str]) -> set[str]:
    """Whoever is named in a text, by an id as a whole word, or by a name of several."""
    several = {each for each in people if re.search(r"[^\w.-]", each)}
    return (people & set(re.findall(r"[\w.-]+", text))) | {each for each in several if each in text}


def test_no_id_and_no_name_stands_in_anything_that_mlflow_keeps(recorded: Path) -> None:
    people, texts = people_of(recorded), dict(texts_of(recorded))
    assert len(people) > 250
    for kept in ("mlflow.db", "model-card.md", "probe.json", "report.json", "watch.json", "input_example.json"):
        assert any(where.endswith(kept) for where in texts), kept
    found = {where: named for where, text in texts.items() if (named := named_in(text, people))}
    assert found == {}


def test_nothing_says_who_worked_and_on_which_machine(recorded: Path) -> None:
    private = {getpass.getuser(), platform.node()} - {"root", "localhost"}
    for where, text in texts_of(recorded):
        assert not [each for each in private if re.search(rf"\b{re.escape(each)}\b", text)], where


def test_the_search_finds_what_it_looks_for(recorded: Path) -> None:
    """A search that never finds anybody would pass for ever."""
    (customer, *_) = pd.read_csv(recorded / "orders.csv", dtype=str)["customer_id"]
    (recorded / "mlruns" / "artifacts" / "told.json").write_text(f'{{"customer": "{customer}"}}')
    with pytest.raises(AssertionError, match=r"told\.json"):
        test_no_id_and_no_name_stands_in_anything_that_mlflow_keeps(recorded)
    (recorded / "mlruns" / "artifacts" / "told.json").unlink()

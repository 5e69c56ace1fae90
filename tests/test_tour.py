"""The tour and "where things go" lead to files that exist; the tour is short enough for an afternoon."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
STOPS = re.findall(r"^\d+\. \[`(\S+)`\]\(\.\./(\S+)\)", TOUR, re.MULTILINE)


def test_every_stop_is_a_file_and_its_link_leads_there() -> None:
    assert [shown for shown, linked in STOPS if shown != linked or not (ROOT / shown).is_file()] == []


def test_the_tour_is_read_in_an_afternoon_and_visits_every_package() -> None:
    assert 50 <= len(STOPS) <= 60
    assert len({shown for shown, _ in STOPS}) == len(STOPS)
    assert {shown.split("/")[0] for shown, _ in STOPS} == {"features", "training", "serving"}


def test_every_stop_says_two_things() -> None:
    said = re.split(r"^\d+\. ", TOUR, flags=re.MULTILINE)[1:]
    assert all(len(stop.split("\n\n")[0].strip().splitlines()) == 3 for stop in said)


def test_where_things_go_names_paths_that_exist() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where things go")[1].split("\n## ")[0]
    named = re.findall(r"`((?:features|training|serving|tests|benchmarks|docs)/[\w/.]*)`", table)
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []

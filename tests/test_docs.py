"""The page about running it names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.sizing_table import FIGURES, Figure
from serving.commands.doctor.doctor import CHECKS

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_a_size_that_nobody_measured_is_not_written() -> None:
    figure = Figure("read", "much", FIGURES[0].page, r"no such line (\d+)", "{0}")
    with pytest.raises(ValueError, match="has no line like no such line"):
        figure.row()


def test_the_table_of_the_doctor_names_each_check() -> None:
    section = OPERATIONS.split("\n## What is wrong\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == ["settings", *CHECKS]


def test_every_place_in_the_page_that_is_linked_is_there() -> None:
    heads = {_anchor(head) for head in re.findall(r"^## (.+)$", OPERATIONS, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", OPERATIONS)) <= heads
    for page in ROOT.glob("docs/*.md"):
        linked = re.findall(r"\(operations\.md#([\w-]+)\)", page.read_text(encoding="utf-8"))
        assert set(linked) <= heads, page.name
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert set(re.findall(r"docs/operations\.md#([\w-]+)\)", changelog)) <= heads


def _anchor(head: str) -> str:
    return re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")

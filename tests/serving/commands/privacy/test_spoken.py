"""`forget`, `export-customer` and `tidy` say nothing in English to a shop of another language."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from features.language.languages import Language, language_named
from tests.foreign_words import CODES, english_left, speaks
from tests.serving.commands.privacy.conftest import WHO
from tests.serving.conftest import MONDAY, Call, document, shown

OURS = {"person", "postgresql", "vacuum", "full"}


@pytest.fixture(params=CODES)
def language(request: pytest.FixtureRequest) -> Language:
    return language_named(request.param)


@pytest.fixture
def toml(told: Path, language: Language) -> Path:
    """The settings of the shop."""
    return speaks(told, language.code)


def test_forget_says_what_was_kept_and_what_is_left(call: Call, toml: Path) -> None:
    config = ("--config", toml)
    left = document(call, "forget", WHO, "--dry-run", *config)["left"]
    assert "delete them there; until then they are counted as" in left[0]["advice"]
    would = shown(call, "forget", WHO, "--dry-run", *config)
    assert len(would) > 12  # a line for each kind of record, and for what is not ours
    again = ("forget", WHO, "--let-in", "--by", "Zoe", "--why", "-")
    for asked in (("forget", WHO, "--yes"), ("forget", WHO, "--yes"), again, ("forget", "--erased-before")):
        would += shown(call, *asked, *config)
    assert english_left(would, OURS) == []


def test_export_customer_writes_a_page_in_the_language_of_its_person(
    call: Call, toml: Path, language: Language, tmp_path: Path
) -> None:
    """Heads of columns, cells and the document for programs are as they are stored."""
    out = tmp_path / "c.zip"
    assert english_left(shown(call, "export-customer", WHO, "--out", out, "--config", toml)) == []
    with zipfile.ZipFile(out) as archive:
        page, found = archive.read("customer.html").decode(), json.loads(archive.read("customer.json"))
    assert f'<html lang="{language.html_lang}" dir="{language.direction}">' in page
    prose = [re.sub("<[^>]*>", " ", each) for each in re.findall("<(?:h1|h2|p)>.*|<title>.*</title>", page)]
    assert len(prose) > 12
    assert english_left(prose, {*OURS, *found["book"]}) == []
    assert found["meaning"]["contacts"] == "contacts, with what was noted"


def test_tidy_says_what_goes(call: Call, toml: Path) -> None:
    said = shown(call, "tidy", "--dry-run", "--config", toml)
    later = f"[serve]\ntoday = {MONDAY + timedelta(800)}\n[retention]\ncontacts_days = 730\n"
    toml.write_text(f"{toml.read_text(encoding='utf-8')}\n{later}", encoding="utf-8")
    for more in (("--dry-run",), ()):
        found = shown(call, "tidy", *more, "--config", toml)
        assert found != said
        assert english_left([*found, *said]) == []

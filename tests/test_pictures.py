"""The pictures that README and documents show are there, and were taken of the pages as they are.

A picture is stale when its template, the styles, or the wordings of its template in its own language have changed. The
figures and people on it are the demo's of the day, and may be others by now.
"""

import json
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools import screenshots
from tools.catalogues import read
from tools.screenshots import PICTURES, ROOT, TAKEN_OF, WIDTHS, Picture, digest_of, shown

SHOWN = shown()
NOTED = json.loads(TAKEN_OF.read_text(encoding="utf-8"))


def test_the_readme_opens_with_one() -> None:
    first_head = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "docs/pictures/" in first_head


@pytest.mark.parametrize("picture", SHOWN, ids=lambda picture: picture.file.stem)
def test_a_picture_that_is_shown_is_of_the_page_as_it_is(picture: Picture) -> None:
    assert picture.file.exists(), "run: make screenshots"
    assert picture.width in WIDTHS
    assert NOTED[picture.file.name] == digest_of(picture), "stale; run: make screenshots"


def test_every_picture_has_words_for_who_does_not_see_it() -> None:
    for document in (ROOT / "README.md", *ROOT.glob("docs/*.md")):
        text = document.read_text(encoding="utf-8")
        without = [each for each in re.findall(r"<img [^>]*>", text) if not re.search(r'alt="[^"]{20,}"', each)]
        assert without == [], document.name


def test_pictures_are_small() -> None:
    assert sum(each.stat().st_size for each in PICTURES.iterdir()) < 3_000_000


def test_a_wording_makes_a_picture_stale_in_its_own_language_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    persian, greek = (next(each for each in SHOWN if each.language.code == code) for code in ("fa", "el"))
    before = digest_of(persian), digest_of(greek)
    monkeypatch.setattr(screenshots, "read", _otherwise_in_greek)
    assert digest_of(persian) == before[0]
    assert digest_of(greek) != before[1]


def test_a_style_makes_the_pictures_stale_of_the_pages_that_link_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    own, reports = (next(each for each in SHOWN if each.page.name == name) for name in ("list", "right"))
    before = digest_of(own), digest_of(reports)
    plainly = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, **form: plainly(self, **form) + "/**/" * (self.name == "reports.css")
    )
    assert digest_of(own) == before[0]
    assert digest_of(reports) != before[1]


def _otherwise_in_greek(code: str) -> Catalog:
    found = read(code)
    if code == "el":
        found["My list"].string = "Άλλη διατύπωση"
    return found

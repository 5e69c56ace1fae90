"""A sheet names its lines and rules in each language, and the preview of `init` with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.language.languages import GREEK, PERSIAN, Language
from features.sources.balance import draw
from features.sources.balance.names import NAMES, name_of
from features.sources.rules import ROUNDED, RULES
from serving.commands.data.init import init_shop

ROOT = Path(__file__).parents[4]
MONEY_RULE = re.compile(r'account\.change\(\s*"([a-z ]+)"')


def test_each_rule_and_each_change_of_money_has_a_name() -> None:
    """Also those that only `amounts.py` knows."""
    source = (ROOT / "features" / "sources" / "amounts.py").read_text(encoding="utf-8")
    of_money = {*MONEY_RULE.findall(source), draw.CONVERTED, draw.MINOR_UNITS, draw.REFUNDS, ROUNDED}
    assert len(of_money) > 4
    assert {*RULES, *of_money} <= NAMES.keys()


@pytest.mark.parametrize("language", [PERSIAN, GREEK])
def test_no_name_stays_english(language: Language) -> None:
    for rule in NAMES:
        assert not re.search("[a-z]{3}", name_of(rule, language)), rule


@pytest.mark.parametrize("language", [PERSIAN, GREEK])
def test_init_ends_in_the_language_that_it_speaks(tmp_path: Path, language: Language) -> None:
    """Nothing of its preview is English but what the file says; the shop speaks that language from then on."""
    orders = tmp_path / "orders.csv"
    rows = [f"{n},C{n % 7},2025-{1 + n % 12:02}-{1 + n % 27:02},{10 + n}.50" for n in range(200)]
    orders.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *rows, "200,C1,2025-12-30,-4.00"]) + "\n")
    toml = tmp_path / "regulars.toml"
    words = list(init_shop(orders, None, None, toml, force=False, language=language).words)
    preview = words[next(place for place, line in enumerate(words) if not line) :]
    english = [line for line in preview if re.search(r"\b(?!EUR|C\d|regulars|check)[a-z]{3,}", line)]
    assert not english
    assert f'language = "{language.code}"' in toml.read_text(encoding="utf-8")

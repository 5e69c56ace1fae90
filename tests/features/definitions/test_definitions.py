"""What every feature owes its readers, and the generated page."""

import importlib.util
from pathlib import Path

import pytest

from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.feature import EventKind
from features.log import Events, Lines
from features.roll_up import roll_up

ROOT = Path(__file__).parents[3]
KINDS = (EventKind("mail_clicked", answers="mail_sent"), EventKind("review", has_value=True))
FEATURES = default_features(KINDS, ("region", "age_group"))


@pytest.mark.parametrize("feature", list(FEATURES), ids=lambda f: f.name)
def test_a_feature_says_what_it_is(feature):
    assert feature.meaning[0].islower() or feature.meaning.startswith("mail")
    assert not feature.meaning.endswith(".")
    assert feature.name.isidentifier()


def test_the_page_of_features_is_not_stale():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    page = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    assert page == generate.page(generate.FEATURES), "run: make docs"


def test_kinds_are_read_from_the_log():
    events = Events.of(
        ["ann"] * 4, ["mail_sent", "mail_clicked", "review", "visit"], [1, 2, 3, 4], value=[None, None, 4.5, None]
    )
    found = {kind.name: kind for kind in event_kinds(roll_up(Lines.of(["ann"], [1], [700]), events))}
    assert found["mail_sent"].by_shop
    assert found["mail_clicked"].answers == "mail_sent"
    assert found["review"].has_value
    assert found["visit"] == EventKind("visit")


def test_what_the_shop_sends_has_no_feature_of_its_own():
    names = default_features((EventKind("mail_sent", by_shop=True),)).names
    assert names == default_features().names

"""When a training is due, and why: every rule once, and what comes before what."""

from datetime import date, timedelta

import pytest

from features.errors import ConfigError
from features.file_access import Access
from serving.commands.weekly.due import (
    ANSWERED,
    LastTraining,
    answered_alarms,
    remember_answered,
    whether_due,
)
from serving.config.weekly_settings import TRAINABLE, RetrainSettings
from serving.monitoring.alarm import TO_DO

SETTINGS = RetrainSettings(after_days=28)
TRAINED = date(2026, 11, 1)
LAST = LastTraining("3", TRAINED, "3", fits=True)
LEVEL = {"kind": "level", "subject": "", "words": "30% ordered nothing, said were 20% to 25%"}
AGE = {"kind": "data_age", "subject": "", "words": "the last order is old"}


def after(days, *alarms, last=LAST, answered=()):
    return whether_due(SETTINGS, last, TRAINED + timedelta(days), alarms, answered)


def test_nothing_trained_is_trained_before_anything_is_scored():
    found = after(0, last=None)
    assert (found.is_due, found.first, found.why) == (True, True, "nothing was trained yet")


@pytest.mark.parametrize("last", [LastTraining("3", TRAINED, None, False), LastTraining("3", TRAINED, "2", False)])
def test_what_answers_another_question_is_replaced_before_anything_is_scored(last):
    found = after(0, last=last)
    assert (found.is_due, found.first, found.why) == (True, True, "no model answers what the settings ask")


@pytest.mark.parametrize(("days", "is_due"), [(7, False), (27, False), (28, True), (300, True)])
def test_age_is_counted_in_days_of_orders(days, is_due):
    found = after(days)
    assert (found.is_due, found.first) == (is_due, False)
    assert found.why == f"the last training knew the orders until 2026-11-01: {days} of 28 days are over"
    assert found.next_on == (None if is_due else date(2026, 11, 29))


def test_an_alarm_that_a_training_may_mend_is_not_waited_with():
    found = after(7, AGE, LEVEL)
    assert (found.is_due, found.next_on) == (True, None)
    assert found.why == "the watch raised an alarm: 30% ordered nothing, said were 20% to 25%"


def test_an_alarm_about_the_files_asks_for_no_training():
    assert not after(20, AGE).is_due


def test_an_alarm_that_the_last_training_knew_of_asks_for_no_other():
    assert not after(20, LEVEL, answered=("level:",)).is_due
    assert after(28, LEVEL, answered=("level:",)).is_due


def test_without_a_week_of_new_orders_nothing_could_be_judged():
    found = after(6, LEVEL)
    assert (found.is_due, found.next_on) == (False, date(2026, 11, 29))
    assert "a model is judged by 7 new days at least" in found.why


def test_the_alarms_that_a_training_knew_of_are_kept(tmp_path):
    assert answered_alarms(tmp_path) == ()
    remember_answered(tmp_path, ["level:so far", "feature:rhythm"], Access())
    assert answered_alarms(tmp_path) == ("feature:rhythm", "level:so far")
    (tmp_path / ANSWERED).write_text("[")
    assert answered_alarms(tmp_path) == ()


def test_only_alarms_that_a_training_may_mend_can_be_named():
    assert set(TRAINABLE) == {kind for kind, to_do in TO_DO.items() if "regulars train" in to_do}
    with pytest.raises(
        ConfigError, match=r'"schema" under on_alarms is no alarm that a training mends; known are level'
    ):
        RetrainSettings(on_alarms=("level", "schema"))
    with pytest.raises(ConfigError, match="after_days is 1 or more"):
        RetrainSettings(after_days=0)
    with pytest.raises(
        ConfigError, match=r'budget under \[retrain\] is "quick", "full" or minutes such as "10", not "all"'
    ):
        RetrainSettings(budget="all")

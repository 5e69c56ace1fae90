"""What is known of candidates: orders, events and the customers file, as of a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.clock import day_number
from features.errors import InputError
from features.log import Events, Lines, Log
from features.roll_up import roll_up
from features.sources.people.consent import CHANNELS, allowed_channels
from serving.outreach.plan.consent import channels_by_file
from serving.outreach.playbooks.fact_names import FACTS, fact_of
from serving.outreach.playbooks.facts import facts

AS_OF = date(2026, 3, 2)
TODAY = day_number(AS_OF)


def log_of(*events: tuple[int, str] | tuple[int, str, float], who: str = "ann") -> Log:
    """A log of two customers with three orders each, and the events of one: (days ago, kind, value)."""
    ago, ids = [70, 40, 10] * 2, ["ann"] * 3 + ["bob"] * 3
    products = ["Green tea", "Green tea", "SKU-1", "SKU-1", "SKU-1", "Cups"]
    lines = Lines.of(ids, [TODAY - days for days in ago], [2000, 2000, 8000] * 2, product_id=products)
    if not events:
        return roll_up(lines)
    days, kinds = [TODAY - event[0] for event in events], [event[1] for event in events]
    values = [event[2] if len(event) == 3 else None for event in events]
    return roll_up(lines, Events.of([who] * len(events), kinds, days, value=values))


def of_ann(*events: Any, **customers: object) -> dict[str, Any]:
    file = pd.DataFrame([{"customer_id": "ann", **customers}], dtype=object) if customers else None
    return facts(log_of(*events), file, ["ann"], AS_OF).loc["ann"].to_dict()


def test_orders_of_the_candidates_alone_in_their_order():
    found = facts(log_of(), None, ["bob", "nobody", "ann"], AS_OF)
    assert list(found.index) == ["bob", "nobody", "ann"]
    assert found["order_days"].tolist()[0::2] == [3, 3]
    assert found.loc["ann", "last_spend_ratio"] == 2.0
    assert found.loc["nobody"].drop(["open_ticket", "in_transit", "orders_fell", "spend_fell"]).isna().all()
    assert not found.loc["nobody", ["open_ticket", "orders_fell", "spend_fell"]].any()


def test_every_fact_has_a_name_that_is_declared():
    found = set(facts(log_of(), None, ["ann"], AS_OF).columns)
    computed = {name for name, fact in FACTS.items() if fact.source in ("orders", "events", "customers")}
    assert found == computed


@pytest.mark.parametrize(
    ("events", "is_open"),
    [
        ([(3, "ticket")], True),
        ([(8, "ticket")], False),  # nobody logs what is closed: a week is believed
        ([(8, "ticket"), (20, "ticket_closed")], True),
        ([(8, "ticket"), (8, "ticket_closed")], False),
        ([(31, "ticket"), (40, "ticket_closed")], False),
        ([(-1, "ticket")], False),  # the future is not known
        ([(0, "ticket")], False),
        ([(9, "ticket_opened"), (5, "ticket_closed"), (2, "ticket_reopened")], True),
    ],
)
def test_an_open_ticket_follows_from_events(events, is_open):
    assert of_ann(*events)["open_ticket"] is is_open or of_ann(*events)["open_ticket"] == is_open


def test_the_customers_file_is_believed_before_the_events():
    assert not of_ann((3, "ticket"), open_ticket=False)["open_ticket"]
    assert of_ann(open_ticket=True, in_transit=True)["in_transit"]
    assert of_ann((3, "ticket"), open_ticket=None)["open_ticket"]


def test_an_order_is_in_transit_until_it_is_delivered():
    assert of_ann((3, "order_shipped"), (9, "order_delivered"))["in_transit"]
    assert not of_ann((3, "order_shipped"), (1, "order_delivered"))["in_transit"]


def test_the_last_rating_is_a_part_of_the_shops_scale():
    bad = of_ann((20, "review", 5.0), (4, "review", 2.0))
    assert (bad["last_rating"], bad["days_since_rating"]) == (0.4, 4)
    assert of_ann((20, "nps", 9.0), (4, "nps", 3.0))["last_rating"] == 0.3
    assert of_ann((20, "feedback", 0.0), (4, "feedback", 1.0))["last_rating"] == 1.0  # thumbs up


def test_what_rates_nothing_is_no_bad_rating():
    """An event of such a name whose values are all 0, and no stars among stars."""
    assert of_ann((20, "survey", 0.0), (4, "survey", 0.0))["last_rating"] != 0.0
    none = of_ann((20, "review", 5.0), (4, "review", 0.0))
    assert (none["last_rating"], none["days_since_rating"]) == (1.0, 20)


def test_dates_of_the_customers_file_are_counted_from_the_day():
    found = of_ann(points=500.0, points_expire_on=AS_OF + timedelta(days=12), membership_until=AS_OF, name="Ann")
    assert (found["points"], found["points_expire_in_days"], found["membership_ends_in_days"]) == (500, 12, 0)
    assert found["name"] == "Ann"
    assert found["tier_drops_on"] is None
    assert np.isnan(found["tier_drops_in_days"])


def test_a_favourite_is_what_the_customers_file_says():
    file = pd.DataFrame({"customer_id": ["bob"], "favourite": ["coffee"]})
    assert facts(log_of(), file, ["ann", "bob"], AS_OF)["favourite"].tolist() == [None, "coffee"]


def test_a_shops_own_kinds_are_asked_for_by_name():
    asked = ["days_since_event_visit", "event_visit_90d", "points", "event_moonwalk_90d"]
    found = facts(log_of((5, "visit"), (9, "visit")), None, ["ann"], AS_OF, asked=asked)
    assert found.loc["ann", ["days_since_event_visit", "event_visit_90d"]].tolist() == [5, 2]
    assert "event_moonwalk_90d" not in found
    assert fact_of("event_visit_last_value").unit == "score"


@pytest.mark.parametrize("text", ["", None, "  ", "-", "n/a", "unknown", "άγνωστο", "نامشخص"])
def test_nothing_said_forbids_nothing(text):
    assert allowed_channels(text) is None


@pytest.mark.parametrize("text", ["no", " No ", "FALSE", "0", "opt-out", "Unsubscribed", "ΟΧΙ", "όχι", "خیر", "نه"])
def test_a_no_forbids_everything(text):
    assert allowed_channels(text) == frozenset()


@pytest.mark.parametrize("text", ["yes", "True", "1", "opted in", "Ναι", "ΝΑΙ", "بله", "آری", "بلی"])
def test_a_yes_allows_everything(text):
    assert allowed_channels(text) == frozenset(CHANNELS)


@pytest.mark.parametrize(
    "text",
    [
        "mail, call",
        "E-mail; phone",
        "email and telephone",
        "μέιλ, τηλέφωνο",
        "email και ΚΛΗΣΗ",
        "ایمیل، تلفن",
        "ایمیل و تماس",
    ],
)
def test_channels_may_be_named(text):
    assert allowed_channels(text) == {"mail", "call", "service"}


@pytest.mark.parametrize("text", ["perhaps", "mail, perhaps", "no mail", "✗", "x"])
def test_what_is_not_understood_is_asked_for(text):
    with pytest.raises(InputError, match="is not a consent; write yes, no, or the channels"):
        allowed_channels(text)


def test_consents_of_many():
    found = channels_by_file(pd.Series(["call", None, "no", "yes", "call"]))
    assert found["call"].tolist() == [True, True, False, True, True]
    assert found["mail"].tolist() == [False, True, False, True, False]

"""Playbooks: what is shipped, what a shop may write, which is chosen for whom, and what is said first."""

from __future__ import annotations

import importlib.util
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import InputError
from features.language import GREEK, PERSIAN
from features.money import Money
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.playbooks.choose import CHOICE_NAMES, ShopContext, choose, reading_cost
from serving.outreach.playbooks.fact_names import placeholders
from serving.outreach.playbooks.openings import opening, openings
from serving.outreach.playbooks.playbooks import SHIPPED, Playbooks, _read, load_playbooks
from serving.outreach.playbooks.schema import check_playbook

ROOT = Path(__file__).parents[4]
AS_OF = date(2026, 3, 2)
SHOP = ShopContext(AS_OF, Money("EUR"), typical_spend=2000.0)
SHIPPED_PLAYBOOKS = load_playbooks()
MINIMAL = """
[[playbook]]
id = "{id}"
title = "Ours"
kinds = "regular"
channel = "call"
what_to_say = "Listen."
opening = "Hello, it has been {{days_since_order}}."
saved = 0.5
saved_low = 0.4
saved_high = 0.6
success_event = "order within the horizon"
due_days = 1
cooldown_days = 9
"""


def rows(*customers: dict[str, Any]) -> pd.DataFrame:
    plain = {"kind": "regular", "state": "at_risk", "band": "high", "probability": 0.6, "days_since_order": 74}
    plain |= {"spend": 2000, "usual_gap_days": 31.0, "overdue": 2.4, "order_days": 6.0, "name": "Ann"}
    plain |= {"open_ticket": False, "consent": None}
    made = [plain | {"customer_id": f"c{n}"} | customer for n, customer in enumerate(customers)]
    return pd.DataFrame([{"left_probability": row["probability"]} | row for row in made])


def chosen(
    *customers: dict[str, Any],
    playbooks: Playbooks = SHIPPED_PLAYBOOKS,
    history: pd.DataFrame | None = None,
    **more: Any,
) -> pd.DataFrame:
    snapshot = Snapshot() if history is None else Snapshot(contacts=history)
    return choose(rows(*customers), playbooks, snapshot, shop=SHOP, **more)


def own(folder: Path, text: str) -> Path:
    path = folder / "playbooks.toml"
    path.write_text(text, encoding="utf-8")
    return path


def wrong(folder: Path, text: str) -> set[tuple[str, str]]:
    with pytest.raises(InputError) as error:
        load_playbooks(own(folder, text))
    assert error.value.exit_code == 2
    return {(found.file.split(", ", 1)[1], found.rule) for found in error.value.violations}


def test_the_shipped_playbooks_keep_their_own_rules():
    given = _read(SHIPPED)
    assert not [broken for n, each in enumerate(given, 1) for broken in check_playbook(each, "shipped", n)]
    assert len({each["id"] for each in given}) == len(given)


def test_a_number_that_somebody_was_given_is_no_name():
    facts = {"name": "household 1410", "order_days": 2.0, "horizon_days": 30}
    assert openings_of(facts)[0].startswith("Hello, it has been 74 days")


@pytest.mark.parametrize("playbook", list(SHIPPED_PLAYBOOKS), ids=lambda playbook: playbook.id)
def test_a_shipped_playbook_says_where_its_prior_comes_from_and_fits_any_currency(playbook):
    assert playbook.source.startswith("practice: ")
    assert playbook.cost is None
    assert playbook.cost_share > 0
    assert not playbook.least_value
    assert all(stage.what_to_say and not stage.incentive_cost for stage in playbook.stages)


@pytest.mark.parametrize(
    ("customer", "playbook"),
    [
        ({"open_ticket": True, "spend": 90_000}, "service-recovery"),
        ({"days_since_return": 12.0}, "return-recovery"),
        ({"last_rating": 0.4, "days_since_rating": 9.0}, "review-recovery"),
        ({"kind": "new", "days_since_order": 5, "order_days": 1.0}, "thank-first-order"),
        ({"kind": "new", "days_since_order": 40, "order_days": 1.0}, "second-order"),
        ({"last_spend_ratio": 2.5, "days_since_order": 20, "spend": 3900}, "thank-big-order"),
        ({"overdue": 1.1}, "replenishment"),
        ({"spend": 9000}, "personal-call"),
        ({"points": 500.0, "points_expire_in_days": 20.0}, "points-expiring"),
        ({"tier_drops_in_days": 20.0}, "tier-drop"),
        ({"membership_ends_in_days": 20.0}, "membership-renewal"),
        ({"days_since_game": 30.0}, "challenge"),
        ({"favourite": "tea"}, "favourite-mail"),
        ({"basket_change": 0.5, "favourite": None}, "ask-feedback"),
        ({"state": "active", "band": "low", "probability": 0.1, "order_days": 9.0}, "referral"),
        ({"kind": "winback", "state": "lapsed"}, "win-back"),
        ({"order_days": 2.0}, "check-in"),
    ],
)
def test_every_shipped_playbook_is_for_somebody(customer, playbook):
    assert chosen(customer)["playbook"].tolist() == [playbook]


def test_who_is_about_to_be_due_is_reminded_and_who_is_late_is_called():
    """However much more a call would save: it is too early for one. A reminder is for the slow, too."""
    soon = {"overdue": 0.95, "spend": 9000, "left_probability": 0.4}
    found = chosen(soon | {"listed_for": None}, soon | {"listed_for": "late"}, soon | {"listed_for": "return"})
    assert found["playbook"].tolist()[0] == "replenishment"
    assert found["before_due"].tolist() == [True, False, False]
    assert found["gain"].tolist()[0] == round(0.6 * 0.07 * 9000) - 8
    assert chosen({"overdue": 0.5, "listed_for": None})["before_due"].tolist() == [False]


def test_a_contact_gains_by_who_has_left_not_by_who_is_slow():
    slow, gone = {"left_probability": 0.1}, {"left_probability": 0.5}
    found = chosen(slow, gone)
    assert found["gain"].tolist() == [round(0.1 * 0.04 * 2000) - 4, round(0.5 * 0.04 * 2000) - 4]


def test_a_choice_names_its_columns_and_keeps_the_index():
    frame = rows({}, {"spend": 9000}).set_axis([7, 3])
    found = choose(frame, SHIPPED_PLAYBOOKS, Snapshot(), shop=SHOP)
    assert tuple(found.columns) == CHOICE_NAMES
    assert found.index.tolist() == [7, 3]
    call = found.loc[3]
    assert (call["contact_cost"], call["cost"], call["saved_share"]) == (120, 120, 0.15)
    assert call["gain"] == round(0.6 * 0.15 * 9000) - 120


def test_reading_a_row_costs_a_fiftieth_of_the_shops_cheapest_call(tmp_path):
    assert reading_cost(SHIPPED_PLAYBOOKS, SHOP) == round(0.05 * 2000 / 50)
    own_call = load_playbooks(own(tmp_path, MINIMAL.format(id="ours") + "cost = 0.50\n"))
    assert reading_cost(own_call, SHOP) == 1
    mail = tuple(playbook for playbook in SHIPPED_PLAYBOOKS if playbook.channel == "mail")
    assert reading_cost(Playbooks(mail), SHOP) == 0


def test_an_incentive_is_paid_by_whoever_orders():
    """Second order: 5 % of 20 euros, with the chance that the customer orders at all."""
    found = chosen({"kind": "new", "days_since_order": 40}).iloc[0]
    assert found["incentive_cost"] == round(0.05 * 2000 * (1 - 0.6 * (1 - 0.06)))
    assert found["cost"] == found["contact_cost"] + found["incentive_cost"]


def test_offers_rise_and_end():
    def contacted(*days_ago: int) -> pd.DataFrame:
        days = [AS_OF - timedelta(days=ago) for ago in days_ago]
        return pd.DataFrame({"customer_id": "c0", "playbook": "win-back", "contacted_on": days})

    lapsed = {"kind": "winback", "state": "lapsed", "days_since_order": 200}
    offers = [chosen(lapsed, history=contacted(*range(31, 31 + 30 * n, 30))).iloc[0] for n in range(4)]
    assert [each["stage"] for each in offers] == [0, 1, 2, 2]
    assert [each["lost_cause"] for each in offers] == [False, False, False, True]
    assert offers[0]["incentive_cost"] == 0 < offers[1]["incentive_cost"] < offers[2]["incentive_cost"]
    # An order after the offers: they did not fail, and it begins anew.
    assert not chosen(lapsed | {"days_since_order": 25}, history=contacted(91, 61, 31)).iloc[0]["lost_cause"]
    # Who waits for an answer is answered, whatever was offered before.
    assert not chosen(lapsed | {"open_ticket": True}, history=contacted(91, 61, 31)).iloc[0]["lost_cause"]


def test_a_playbook_that_is_used_up_leaves_room_for_another():
    history = pd.DataFrame(
        {"customer_id": ["c0"], "playbook": ["return-recovery"], "contacted_on": [AS_OF - timedelta(days=5)]}
    )
    assert chosen({"days_since_return": 12.0}, history=history)["playbook"].tolist() == ["check-in"]


def test_a_channel_that_is_allowed_goes_before_a_better_one():
    found = chosen({"spend": 9000, "consent": "mail"}, {"spend": 9000, "consent": "no"})
    assert found[["playbook", "consented"]].values.tolist() == [["check-in", True], ["personal-call", False]]


def test_what_was_learnt_takes_the_place_of_the_prior():
    found = chosen({"spend": 9000}, saved={"personal-call": 0.3})
    assert found["saved_share"].tolist() == [0.3]


def test_a_shop_replaces_adds_and_switches_off(tmp_path):
    text = (
        MINIMAL.format(id="personal-call") + MINIMAL.format(id="ours") + '[[playbook]]\nid = "referral"\noff = true\n'
    )
    found = load_playbooks(own(tmp_path, text))
    assert len(found) == len(SHIPPED_PLAYBOOKS)
    assert found["personal-call"].title == found["ours"].title == "Ours"
    assert "referral" not in found.by_id
    # Ties go to the smaller id; its money is the shop's.
    assert chosen({}, playbooks=found)["playbook"].tolist() == ["ours"]


def test_amounts_of_a_shop_are_in_its_currency(tmp_path):
    more = 'cost = 2.50\nleast_value = 15\nwhen = [{ fact = "last_spend", at_least = 99.99 }]\n'
    found = load_playbooks(own(tmp_path, MINIMAL.format(id="ours") + more))
    offers = chosen(
        {"last_spend": 9999.0}, {"last_spend": 9998.0}, {"last_spend": 9999.0, "spend": 1499}, playbooks=found
    )
    assert offers["playbook"].tolist() == ["ours", "check-in", "check-in"]
    assert offers["cost"].tolist()[0] == 250
    assert found["ours"].cost == Decimal("2.50")


def test_every_wrong_key_is_named_at_once(tmp_path):
    bad = MINIMAL.format(id="a").replace('channel = "call"', 'channel = "phon"').replace("saved = 0.5", "saved = 1.5")
    bad = bad.replace("{days_since_order}", "{day_since_order}").replace('title = "Ours"\n', "") + "cooldwn = 3\n"
    bad += '[[playbook.when]]\nfact = "days_since_retrun"\nat_most = 30\n[[playbook.when]]\nfact = "points"\nis = "x"\n'
    found = wrong(tmp_path, bad + MINIMAL.format(id="b") + MINIMAL.format(id="b"))
    keys = {"a.channel", "a.saved", "a.opening", "a.title", "a.cooldwn", "a.when 1.fact", "a.when 2.is", "b.id"}
    assert {key for key, _ in found} == keys
    messages = dict(found)
    assert "Did you mean" in messages["a.cooldwn"]
    assert 'Did you mean "days_since_return"?' in messages["a.when 1.fact"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("saved = 0.5", "saved = 0.3", "a.saved"),
        ("{{days_since_order}}", "{{name}}", "a.opening"),
        ("{{days_since_order}}", "{{days_since_order:>9}}", "a.opening"),
        ("{{days_since_order}}", "{{open_ticket}}", "a.opening"),
        ("{{days_since_order}}", "{{", "a.opening"),
        ("due_days = 1", "due_days = -1", "a.due_days"),
        ('"regular"', '["regular", "old"]', "a.kinds"),
        ("due_days = 1", "due_days = 1\ncost = 1\ncost_share = 0.1", "a.cost_share"),
        ("due_days = 1", "due_days = 1\nlast_resort = true\nleast_order_days = 2", "a.least_order_days"),
        ("due_days = 1", 'due_days = 1\nwhen = [{{ fact = "tier", at_least = 1 }}]', "a.when 1.at_least"),
        ("due_days = 1", 'due_days = 1\nwhen = [{{ fact = "points" }}]', "a.when 1.fact"),
        ("due_days = 1", "due_days = 1\nwhen = 3", "a.when"),
        ('id = "{id}"', 'id = "A b"', "A b.id"),
    ],
)
def test_a_wrong_value_is_refused(tmp_path, old, new, key):
    assert key in {found for found, _ in wrong(tmp_path, MINIMAL.replace(old, new).format(id="a"))}


def test_nobody_may_be_left_without_a_playbook(tmp_path):
    found = wrong(tmp_path, '[[playbook]]\nid = "check-in"\noff = true\n')
    assert {rule for _, rule in found} == {
        f"leaves customers of kind {kind} without a playbook" for kind in ("regular", "new", "winback")
    }
    assert wrong(tmp_path, '[[playbook]]\nid = "chek-in"\noff = true\n') == {
        ("chek-in.off", 'switches off a playbook that is not there. Did you mean "check-in"?')
    }


@pytest.mark.parametrize("text", ["[[playbook", "[playbook]\nid = 1", "[[plabook]]\nid = 'a'"])
def test_a_file_that_is_no_list_of_playbooks_is_refused(tmp_path, text):
    with pytest.raises(InputError, match=r"playbooks\.toml"):
        load_playbooks(own(tmp_path, text))


def openings_of(*customers: dict[str, Any], money: str = "EUR") -> list[str]:
    frame = rows(*customers)
    return openings(
        frame.join(choose(frame, SHIPPED_PLAYBOOKS, Snapshot(), shop=SHOP)), SHIPPED_PLAYBOOKS, Money(money)
    ).tolist()


def test_an_opening_is_filled_with_the_customers_own_facts():
    no_rhythm = {"usual_gap_days": None, "horizon_days": 60}
    assert openings_of({"spend": 9000}, {"spend": 9000, "name": None}, {"spend": 9000, "name": None, **no_rhythm}) == [
        "Hello Ann, you usually order every 31 days, and it has been 74 days. How are you?",
        "Hello, you usually order every 31 days, and it has been 74 days. Is everything all right?",
        "Hello, it has been 74 days since your last order. Is everything all right?",
    ]


@pytest.mark.parametrize(
    "in_time",
    [
        {"days_since_order": 2, "overdue": 2 / 31},
        {"days_since_order": 31, "overdue": 1.0},
        {"days_since_order": 29, "usual_gap_days": 28.5, "overdue": 1.0},  # a gap of 29 days, as it is said
        {"days_since_order": 29, "usual_gap_days": None, "overdue": None, "horizon_days": 30},
    ],
)
def test_nobody_is_asked_after_who_is_not_late(in_time):
    for spend in (9000, 2000):
        said = openings_of({"spend": spend, "order_days": 3.0, **in_time})[0]
        assert not re.search("it has been|all right|wrong", said), said


def test_a_single_gap_is_no_usual_one():
    twice = {"spend": 9000, "order_days": 2.0, "horizon_days": 90}
    assert "usually" not in openings_of(twice)[0]
    assert "it has been" not in openings_of(twice)[0]
    assert "it has been 74 days" in openings_of(twice | {"horizon_days": 30})[0]


@pytest.mark.parametrize("spends", [{"basket_change": 0.0}, {"basket_change": 0.5, "days_since_order": 200}])
def test_baskets_that_were_not_bought_do_not_shrink(spends):
    assert chosen(spends)["playbook"].tolist() != ["ask-feedback"]


def test_an_opening_that_speaks_of_a_silence_is_for_the_late_alone():
    """Whoever is won back is silent for long; all others are asked after by a fact that is known of the late alone."""
    for playbook in (each for each in SHIPPED_PLAYBOOKS if each.kinds != ("winback",)):
        for text in (each for stage in playbook.stages for each in stage.openings):
            assert "silence_days" in placeholders(text) or not re.search(
                r"it has been|all right|done anything wrong", text
            ), text


def test_dates_points_and_money_are_written_as_people_do():
    points = {"points": 1200.0, "points_expire_in_days": 20.0, "points_expire_on": date(2026, 3, 22)}
    big = {"last_spend_ratio": 2.5, "days_since_order": 1, "spend": 3900, "last_spend": 123450.0}
    assert openings_of(points, big) == [
        "Hello Ann, your 1,200 points expire on 22 March 2026; here is what you can have for them.",
        "Hello Ann, thank you for your order of €1,234.50 1 day ago. Did everything go well?",
    ]


@pytest.mark.parametrize("name", ["{days_since_order}", "=A+B", "<b>Ann</b>", "مریم", "A\nB", "😀" * 2000])
def test_a_strange_name_is_only_a_name(name):
    assert openings_of({"name": name, "order_days": 2.0, "horizon_days": 30})[0].startswith(
        f"Hello {' '.join(name.split())}, it has been 74 days"
    )


@pytest.mark.parametrize("playbook", list(SHIPPED_PLAYBOOKS), ids=lambda playbook: playbook.id)
def test_no_opening_is_ever_half_filled(playbook):
    """With nothing known but the score's days, each stage has a sentence to say."""
    bare = pd.DataFrame({"playbook": playbook.id, "stage": range(len(playbook.stages)), "days_since_order": 9})
    for sentence in openings(bare, SHIPPED_PLAYBOOKS, Money("EUR")):
        assert not re.search(r"[{}]|None|nan", sentence)
    assert all(set(placeholders(stage.openings[-1])) <= {"days_since_order"} for stage in playbook.stages)


def _generate() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    return generate


def test_the_page_of_playbooks_is_not_stale():
    page = (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")
    assert page == _generate().playbooks_page(SHIPPED_PLAYBOOKS), "run: make docs"


def test_the_example_of_the_page_is_a_playbook(tmp_path):
    page = (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1]
    found = load_playbooks(own(tmp_path, example))
    coupon = {"event_coupon_redeemed_90d": 0.0, "days_since_event_coupon_redeemed": 200.0, "order_days": 4.0}
    assert chosen(coupon, playbooks=found)["playbook"].tolist() == ["unused-coupon"]
    assert "referral" not in found.by_id
    assert {"event_coupon_redeemed_90d"} <= found.asked


def test_a_shop_writes_its_playbooks_in_several_languages(tmp_path):
    ours = (
        MINIMAL.format(id="ours")
        + """
[playbook.fa]
title = "مال ما"
opening = ["سلام {name}، وقت بخیر.", "سلام، {days_since_order} گذشت."]
"""
    )
    playbook = load_playbooks(own(tmp_path, ours))["ours"]
    assert (playbook.title_in(PERSIAN), playbook.title_in(GREEK)) == ("مال ما", "Ours")
    stage = playbook.stages[0]
    said = [
        opening({"name": name, "days_since_order": 74}, stage.openings_in(PERSIAN), Money("EUR"), PERSIAN)
        for name in ("آقای رضایی", None)
    ]
    assert said == ["سلام آقای رضایی، وقت بخیر.", "سلام، ۷۴ روز گذشت."]
    assert stage.what_to_say_in(PERSIAN) == "Listen."  # not written in it: better in another language than not at all
    assert wrong(tmp_path, ours + 'when = 3\nincentive = ""') == {
        ("ours.fa.when", "is not known."),
        ("ours.fa.incentive", "a text"),
    }


def test_each_customer_is_spoken_to_in_the_own_language():
    frame = rows(
        {"spend": 9000, "name": "Γιώργος Παπαδόπουλος"},
        {"spend": 9000, "name": "ΓΙΩΡΓΟΣ"},
        {"spend": 9000, "name": "Ann"},
    )
    spoken = {"c0": GREEK, "c1": GREEK, "c2": PERSIAN}
    entries = frame.join(choose(frame, SHIPPED_PLAYBOOKS, Snapshot(), shop=SHOP))
    rhythm = "Συνήθως παραγγέλνετε κάθε 31 ημέρες και έχουμε 74 ημέρες να σας δούμε."
    assert openings(entries, SHIPPED_PLAYBOOKS, Money("EUR"), spoken.__getitem__).tolist() == [
        f"Γεια σας, κύριε Παπαδόπουλε, τι κάνετε; {rhythm}",
        f"Γεια σας, τι κάνετε; {rhythm} Είναι όλα καλά;",
        "سلام مشتری گرامی، حال شما خوب است؟ معمولاً هر ۳۱ روز یک بار سفارش می‌دهید و حالا ۷۴ روز است خبری از شما نداریم.",
    ]

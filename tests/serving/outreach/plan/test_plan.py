"""Who is on the list, in which order, and whose customer it is; and who is not, and why."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from serving.outreach.plan.holdout import HOLDOUT
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.owners import NO_OWNER
from serving.outreach.plan.plan import DEFAULT_CHOICE, Chooser, plan
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot

AS_OF = date(2026, 3, 2)  # a Monday
BEFORE = AS_OF - timedelta(days=7)


def planned(scores: pd.DataFrame, customers: pd.DataFrame | None = None, **rules: Any) -> OutreachList:
    """Plan a list in euros, without holdout unless asked."""
    about = {name: rules.pop(name) for name in ("snapshot", "choose", "random_cell") if name in rules}
    return plan(scores, customers, currency="EUR", policy=Policy(**{"holdout_share": 0.0, **rules}), **about)


def worth(spend: str, **other: Any) -> dict[str, Any]:
    """What a customer spends if kept, and whatever else is said."""
    return {"expected_spend": Decimal(spend), **other}


def chosen(**other: dict[str, Any]) -> Chooser:
    """What playbooks say of each customer, where they say anything else than usual."""

    def choose(rows: pd.DataFrame) -> pd.DataFrame:
        said = pd.DataFrame([{**DEFAULT_CHOICE, **other.get(who, {})} for who in rows["customer_id"]], index=rows.index)
        return pd.concat([rows, said], axis=1)

    return choose


def former(*accounts: str, on: date = BEFORE) -> pd.DataFrame:
    """A list of a week ago."""
    rows = [(one, one, "regular", "Eleni", "", on) for one in accounts]
    return pd.DataFrame(rows, columns=["account_id", "customer_id", "kind", "owner", "playbook", "as_of"])


def why(outreach: OutreachList) -> dict[str, str]:
    """The reason of each customer that is kept off."""
    return dict(zip(outreach.suppressed["customer_id"], outreach.suppressed["reason"], strict=True))


def test_the_list_is_ranked_by_gain_and_leaves_out_who_would_stay(make_scores: Any) -> None:
    """Probability × P(saved) × spend − cost: what contacting is worth comes first; who is safe is not disturbed."""
    scores = make_scores(("small", 0.9, "9", worth("12")), ("big", 0.3, "9", worth("50")), ("safe", 0.2, "500"))
    found = planned(scores)
    assert found.entries["customer_id"].tolist() == ["big", "small"]
    assert found.entries["expected_gain"].tolist() == [Decimal("2.50"), Decimal("1.80")]
    assert found.entries["position"].tolist() == [1, 2]
    assert found.left_out == {"would stay": 1}


def test_the_cost_can_eat_the_gain(make_scores: Any) -> None:
    """Whoever costs more than contacting saves is off the list, unless the shop ranks by risk."""
    scores = make_scores(("cheap", 0.5, "9", worth("12")), ("dear", 0.5, "9", worth("12")))
    costs = chosen(cheap={"cost": 99}, dear={"cost": 100})
    assert planned(scores, choose=costs).customer_ids == ["cheap"]
    assert why(planned(scores, choose=costs)) == {"dear": "no gain"}
    assert planned(scores, choose=costs, rank_by="probability").customer_ids == ["cheap", "dear"]


@pytest.mark.parametrize(("rank_by", "first"), [("probability", "b"), ("value_at_risk", "a"), ("gain", "c")])
def test_the_ranking_is_the_shops_choice(make_scores: Any, rank_by: str, first: str) -> None:
    """And the list says which it was."""
    found = planned(make_scores(("a", 0.6, "50"), ("b", 0.9, "5"), ("c", 0.6, "7", worth("99"))), rank_by=rank_by)
    assert found.customer_ids[0] == first
    assert found.rank_by == rank_by


def test_ties_go_to_the_higher_probability_then_to_the_smaller_id(make_scores: Any) -> None:
    """The same scores give the same list, whatever order they come in."""
    scores = make_scores(("c", 0.6, "5"), ("b", 0.6, "5"), ("a", 0.5, "5"))
    backwards = scores.iloc[::-1].reset_index(drop=True)
    assert planned(scores, rank_by="value_at_risk").customer_ids == ["b", "c", "a"]
    assert planned(backwards, rank_by="value_at_risk").customer_ids == ["b", "c", "a"]


def test_newcomers_and_lapsed_stand_apart(make_scores: Any) -> None:
    """A newcomer needs another word than a regular who stays away, and one who is lost another still."""
    scores = make_scores(("n", 0.9, "9", {"state": "new"}), ("r", 0.6, "5"), ("l", 0.95, "9", {"state": "lapsed"}))
    found = planned(scores)
    assert [frame["customer_id"].tolist() for frame in (found.entries, found.newcomers, found.winback)] == [
        ["r"],
        ["n"],
        ["l"],
    ]
    assert found.everyone["kind"].tolist() == ["regular", "new", "winback"]


def test_capacity_is_per_owner_and_for_all_kinds(make_scores: Any, make_customers: Any) -> None:
    """Nobody gets more than can be called; the rest is kept off with that reason."""
    scores = make_scores(*((name, 0.6, "1", worth(spend)) for name, spend in zip("abcd", "4321", strict=True)))
    customers = make_customers(("a", "Eleni"), ("b", "Eleni"), ("c", "Bruno"), ("d", " "))
    found = planned(scores, customers, capacity=1)
    assert found.entries[["customer_id", "owner"]].values.tolist() == [["a", "Eleni"], ["c", "Bruno"], ["d", NO_OWNER]]
    assert why(found) == {"b": "over capacity"}
    assert found.owners == ["Bruno", "Eleni", "unassigned"]
    assert planned(scores, customers, capacity=1, capacities={"Eleni": 2}).customer_ids == ["a", "b", "c", "d"]


def test_contacts_of_the_week_count_against_the_capacity(make_scores: Any, make_customers: Any) -> None:
    """A list that is made again on Thursday does not begin the week anew."""
    thursday = AS_OF + timedelta(days=3)
    scores = make_scores(("a", 0.6, "4", {"as_of": thursday}), ("b", 0.6, "3", {"as_of": thursday}))
    customers = make_customers(("a", "Eleni"), ("b", "Eleni"))
    rows = [("z", AS_OF, "call", "e1", "", "Eleni"), ("z", AS_OF, "mail", "e1", "", "Eleni")]
    rows.append(("y", AS_OF - timedelta(days=1), "call", "e0", "", "Eleni"))  # of last week
    contacts = pd.DataFrame(rows, columns=["customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner"])
    found = planned(scores, customers, capacity=2, snapshot=Snapshot(contacts=contacts))
    assert found.customer_ids == ["a"]


def test_an_account_stands_once_with_its_branches_beside(make_scores: Any, make_customers: Any) -> None:
    """One entry per account, never two; who stands for it is whose gain is largest."""
    scores = make_scores(("a1", 0.6, "4", worth("5")), ("a2", 0.6, "4", worth("9")), ("b", 0.6, "4", worth("7")))
    customers = make_customers(("a1", "Eleni"), ("a2", None), ("b", "Eleni")).assign(account=["a", " a ", None])
    found = planned(scores, customers)
    assert found.entries[["customer_id", "account_id", "members"]].values.tolist() == [
        ["a2", "a", ("a1",)],
        ["b", "b", ()],
    ]
    assert why(found) == {"a1": "account"}
    assert found.suppressed["detail"].tolist() == ["one entry per account: see a2"]


def test_who_said_no_is_not_listed(make_scores: Any, make_customers: Any) -> None:
    """By channel: a yes to mails is none to calls; the book's word counts before the file's, a no before a yes."""
    customers = make_customers(
        ("a", "x", {"consent": " No "}), ("b", "x", {"consent": "mail"}), ("c", "x"), ("d", "x"), ("e", "x")
    )
    rows = [("d", "*", False), ("d", "call", True), ("a", "call", True), ("e", "call", True)]
    consent = pd.DataFrame(rows, columns=["customer_id", "channel", "allowed"])
    scores = make_scores(*((name, 0.6, "4") for name in "abcde"))
    assert why(planned(scores, customers)) == {"a": "no consent", "b": "no consent"}
    found = planned(scores, customers, snapshot=Snapshot(consent=consent))
    assert why(found) == {"b": "no consent", "d": "no consent"}


def test_what_keeps_a_customer_off_is_said(make_scores: Any) -> None:
    """Each has one reason, the first that holds, with what it was."""
    scores = make_scores(*((name, 0.6, "4") for name in "abcdefg"))
    rows = [("a", "veto", None, "key account", "Eleni"), ("b", "snooze", AS_OF + timedelta(days=9), "away", "Bruno")]
    holds = pd.DataFrame(rows, columns=["account_id", "kind", "until", "why", "by"])
    contact = [("c", AS_OF - timedelta(days=14), "call", "e", "", "Eleni")]
    contacts = pd.DataFrame(
        contact, columns=["customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner"]
    )
    said = chosen(
        d={"open_ticket": True},
        e={"in_transit": True},
        f={"lost_cause": True},
        g={"open_ticket": True, "channel": "service"},
    )
    found = planned(scores, choose=said, snapshot=Snapshot(holds=holds, contacts=contacts))
    assert found.customer_ids == ["g"]
    assert why(found) == {
        "a": "veto",
        "b": "snoozed",
        "c": "cooldown",
        "d": "open ticket",
        "e": "in transit",
        "f": "lost cause",
    }
    details = dict(zip(found.suppressed["customer_id"], found.suppressed["detail"], strict=True))
    assert details["a"] == "key account"
    assert details["b"] == "away (until 2026-03-11)"
    assert details["c"] == "contacted on 2026-02-16"


def test_the_cooldown_ends_and_a_playbook_may_ask_for_longer(make_scores: Any) -> None:
    """Contacted fifteen days ago is long enough for most."""
    contact = [(name, AS_OF - timedelta(days=15), "call", "e", "", "Eleni") for name in "ab"]
    contacts = pd.DataFrame(
        contact, columns=["customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner"]
    )
    scores = make_scores(("a", 0.6, "4"), ("b", 0.6, "4"))
    said = chosen(a={"cooldown_days": 30})
    assert planned(scores, choose=said, snapshot=Snapshot(contacts=contacts)).customer_ids == ["b"]


def test_a_risk_that_wavers_does_not_flap(make_scores: Any) -> None:
    """To come on a list takes more than to stay on it."""
    scores = make_scores(("was", 0.22, "4"), ("was not", 0.22, "4"), ("safe", 0.19, "4"))
    found = planned(scores, snapshot=Snapshot(former=former("was", "safe")))
    assert found.entries[["customer_id", "change"]].values.tolist() == [["was", "still"]]
    assert found.gone.values.tolist() == [["safe", "would stay", "risk is down to 19%"]]


def test_who_ordered_since_the_former_list_is_off(make_scores: Any) -> None:
    """And whoever ordered yesterday; but a newcomer of yesterday may well be thanked."""
    scores = make_scores(
        ("since", 0.6, "4", {"days_since_order": 5}),
        ("yesterday", 0.6, "4", {"days_since_order": 1}),
        ("five days ago", 0.6, "4", {"days_since_order": 5, "usual_gap_days": 4.0}),
        ("first order", 0.6, "4", {"days_since_order": 1, "state": "new"}),
    )
    found = planned(scores, snapshot=Snapshot(former=former("since", "vanished")))
    assert found.customer_ids == ["five days ago", "first order"]
    assert why(found) == {"since": "ordered", "yesterday": "ordered"}
    assert found.gone.values.tolist() == [
        ["since", "ordered", "ordered on 2026-02-25"],
        ["vanished", "no longer scored", "no order within the active days"],
    ]


def test_a_share_is_held_out_and_stays_so(make_scores: Any) -> None:
    """Both arms are watched; who was drawn once keeps the arm, whatever the share becomes."""
    scores = make_scores(*((f"c{number:03}", 0.6, "4") for number in range(200)))
    found = planned(scores, holdout_share=0.1)
    held = set(found.suppressed["customer_id"])
    assert len(held) == 20
    assert set(found.suppressed["reason"]) == {"holdout"}
    assert set(found.episodes.loc[found.episodes["arm"] == HOLDOUT, "customer_id"]) == held
    assert len(found.episodes) == len(found.arms) == 200
    again = planned(scores, holdout_share=0.5, snapshot=Snapshot(arms=found.arms))
    assert set(again.suppressed["customer_id"]) == held
    assert again.arms.empty


def test_the_trial_ends_where_the_list_does(make_scores: Any) -> None:
    """Who is held out is comparable with who is listed: nobody below the last entry is watched."""
    scores = make_scores(*((f"c{number:03}", 0.6, "4", worth(str(300 - number))) for number in range(200)))
    found = planned(scores, holdout_share=0.2, capacity=40)
    assert len(found.entries) == 40
    watched = found.episodes["expected_spend"]
    assert watched.min() >= min(Decimal(100) * value for value in found.entries["expected_spend"]) - 2000
    assert set(found.suppressed["reason"]) == {"holdout", "over capacity"}
    assert 5 <= int((found.episodes["arm"] == HOLDOUT).sum()) <= 15


def test_an_account_is_watched_once_at_a_time(make_scores: Any) -> None:
    """An episode lasts a horizon; only then may another begin."""
    row = [("a", "treated", BEFORE, BEFORE + timedelta(days=30), ("a",))]
    running = pd.DataFrame(row, columns=["account_id", "arm", "began_on", "ends_on", "customers"])
    found = planned(make_scores(("a", 0.6, "4"), ("b", 0.6, "4")), snapshot=Snapshot(open_episodes=running))
    assert found.customer_ids == ["a", "b"]
    assert found.episodes["account_id"].tolist() == ["b"]


def test_the_random_cell_is_served_first(make_scores: Any) -> None:
    """Who was drawn is contacted or held out whatever the risk: the cell must not be cut by rank or gain."""
    scores = make_scores(("safe", 0.05, "1", worth("1")), ("a", 0.9, "4"), ("b", 0.8, "4"))
    found = planned(scores, random_cell=frozenset({"safe"}), capacity=2)
    assert found.customer_ids == ["safe", "a"]
    assert dict(zip(found.episodes["customer_id"], found.episodes["cell"], strict=True)) == {
        "safe": "random",
        "a": "ranked",
    }


def test_accounts_without_an_owner_go_in_turn_by_load(make_scores: Any, make_customers: Any) -> None:
    """What the book remembers comes first, then the file, then the segment's owner, then whose turn it is."""
    scores = make_scores(*((name, 0.6, "4", worth(spend)) for name, spend in zip("abcde", "98765", strict=True)))
    customers = make_customers(
        ("a", "Eleni"), ("b", "Eleni"), ("c", None, {"segment": "firm"}), ("d", None), ("e", None)
    )
    rules = {"owners": ("Eleni", "Bruno"), "owner_by_segment": {"firm": "Farid"}}
    found = planned(scores, customers, snapshot=Snapshot(owners={"b": "Grete"}), **rules)
    assert found.entries["owner"].tolist() == ["Eleni", "Grete", "Farid", "Bruno", "Eleni"]
    assert found.owners_given.values.tolist() == [["d", "Bruno"], ["e", "Eleni"]]


def test_a_customer_twice_in_the_customers_file_is_listed_once(make_scores: Any, make_customers: Any) -> None:
    """One entry per customer, never two."""
    customers = make_customers(("a", "Eleni"), ("a", "Bruno"))
    assert planned(make_scores(("a", 0.6, "4")), customers).entries["owner"].tolist() == ["Eleni"]


def test_a_list_of_nobody_is_a_list(make_scores: Any) -> None:
    """Everyone may be safe."""
    found = planned(make_scores(("a", 0.1, "4")))
    assert found.customer_ids == []
    assert found.owners == []
    assert found.left_out == {"would stay": 1}


def test_an_entry_is_due_in_a_week_and_gets_its_id_when_it_is_published(make_scores: Any) -> None:
    row = planned(make_scores(("a", 0.6, "4"))).entries.iloc[0]
    assert row["entry_id"] is None
    assert row["due_on"] == AS_OF + timedelta(days=7)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"capacity": 0}, "at least 1 entry per owner, not 0"),
        ({"capacities": {"Eleni": -1}}, "at least 1 entry per owner, not -1"),
        ({"rank_by": "probabilty"}, 'Did you mean "probability"'),
        ({"enter_at": 0.1}, "leave_at ≤ enter_at"),
        ({"holdout_share": 1.0}, "holdout_share lies from 0 to below 1"),
        ({"cooldown_days": -1}, "not negative"),
    ],
)
def test_wrong_wishes_are_refused(wrong: dict[str, Any], message: str) -> None:
    """The message says what is possible."""
    with pytest.raises(InputError, match=message):
        Policy(**wrong)


def test_no_scores_are_refused(make_scores: Any) -> None:
    """A list of no run has no day."""
    with pytest.raises(InputError, match="no scores"):
        planned(make_scores())


NAMES = st.sampled_from([f"c{number}" for number in range(12)])
STATES = st.sampled_from(["active", "new", "lapsed"])
OWNERS = st.sampled_from(["Eleni", "Bruno", "", None])
PARENTS = st.sampled_from(["p1", "p2", None])
CONSENTS = st.sampled_from(["yes", "no", "mail", None])
ROWS = st.lists(
    st.tuples(NAMES, st.floats(0, 1), st.integers(0, 30), STATES, OWNERS, PARENTS, CONSENTS),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


@settings(max_examples=40, deadline=None)
@given(
    rows=ROWS,
    capacity=st.integers(1, 3),
    share=st.sampled_from([0.0, 0.3, 0.6]),
    contacted=st.lists(st.tuples(NAMES, st.integers(1, 40)), max_size=4),
    refused=st.lists(NAMES, max_size=3),
    before=st.sets(NAMES, max_size=4),
    rank_by=st.sampled_from(["gain", "value_at_risk", "probability"]),
    random=st.randoms(use_true_random=False),
)
@pytest.mark.slow
def test_laws_of_a_list(
    make_scores: Any,
    make_customers: Any,
    rows: list[tuple[str, float, int, str, str | None, str | None, str | None]],
    capacity: int,
    share: float,
    contacted: list[tuple[str, int]],
    refused: list[str],
    before: set[str],
    rank_by: str,
    random: Any,
) -> None:
    """Nobody held out, without consent or in cooldown is on a list; no account twice; no owner has too much.

    And the list is a function of its input: no order of rows decides anything, and everyone is accounted for.
    """
    calls = [(who, AS_OF - timedelta(days=age), "call", f"e{who}{age}", "", None) for who, age in contacted]
    names = ["customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner"]
    nos = pd.DataFrame(
        [(who, "*", False) for who in sorted(set(refused))], columns=["customer_id", "channel", "allowed"]
    )
    knows = Snapshot(contacts=pd.DataFrame(calls, columns=names), consent=nos, former=former(*sorted(before)))

    def planned_from(some: list[Any]) -> OutreachList:
        scores = make_scores(*((i, p, str(v), worth(str(v), state=state)) for i, p, v, state, *_ in some))
        facts = make_customers(*((i, owner, {"consent": yes}) for i, _, _, _, owner, _, yes in some))
        facts = facts.assign(account=[row[5] for row in some])
        wishes = {"capacity": capacity, "holdout_share": share, "rank_by": rank_by}
        return planned(scores, facts, snapshot=knows, **wishes)

    found, again = planned_from(rows), planned_from(random.sample(rows, len(rows)))
    listed = found.everyone
    account = {row[0]: row[5] or row[0] for row in rows}
    assert listed["account_id"].is_unique
    assert listed["owner"].value_counts().max() <= capacity or listed.empty
    held = set(found.episodes.loc[found.episodes["arm"] == HOLDOUT, "account_id"])
    assert not held & set(listed["account_id"])
    assert not set(listed["customer_id"]) & set(refused)
    assert not set(listed["customer_id"]) & {row[0] for row in rows if row[6] in ("no", "mail")}
    lately = {account.get(who, who) for who, age in contacted if age <= 14}
    assert not lately & set(listed["account_id"])
    assert all(row[1] >= 0.2 for row in rows if row[0] in set(listed["customer_id"]))
    assert found.customer_ids == again.customer_ids
    assert found.suppressed.values.tolist() == again.suppressed.values.tolist()
    assert len(listed) + sum(found.left_out.values()) == len(rows)

"""What to do for each candidate: what may be done, what gains most, and the sentence that fits the row."""

from __future__ import annotations

from typing import Any

import pandas as pd

from serving.outreach.plan.candidates import candidates
from serving.outreach.plan.plan import DEFAULT_CHOICE
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.playbooks.advisor import Advisor
from serving.outreach.playbooks.playbooks import load_playbooks
from serving.scorer import score


def advised(shop: Any, snapshot: Snapshot | None = None, **about: Any) -> tuple[Advisor, pd.DataFrame]:
    """Advise all who are at risk in the small shop."""
    bundle = shop.bundles["logistic"]
    scores = score(shop.log, bundle, "1", shop.as_of, reasons="none")
    rows = candidates(scores, None, Policy(), money=bundle.money)
    known = snapshot or Snapshot()
    advisor = Advisor(load_playbooks(), shop.log, None, known, shop.as_of, bundle.money, 3000.0, **about)
    return advisor, advisor(rows.sample(frac=1, random_state=1))


def test_each_candidate_gets_all_that_a_list_needs(shop: Any) -> None:
    """Every column of DEFAULT_CHOICE, in the order and under the index of the rows; what is done fits the channel."""
    advisor, found = advised(shop)
    assert set(DEFAULT_CHOICE) <= set(found)
    assert len(found) > 20
    assert not found.index.is_monotonic_increasing
    for row in found.to_dict("records"):
        assert row["channel"] == advisor.playbooks[row["playbook"]].channel
        assert row["kind"] in advisor.playbooks[row["playbook"]].kinds


def test_an_opening_is_of_its_own_row_whatever_the_order(shop: Any) -> None:
    """Entries are some of the candidates, under another index."""
    advisor, found = advised(shop)
    entries = found[["customer_id"]].iloc[::-3].reset_index(drop=True)
    said = advisor.openings(entries)
    alone = [advisor.openings(entries.iloc[[place]]).item() for place in range(len(entries))]
    assert said.tolist() == alone
    assert said.index.equals(entries.index)
    assert not [text for text in said if "{" in text]
    assert len(set(said)) > 1
    assert advisor.openings(entries.iloc[:0]).empty


def test_who_refused_a_channel_gets_a_playbook_of_another_one(shop: Any) -> None:
    """Nobody is only struck off who can still be reached."""
    _, before = advised(shop)
    calls = before.loc[before["channel"] == "call", "customer_id"].tolist()
    assert calls
    refused = pd.DataFrame([(who, "call", False) for who in calls], columns=["customer_id", "channel", "allowed"])
    _, now = advised(shop, Snapshot(consent=refused))
    after = dict(zip(now["customer_id"], now["channel"], strict=True))
    assert "call" not in {after[who] for who in calls}
    rest = before[~before["customer_id"].isin(calls)]
    assert [after[who] for who in rest["customer_id"]] == rest["channel"].tolist()


def test_what_was_learnt_of_a_playbook_takes_the_place_of_its_prior(shop: Any) -> None:
    """Where calls save nothing fewer are called than where they save nearly everybody."""
    _, before = advised(shop)
    calls = [each.id for each in load_playbooks() if each.channel == "call"]
    none, most = (advised(shop, saved=dict.fromkeys(calls, share))[1] for share in (0.0, 0.9))
    assert (none["channel"] == "call").sum() < (most["channel"] == "call").sum()
    _, much = advised(shop, saved={"personal-call": 0.9})
    called = much[much["playbook"] == "personal-call"]
    assert len(called) >= (before["playbook"] == "personal-call").sum()
    assert set(called["saved_share"]) == {0.9}

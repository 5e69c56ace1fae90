"""What to do for each candidate of a list, by the playbooks and by what the shop's own holdout has taught."""

from __future__ import annotations

import pandas as pd

from serving.book.trial import episodes
from serving.commands.models.score import ScoringRun
from serving.outreach.effect.learn_uplift import learn_uplift
from serving.outreach.effect.saved_share import Prior, saved_shares
from serving.outreach.effect.settled import settled
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.playbooks.advisor import Advisor
from serving.outreach.playbooks.playbooks import Playbooks
from serving.shop import OpenShop


def advisor_of(shop: OpenShop, run: ScoringRun, playbooks: Playbooks, snapshot: Snapshot) -> Advisor:
    """Return what chooses a playbook for each candidate of a run.

    Args:
        shop: the open shop.
        run: whose candidates.
        playbooks: the shop's.
        snapshot: what the book knows on the run's day.
    """
    money = run.bundle.money
    outcomes = settled(episodes(shop.book, run.as_of), run.log, shop.customers.account_of)
    return Advisor(
        playbooks=playbooks,
        log=run.log,
        customers=shop.customers.frame,
        snapshot=snapshot,
        as_of=run.as_of,
        money=money,
        typical_spend=float(run.scores["expected_spend"].astype(float).median()) * 10**money.decimals,
        saved=learnt_shares(playbooks, outcomes),
        uplift=learn_uplift(run.log, outcomes).predict,
    )


def learnt_shares(playbooks: Playbooks, outcomes: pd.DataFrame) -> dict[str, float]:
    """Return P(saved | contacted) of each playbook that the shop's own holdout tells something of.

    What is learnt holds for all stages of a playbook. One with several stages and no outcomes of its own keeps its
    stages' priors: what is learnt from other playbooks says nothing of how its offers rise.

    Args:
        playbooks: the shop's.
        outcomes: what `serving.outreach.effect.settled.settled` gives.
    """
    first = {each.id: each.stages[0] for each in playbooks}
    priors = {name: Prior(float(s.saved), float(s.saved_low), float(s.saved_high)) for name, s in first.items()}
    found = saved_shares(outcomes, priors)
    moved = {name: saved for name, saved in found.items() if saved.mean != priors[name].mean}
    return {name: one.mean for name, one in moved.items() if one.seen is not None or len(playbooks[name].stages) == 1}

"""What the shop's own holdout has taught so far: what each playbook saves, and whom a contact moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from features.log import Log
from serving.outreach.effect.learn_uplift import LearntUplift, learn_uplift
from serving.outreach.effect.sample_ratio import comparable
from serving.outreach.effect.saved_share import Prior, saved_shares
from serving.outreach.effect.settled import settled
from serving.outreach.playbooks.playbooks import Playbooks


@dataclass(frozen=True, eq=False)
class Learnt:
    """What has been learnt from the episodes whose horizon is over.

    Args:
        saved: playbook → P(saved | contacted), of those that the holdout tells something of.
        uplift: by how much a contact raises P(stays) of a customer, where a model of that has proved its worth.
    """

    saved: Mapping[str, float]
    uplift: LearntUplift


def learn(log: Log, episodes: pd.DataFrame, account_of: Mapping[str, str], playbooks: Playbooks) -> Learnt:
    """Learn from a shop's trial; nothing where its sample ratio says that the arms are no longer alike.

    Args:
        log: the shop's log.
        episodes: what `serving.book.trial.episodes` gives.
        account_of: customer → account, of those that belong to one.
        playbooks: the shop's.
    """
    outcomes = comparable(settled(episodes, log, account_of))
    return Learnt(learnt_shares(playbooks, outcomes), learn_uplift(log, outcomes))


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

"""From a model to people and systems.

The names below are the public ones, imported when first asked for; docs/python.md shows them at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.lazy_names import lazy_names

if TYPE_CHECKING:
    from serving.cli.demo import demo_settings
    from serving.commands.data.check import check_shop
    from serving.commands.data.horizon import propose_horizon
    from serving.commands.lists.effect import measure_effect, plan_trial
    from serving.commands.lists.kpis import shop_kpis
    from serving.commands.lists.list import make_list
    from serving.commands.lists.why import customer_story
    from serving.commands.models.backtest import run_backtest
    from serving.commands.models.score import score_all
    from serving.commands.models.train import train_and_judge
    from serving.commands.models.watch import watch_shop
    from serving.outreach.effect.effect import effect
    from serving.outreach.effect.group import group_effect
    from serving.outreach.effect.sample_size import plan_sample
    from serving.outreach.effect.saved_share import Prior, saved_shares
    from serving.outreach.effect.settled import settled
    from serving.outreach.plan.holdout import with_arms
    from serving.outreach.plan.plan import plan
    from serving.outreach.plan.policy import Policy
    from serving.outreach.plan.snapshot import Snapshot
    from serving.outreach.playbooks.advisor import Advisor
    from serving.outreach.playbooks.playbooks import load_playbooks
    from serving.outreach.simulation.shop import TrialShop
    from serving.outreach.simulation.weekly_list import WeeklyLists
    from serving.outreach.simulation.year import live_a_year
    from serving.scorer import explained, score
    from serving.scores import states
    from serving.shop import OpenShop, open_shop
else:
    __getattr__, __dir__ = lazy_names(__name__)

__all__ = [
    # the shop
    "OpenShop",
    "open_shop",
    "demo_settings",
    # commands
    "check_shop",
    "propose_horizon",
    "run_backtest",
    "train_and_judge",
    "score_all",
    "make_list",
    "customer_story",
    "measure_effect",
    "plan_trial",
    "shop_kpis",
    "watch_shop",
    # scores
    "explained",
    "score",
    "states",
    # a list
    "plan",
    "Policy",
    "Snapshot",
    "with_arms",
    "Advisor",
    "load_playbooks",
    # its effect
    "settled",
    "effect",
    "group_effect",
    "plan_sample",
    "Prior",
    "saved_shares",
    # a simulated year
    "TrialShop",
    "WeeklyLists",
    "live_a_year",
]

"""The advice of an entry's playbook: what to say, and what may be offered.

An entry keeps its playbook's id and its opening; the advice is looked up when the entry is shown. Where a playbook has
rising offers, the opening tells which of its stages is meant.
"""

from __future__ import annotations

import re

import pandas as pd

from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.playbooks.playbook import Playbook, Stage
from serving.outreach.playbooks.playbooks import Playbooks

GUIDANCE_NAMES = ("what_to_say", "incentive")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def with_guidance(outreach: OutreachList, playbooks: Playbooks) -> OutreachList:
    """Return a list whose entries have GUIDANCE_NAMES too, None where the playbook is no longer in force.

    Args:
        outreach: the list.
        playbooks: those in force on its day.
    """
    return outreach.with_groups(lambda entries: guided(entries, playbooks))


def guided(entries: pd.DataFrame, playbooks: Playbooks) -> pd.DataFrame:
    """Return entries with GUIDANCE_NAMES.

    Args:
        entries: with the columns playbook and opening.
        playbooks: the shop's.
    """
    pairs = zip(entries["playbook"], entries["opening"], strict=True)
    stages = [stage_of(playbooks.by_id.get(playbook), opening) for playbook, opening in pairs]
    texts = {
        name: [None if stage is None else getattr(stage, name) or None for stage in stages] for name in GUIDANCE_NAMES
    }
    return entries.assign(**{name: pd.Series(column, entries.index, dtype=object) for name, column in texts.items()})


def stage_of(playbook: Playbook | None, opening: str | None) -> Stage | None:
    """Return the stage that an opening belongs to; None where that is unclear: no advice is better than a wrong one.

    >>> from serving.outreach.playbooks.playbooks import load_playbooks
    >>> stage_of(load_playbooks()["personal-call"], None).incentive
    ''
    """
    if playbook is None or len(playbook.stages) == 1:
        return None if playbook is None else playbook.stages[0]
    fitting = [stage for stage in playbook.stages if any(_fills(opening or "", text) for text in stage.openings)]
    return fitting[0] if len(fitting) == 1 else None


def _fills(opening: str, template: str) -> bool:
    parts = (re.escape(part) for part in _PLACEHOLDER.split(template))
    return re.fullmatch(".+".join(parts), opening, re.DOTALL) is not None

"""The advice of an entry's playbook: what to say, and what may be offered.

An entry keeps its playbook's id and its opening; the advice is looked up when the entry is shown. Where a playbook has
rising offers, the opening tells which of its stages is meant.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from features.language.catalogue import translated
from features.language.languages import ENGLISH, Language
from features.language.messages import all_said
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.playbooks.playbook import Playbook, Stage
from serving.outreach.playbooks.playbooks import Playbooks
from serving.scores import plain_values

GUIDANCE_NAMES = ("what_to_say", "incentive")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def with_guidance(outreach: OutreachList, playbooks: Playbooks, language: Language = ENGLISH) -> OutreachList:
    """Return a list whose entries have GUIDANCE_NAMES too, None where the playbook is no longer in force.

    Args:
        outreach: the list.
        playbooks: those in force on its day.
        language: of whoever reads it: of titles, advice and reasons. An opening stays in that of the customer.
    """
    return outreach.with_groups(lambda entries: in_language(guided(entries, playbooks, language), playbooks, language))


def guided(entries: pd.DataFrame, playbooks: Playbooks, language: Language = ENGLISH) -> pd.DataFrame:
    """Return entries with GUIDANCE_NAMES.

    Args:
        entries: with the columns playbook and opening.
        playbooks: the shop's.
        language: of the advice.
    """
    pairs = zip(entries["playbook"], entries["opening"], strict=True)
    stages = [stage_of(playbooks.by_id.get(playbook), opening) for playbook, opening in pairs]
    texts = {
        "what_to_say": [None if stage is None else stage.what_to_say_in(language) or None for stage in stages],
        "incentive": [None if stage is None else stage.incentive_in(language) or None for stage in stages],
    }
    return entries.assign(**{name: pd.Series(column, entries.index, dtype=object) for name, column in texts.items()})


def in_language(entries: pd.DataFrame, playbooks: Playbooks, language: Language) -> pd.DataFrame:
    """Return entries whose titles and reasons are in a language; a reason that knows no message stays as it is.

    Args:
        entries: with the columns playbook, title, reasons and protective.
        playbooks: the shop's.
        language: of whoever reads them.
    """
    pairs = zip(entries["playbook"], entries["title"], strict=True)
    columns: dict[str, list[Any]] = {
        "title": [title_of(playbooks.by_id.get(playbook), title, language) for playbook, title in pairs]
    }
    for name in ("reasons", "protective"):
        columns[name] = [all_said(sentences, language) for sentences in plain_values(entries[name])]
    return entries.assign(**{name: pd.Series(column, entries.index, dtype=object) for name, column in columns.items()})


def title_of(playbook: Playbook | None, title: str | None, language: Language) -> str | None:
    """Return an entry's title in a language; one that its playbook has no more, only the catalogues may know."""
    if playbook is not None and playbook.title == title:
        return playbook.title_in(language)
    return translated(title, language) if isinstance(title, str) and title else title


def stage_of(playbook: Playbook | None, opening: str | None) -> Stage | None:
    """Return the stage that an opening belongs to; None where that is unclear: no advice is better than a wrong one.

    >>> from serving.outreach.playbooks.playbooks import load_playbooks
    >>> stage_of(load_playbooks()["personal-call"], None).incentive
    ''
    """
    if playbook is None or len(playbook.stages) == 1:
        return None if playbook is None else playbook.stages[0]
    fitting = [stage for stage in playbook.stages if any(_fills(opening or "", text) for text in stage.every_opening)]
    return fitting[0] if len(fitting) == 1 else None


def _fills(opening: str, template: str) -> bool:
    parts = (re.escape(part) for part in _PLACEHOLDER.split(template))
    return re.fullmatch(".+".join(parts), opening, re.DOTALL) is not None

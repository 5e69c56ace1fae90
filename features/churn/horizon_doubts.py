"""Why a proposed horizon may not fit the shop, in one sentence."""

from __future__ import annotations

import numpy as np

from features.churn.horizon import GAPS_COVERED, GapCurve, Silences
from features.churn.labels import ChurnDefinition, complete_until
from features.language.messages import Message, Sentence, sentence
from features.language.typed_values import Days, Percent
from features.log import Log

FEW_GAPS = 20


def horizon_doubt(log: Log, definition: ChurnDefinition) -> str:
    """Say why the proposed horizon may not fit; '' where nothing speaks against it.

    Args:
        log: the shop's log.
        definition: what `proposed_definition` proposes for it.

    >>> from features.churn.horizon import proposed_definition
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "ann", "bob"], [0, 365, 400], [700, 700, 700]))
    >>> horizon_doubt(log, proposed_definition(log))
    'only 1 gap between orders has ended, so 60 days is a guess; 85% of the gaps are as long as 365 days'
    """
    end = complete_until(log)
    silences = Silences.of(log, end)
    gaps, covering = int(np.count_nonzero(silences.ended)), GapCurve.of(silences).days_covering(GAPS_COVERED)
    days = Days(definition.horizon_days)
    if covering is None:
        return sentence("nobody has come back yet, so {days} is a guess", days=days)
    is_longer = covering > definition.horizon_days
    longer = sentence("{share} of the gaps are as long as {gap}", share=Percent(GAPS_COVERED), gap=Days(covering))
    if gaps < FEW_GAPS:
        few = _few(gaps, days)
        return sentence("{first}; {second}", first=few.message, second=longer.message) if is_longer else few
    if not is_longer:
        return ""
    return sentence(
        "{reason}, and a log of {horizon} can test no more than {days}",
        reason=longer.message,
        horizon=Days(end - log.first_day),
        days=days,
    )


def _few(gaps: int, days: Days) -> Sentence:
    return Sentence.of(
        Message(
            "only {count} gap between orders has ended, so {days} is a guess",
            {"count": gaps, "days": days},
            plural="only {count} gaps between orders have ended, so {days} is a guess",
            count=gaps,
        )
    )

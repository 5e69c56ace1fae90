"""Why a proposed horizon may not fit the shop, in one sentence."""

from __future__ import annotations

import numpy as np

from features.churn.horizon import GAPS_COVERED, GapCurve, Silences
from features.churn.labels import ChurnDefinition, complete_until
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
    'only 1 gap between orders has ended, so 60 days is a guess; 85 % of the gaps are as long as 365 days'
    """
    end = complete_until(log)
    silences = Silences.of(log, end)
    gaps, covering = int(np.count_nonzero(silences.ended)), GapCurve.of(silences).days_covering(GAPS_COVERED)
    days = definition.horizon_days
    if covering is None:
        return f"nobody has come back yet, so {days} days is a guess"
    longer = f"{GAPS_COVERED * 100:.0f} % of the gaps are as long as {covering:.0f} days"
    if gaps < FEW_GAPS:
        has = "gap between orders has" if gaps == 1 else "gaps between orders have"
        more = f"; {longer}" if covering > days else ""
        return f"only {gaps} {has} ended, so {days} days is a guess{more}"
    history = end - log.first_day
    return f"{longer}, and a log of {history:,} days can test no more than {days}" if covering > days else ""

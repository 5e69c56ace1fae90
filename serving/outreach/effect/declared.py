"""What a shop declares of its trial before it sees anything: kept with each list, and read off the first one.

A percentile or a sample size that is chosen after a look makes every interval too narrow. What was in force when the
first episode began decides; a later change of the settings changes no figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from serving.outreach.plan.policy import HOLDOUT_SHARE, SPEND_CAP_QUANTILE, TUNED_ACCOUNTS


@dataclass(frozen=True)
class Declared:
    """What was declared before the first look.

    Args:
        holdout_share: of the accounts that were drawn.
        programme_holdout_share: of all accounts, that no playbook touches.
        spend_cap_quantile: at which spends are cut to size in the capped estimate.
        tuned_accounts: at which intervals that may be looked at every week are narrowest.
    """

    holdout_share: float = HOLDOUT_SHARE
    programme_holdout_share: float = 0.0
    spend_cap_quantile: float = SPEND_CAP_QUANTILE
    tuned_accounts: int = TUNED_ACCOUNTS

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> Declared:
        """Return what a list was published with; lists of before December 2026 say nothing, and the defaults hold.

        >>> Declared.read({"spend_cap_quantile": 0.98, "of a later version": 1}).spend_cap_quantile
        0.98
        """
        names = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in (kept or {}).items() if name in names})

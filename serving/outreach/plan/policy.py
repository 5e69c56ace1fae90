"""The shop's rules for its lists: capacity, ranking, thresholds of risk, cooldown, holdout and owners."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from features.errors import InputError, suggest
from serving.outreach.plan.workdays import WEEKDAYS, Weekday, Workdays
from serving.scores import MEDIUM_FROM

RankBy = Literal["gain", "value_at_risk", "left_probability", "probability"]
RANKINGS: tuple[RankBy, ...] = get_args(RankBy)
# Lower than the threshold to enter, so that a customer whose risk wavers around it does not come and go every week.
LEAVE_AT = 0.2
COOLDOWN_DAYS = 14
SHRINK_AT = 0.5  # more likely than not
HOLDOUT_SHARE = 0.1
SPEND_CAP_QUANTILE = 0.99
# A year of a shop with some forty first entries a week; another number moves the width of an interval little.
TUNED_ACCOUNTS = 2_000


@dataclass(frozen=True)
class Policy:
    """How lists are planned.

    Args:
        capacity: entries per owner and list, of all kinds together; None = no bound.
        capacities: owner → another capacity.
        rank_by: the measure that decides the order, largest first.
        enter_at: the probability from which on a customer enters a list.
        leave_at: the probability below which a customer of the former list leaves it.
        shrink_at: the probability of buying less from which on an account that still buys enters the list; it leaves at
            the same part of it as `leave_at` is of `enter_at`.
        least_gain: the expected gain, in major units, from which on a customer is worth a row; None = what it costs to
            read one, 0 = whatever is above nothing.
        cooldown_days: so long after a contact a customer is left in peace; a playbook may ask for longer.
        holdout_share: the share of accounts that is never contacted, so that the effect can be measured; 0 = nobody.
        holdout_by_playbook: draw anew for each playbook instead of once for all.
        programme_holdout_share: the share of all accounts that no playbook ever touches, so that the effect of the
            whole programme can be measured; 0 = nobody more.
        spend_cap_quantile: at which the effect on money cuts spends to size in its capped estimate; what was in force
            with the first list counts.
        tuned_accounts: the number of accounts at which intervals that may be looked at every week are narrowest; what
            was in force with the first list counts.
        random_share: the part of the capacity that goes to customers drawn at random, whatever their risk. It separates
            the effect of the model from that of the campaign; 0 = none.
        owners: those who take turns, by load, with accounts that have no owner.
        owner_by_segment: segment → owner, for accounts without an owner in the customers file.
        week_begins: first day of the week in which contacts count to an owner's capacity; None = Monday.
        closed_weekdays: on which nobody works: a due day that falls on one is put off.
        holidays_of: two letters of the country whose public holidays are days off; None = no holidays.
        closed_on: further days off, such as those that are announced overnight.

    Raises:
        InputError: a value makes no sense.

    >>> Policy(capacity=25).enter_at
    0.25
    """

    capacity: int | None = None
    capacities: Mapping[str, int] = field(default_factory=dict)
    rank_by: RankBy = "gain"
    enter_at: float = MEDIUM_FROM
    leave_at: float = LEAVE_AT
    shrink_at: float = SHRINK_AT
    least_gain: Decimal | None = None
    cooldown_days: int = COOLDOWN_DAYS
    holdout_share: float = HOLDOUT_SHARE
    holdout_by_playbook: bool = False
    programme_holdout_share: float = 0.0
    spend_cap_quantile: float = SPEND_CAP_QUANTILE
    tuned_accounts: int = TUNED_ACCOUNTS
    random_share: float = 0.0
    owners: tuple[str, ...] = ()
    owner_by_segment: Mapping[str, str] = field(default_factory=dict)
    week_begins: Weekday | None = None
    closed_weekdays: tuple[Weekday, ...] = ()
    holidays_of: str | None = None
    closed_on: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if self.rank_by not in RANKINGS:
            known = ", ".join(RANKINGS)
            wrong = f'a list cannot be ranked by "{self.rank_by}"; known are {known}.'
            raise InputError(f"{wrong}{suggest(self.rank_by, RANKINGS)}")
        for capacity in (self.capacity, *self.capacities.values()):
            if capacity is not None and capacity < 1:
                raise InputError(f"the capacity is at least 1 entry per owner, not {capacity}")
        if not 0 <= self.leave_at <= self.enter_at <= 1:
            raise InputError(f"0 ≤ leave_at ≤ enter_at ≤ 1 must hold, not {self.leave_at} and {self.enter_at}")
        if not 0 < self.shrink_at <= 1:
            raise InputError(f"shrink_at lies above 0 and up to 1, not {self.shrink_at}")
        self._check_trial()
        if self.least_gain is not None and self.least_gain < 0:
            raise InputError(f"least_gain is not negative, not {self.least_gain}")
        if self.cooldown_days < 0:
            raise InputError(f"cooldown_days is not negative, not {self.cooldown_days}")
        self._check_days()

    def _check_trial(self) -> None:
        for name in ("holdout_share", "programme_holdout_share", "random_share"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} lies from 0 to below 1, not {getattr(self, name)}")
        if not 0.5 < self.spend_cap_quantile <= 1:
            raise InputError(f"spend_cap_quantile lies above 0.5 and up to 1, not {self.spend_cap_quantile}")
        if self.tuned_accounts < 1:
            raise InputError(f"tuned_accounts is at least 1, not {self.tuned_accounts}")

    @property
    def declared(self) -> dict[str, float | int]:
        """What the shop declares of its trial with a list, to be kept with it."""
        names = ("holdout_share", "programme_holdout_share", "spend_cap_quantile", "tuned_accounts")
        return {name: getattr(self, name) for name in names}

    def _check_days(self) -> None:
        for day in (*self.closed_weekdays, *([self.week_begins] if self.week_begins else [])):
            if day not in WEEKDAYS:
                raise InputError(f'"{day}" is no day of the week.{suggest(day, WEEKDAYS)}')
        if set(WEEKDAYS) <= set(self.closed_weekdays):
            raise InputError("closed_weekdays leaves no day on which somebody works")
        if self.holidays_of is not None and not re.fullmatch("[A-Z]{2}", self.holidays_of):
            raise InputError(f'holidays_of is two capital letters such as GR, not "{self.holidays_of}"')

    @property
    def workdays(self) -> Workdays:
        """When the shop works."""
        week_begins: Weekday = self.week_begins or "monday"
        return Workdays(week_begins, self.closed_weekdays, self.holidays_of, self.closed_on)

    @property
    def shrink_leave_at(self) -> float:
        """The probability of buying less below which an account of the former list leaves it."""
        return self.shrink_at * (self.leave_at / self.enter_at if self.enter_at else 1.0)

    def capacity_of(self, owner: str) -> int | None:
        """Return how many entries an owner can take.

        >>> Policy(capacity=25, capacities={"Eleni": 40}).capacity_of("Eleni")
        40
        """
        return self.capacities.get(owner, self.capacity)

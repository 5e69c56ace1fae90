"""What to do for each candidate: the playbook that fits and gains most, and the sentence to open with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from features.language.languages import ENGLISH, Language
from features.log import Log
from features.money import Money
from serving.outreach.plan.candidates import SHRUNK
from serving.outreach.plan.entry_rule import with_entry_rule
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.playbooks.choose import ShopContext, choose, reading_cost
from serving.outreach.playbooks.facts import facts
from serving.outreach.playbooks.openings import openings
from serving.outreach.playbooks.playbooks import Playbooks


@dataclass(eq=False)
class Advisor:
    """The chooser that a list is planned with. It keeps what it knew of the candidates, to fill their openings later.

    Args:
        playbooks: the shop's.
        log: the shop's log; nothing on or after `as_of` is read.
        customers: the customers file; None where there is none.
        snapshot: what the book knows.
        as_of: the list's day.
        money: the shop's currency.
        typical_spend: median expected spend of everyone who was scored, minor units.
        saved: playbook → learnt P(saved | contacted); the playbook's prior where it is missing.
        uplift: by how much a contact raises P(stays) of some customers, learnt from the shop's own holdout; None where
            nothing was learnt that ranks better than risk and gain do.
        language_of: customer → the language that the customer is spoken to in.
    """

    playbooks: Playbooks
    log: Log
    customers: pd.DataFrame | None
    snapshot: Snapshot
    as_of: date
    money: Money
    typical_spend: float
    saved: Mapping[str, float] = field(default_factory=dict)
    uplift: Callable[[Log, Iterable[str], date], pd.Series | None] | None = None
    language_of: Callable[[str], Language] = lambda _: ENGLISH
    _advised: pd.DataFrame = field(default_factory=pd.DataFrame, init=False)

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the candidates with the facts known of each and the columns that their playbooks give."""
        known = facts(self.log, self.customers, rows["customer_id"], self.as_of, asked=self.playbooks.asked)
        known.index = rows.index
        whole = pd.concat([rows, known[[name for name in known if name not in rows]]], axis=1)
        whole = with_entry_rule(whole)
        choice = choose(whole, self.playbooks, self.snapshot, shop=self._shop, saved=self.saved)
        chosen = self._with_uplift(pd.concat([whole, choice.drop(columns="gain")], axis=1))
        self._advised = chosen.set_index("customer_id", drop=False)
        return chosen

    @property
    def reading_cost(self) -> int:
        """What it costs to read a row of a list, minor units."""
        return reading_cost(self.playbooks, self._shop)

    @property
    def _shop(self) -> ShopContext:
        return ShopContext(self.as_of, self.money, self.typical_spend)

    def _with_uplift(self, chosen: pd.DataFrame) -> pd.DataFrame:
        """Put each customer's uplift in place of the playbook's saved share; negative where a contact drives away."""
        uplift = self.uplift(self.log, chosen["customer_id"], self.as_of) if self.uplift else None
        if uplift is None:
            return chosen
        share = chosen["customer_id"].map(uplift.to_dict()).astype(float)
        share = share / chosen["left_probability"].astype(float)
        learnt = share.notna() & (chosen["kind"] != SHRUNK)  # it was learnt of who stays
        return chosen.assign(saved_share=share.where(learnt, chosen["saved_share"]))

    def openings(self, entries: pd.DataFrame) -> pd.Series:
        """Return the sentence to open with for each entry, indexed as the entries."""
        if entries.empty:
            return pd.Series([], index=entries.index, dtype=object)
        rows = self._advised.loc[entries["customer_id"]].set_index(entries.index)
        return openings(rows, self.playbooks, self.money, self.language_of)

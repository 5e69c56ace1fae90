"""`regulars effect`: what acting saved, told from the book's trial and the orders that came; or how long that takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.churn.labels import complete_until
from features.clock import date_of
from features.errors import InputError
from features.sources.reader import read_customers
from serving.book import Book
from serving.book.trial import episodes, leaks
from serving.config import Settings
from serving.outreach.effect.effect import RECENT_WEEKS, Effect, effect
from serving.outreach.effect.learn_uplift import learn_uplift
from serving.outreach.effect.sample_size import SamplePlan, plan_sample
from serving.outreach.effect.settled import settled
from serving.outreach.plan.outreach_list import account_of
from serving.shop import open_book, read
from training.forecasts.uplift import UpliftBacktest

# The share of those who would leave that a plan hopes to save, where nobody says.
PLANNED = 0.15


@dataclass(frozen=True, eq=False)
class Saving:
    """What acting saved until a day.

    Args:
        effect: treated against holdout.
        until: horizons that ended on or before this day count.
        leaked: contacts with customers who are held out.
        uplift: whether a model of whom a contact moves ranks better than risk and gain do.
    """

    effect: Effect
    uplift: UpliftBacktest
    until: date
    leaked: int

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "until": self.until,
            "leaked_contacts": self.leaked,
            "uplift": self.uplift.to_dict(),
            **self.effect.to_dict(),
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        if self.effect.first_on is None and self.effect.four is None:
            yield f"nothing to tell yet: no horizon of a list has ended by {self.until}"
            return
        yield f"what the lists saved, of all whose horizon ended by {self.until}:"
        yield from self.effect.lines()
        yield from self.uplift.lines()


def tell_effect(
    settings: Settings, until: date | None, planned_saved_share: float | None, book: Book | None = None
) -> Saving:
    """Compare who was to be contacted with who was held out, on the orders that came.

    Args:
        settings: of the shop.
        until: horizons that ended on or before this day count; by default the end of the log.
        planned_saved_share: what the plan hoped for; says how many weeks are missing to see it.
        book: of the shop, where it is open already.
    """
    log = read(settings, until=until, book=book).log
    day = min(until, date_of(complete_until(log))) if until else date_of(complete_until(log))
    with open_book(settings, book) as known:
        trial, leaked = episodes(known, day), leaks(known)
    customers = read_customers(settings.customers) if settings.customers else None
    outcomes = settled(trial, log, account_of(customers))
    found = effect(outcomes, currency=settings.shop.currency, planned_saved_share=planned_saved_share)
    return Saving(found, learn_uplift(log, outcomes).verdict, day, len(leaked))


def plan_trial(settings: Settings, saved_share: float) -> SamplePlan:
    """Say how many weeks it takes to see what the lists save, for each share held out.

    Accounts come as fast as they came on the lists of the last weeks, each counted when it came first.

    Args:
        settings: of the shop.
        saved_share: the smallest share of those who would leave that is worth seeing saved.

    Raises:
        InputError: there is no list yet, or nobody on it.
    """
    with open_book(settings) as book:
        begun = episodes(book, date.max)
    if begun.empty:
        raise InputError("there is no list with anybody on it yet: run regulars list --out list first")
    came = begun.drop_duplicates("account_id")
    first, last = came["began_on"].min(), begun["began_on"].max()
    recent = came[[(last - day).days < 7 * RECENT_WEEKS for day in came["began_on"]]]
    return plan_sample(
        len(recent) / min(RECENT_WEEKS, ((last - first).days + 7) / 7),
        float(came["probability"].astype(float).mean()),
        saved_share,
        horizon_days=int(begun["horizon_days"].iloc[-1]),
    )

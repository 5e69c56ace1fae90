"""Draws what happens besides orders: mails sent and clicked, reviews, tickets, loyalty points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.simulation.behaviour import DrawnLines, DrawnOrders, Floats, Ints, People


@dataclass(frozen=True, eq=False)
class DrawnEvents:
    """The drawn events: one array element per event; value is NaN where the kind has none."""

    customer: Ints
    kind: Ints  # position in KINDS
    time: Floats
    value: Floats


KINDS = ("mail_sent", "mail_clicked", "review", "ticket", "points_earned")


def draw_events(
    people: People, bought: DrawnOrders, lines: DrawnLines, days: int, rng: np.random.Generator
) -> DrawnEvents:
    """Draw mails, once a month to half of those who consent, and what follows an order by some days."""
    sent = _mails(people, days, rng)
    clicked = _clicks(people, bought, sent, rng)
    after = bought.time + 1 + 6 * rng.random(len(bought.time))
    stars = rng.choice(5, len(after), p=[0.04, 0.06, 0.15, 0.35, 0.4]) + 1.0 - 2.0 * bought.ticket
    review = np.flatnonzero(rng.random(len(after)) < np.where(bought.ticket, 0.3, 0.05))
    paid = np.add.reduceat(lines.gross - lines.discount, lines.first)
    parts = (
        sent,
        clicked,
        (bought.customer[review], after[review], np.clip(stars[review], 1.0, 5.0)),
        (bought.customer[bought.ticket], bought.time[bought.ticket] + 1, np.full(int(bought.ticket.sum()), np.nan)),
        _points(people, bought, paid),
    )
    kind = np.repeat(np.arange(len(KINDS)), [len(part[0]) for part in parts])
    customer, time, value = (np.concatenate([part[i] for part in parts]) for i in range(3))
    # Stable, so that a click in the very second of its mail still follows it; what falls after the log is not in it.
    order = np.argsort(time, kind="stable")
    order = order[: np.searchsorted(time[order], float(days))]
    return DrawnEvents(customer[order], kind[order], time[order], value[order])


Part = tuple[Ints, Floats, Floats]


def _mails(people: People, days: int, rng: np.random.Generator) -> Part:
    campaigns = np.arange(14.0, days, 30.0)
    met = np.searchsorted(campaigns, people.joined)
    customer = np.repeat(np.arange(len(people)), np.where(people.consent, len(campaigns) - met, 0))
    nth = np.arange(len(customer)) - np.searchsorted(customer, customer)
    chosen = np.flatnonzero(rng.random(len(customer)) < 0.5)
    customer, nth = customer[chosen], nth[chosen]
    return customer, campaigns[met[customer] + nth] + 0.1, np.full(len(customer), np.nan)


def _clicks(people: People, bought: DrawnOrders, sent: Part, rng: np.random.Generator) -> Part:
    """Draw the clicks on mails; customers who have left click a tenth as often."""
    gone = np.full(len(people), np.inf)
    gone[bought.customer[bought.left]] = bought.time[bought.left]
    customer, time, none = sent
    chance = people.clicks[customer] * np.where(time > gone[customer], 0.1, 1.0)
    clicked = rng.random(len(customer)) < chance
    return customer[clicked], time[clicked] + 2 * rng.random(int(clicked.sum())), none[clicked]


def _points(people: People, bought: DrawnOrders, paid: Ints) -> Part:
    member = people.member[bought.customer]
    return bought.customer[member], bought.time[member], (paid[member] // 100).astype(np.float64)

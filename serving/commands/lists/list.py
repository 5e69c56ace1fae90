"""From a scoring run to a list that is published: planned with what the book knows, told in words, written to files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import suggest
from features.sources.reader import read_customers
from serving.book import Book
from serving.book.history import records
from serving.book.lists import publish_list
from serving.book.runs import record_scores
from serving.book.snapshot import standing
from serving.book.trial import episodes
from serving.commands.models.score import Scored, hindsight, score_all
from serving.config import ListSettings, Settings
from serving.outreach.effect.learn_uplift import learn_uplift
from serving.outreach.effect.saved_share import Prior, saved_shares
from serving.outreach.effect.settled import settled
from serving.outreach.exports import check_formats, write_list
from serving.outreach.plan.holdout import random_cell
from serving.outreach.plan.outreach_list import OutreachList, account_of
from serving.outreach.plan.owners import NO_OWNER
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Standing
from serving.outreach.playbooks.advisor import Advisor
from serving.outreach.playbooks.guidance import with_guidance
from serving.outreach.playbooks.playbooks import Playbooks, load_playbooks
from serving.scorer import explained
from serving.shop import open_book
from serving.webhooks.outbox import enqueue

GROUPS = ("entries", "newcomers", "winback")


@dataclass(frozen=True, eq=False)
class Listed:
    """A published list and its files.

    Args:
        outreach: the list, its entries with what their playbooks advise.
        files: that were written.
        scored: the run behind it.
        warnings: sentences about settings that do nothing.
    """

    outreach: OutreachList
    files: Sequence[Path]
    scored: Scored
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, entries and all."""
        outreach = self.outreach
        return {
            "as_of": outreach.as_of,
            "horizon_days": outreach.horizon_days,
            "model_version": outreach.model_version,
            "currency": outreach.currency,
            "rank_by": outreach.rank_by,
            **{group: records(getattr(outreach, group)) for group in GROUPS},
            "left_out": dict(outreach.left_out),
            "gone": records(outreach.gone),
            "warnings": list(self.warnings),
            "files": list(self.files),
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        outreach = self.outreach
        yield self.scored.totals
        apart = f"{len(outreach.newcomers):,} new customers and {len(outreach.winback):,} lapsed ones to win back"
        yield f"{len(outreach.entries):,} regulars on the list, ranked by {outreach.rank_by}; apart from them {apart}"
        yield "not on it: " + ", ".join(f"{count:,} {rule}" for rule, count in outreach.left_out.items())
        yield from self._moves()
        yield from self.warnings
        folder = self.files[0].parent
        yield f"written to {folder}: {', '.join(dict.fromkeys(_shown(path, folder) for path in self.files))}"

    def _moves(self) -> Iterator[str]:
        still = int((self.outreach.everyone["change"] == "still").sum())
        if still or len(self.outreach.gone):
            new, gone = len(self.outreach.everyone) - still, self.outreach.gone
            why = ", ".join(f"{count:,} {reason}" for reason, count in gone["reason"].value_counts().items())
            left = f"{len(gone):,} gone ({why})" if why else "nobody gone"
            yield f"since the former list: {new:,} new, {still:,} still on it, {left}"


def _shown(path: Path, folder: Path) -> str:
    inside = path.relative_to(folder)
    return path.name if len(inside.parts) == 1 else f"{inside.parts[0]}/*{path.suffix}"


def make_list(settings: Settings, as_of: date | None, out: Path, formats: Sequence[str] = ()) -> Listed:
    """Score, plan the list, publish it in the book and write its files.

    Raises:
        InputError: an unknown format; then no list is published and nobody drawn.
    """
    check_formats(formats or settings.list.formats)
    return publish(settings, score_all(settings, as_of), out, formats)


def publish(settings: Settings, scored: Scored, out: Path, formats: Sequence[str] = ()) -> Listed:
    """Plan the list of a scoring run, with reasons and openings for everyone on it, publish it and write its files.

    Args:
        settings: of the shop.
        scored: the run.
        out: a folder.
        formats: in which to write; by default those of the settings.
    """
    customers = read_customers(settings.customers) if settings.customers else None
    playbooks, policy = load_playbooks(settings.list.playbooks), settings.list
    with open_book(settings) as book:
        knows = standing(book, scored.as_of)
        advisor = _advisor(scored, customers, playbooks, knows, episodes(book, scored.as_of))
        outreach = plan(
            scored.scores,
            customers,
            currency=scored.bundle.money.currency,
            policy=policy,
            standing=knows,
            choose=advisor,
            drawn=_drawn(scored, policy, customers),
        )
        told = explained(scored.scores, scored.log, scored.bundle, outreach.customer_ids)
        outreach = _in_words(outreach, told, advisor)
        # Again, which fills in the reasons that a large shop's run left out.
        record_scores(book, told, currency=outreach.currency, data_digest=scored.log.digest())
        publish_and_enqueue(book, outreach, scored.run_id)
    wanted, shown = tuple(formats) or settings.list.formats, with_guidance(outreach, playbooks)
    warnings = (
        *hindsight(scored.bundle, scored.version, scored.as_of),
        *strange_owners(settings.list, customers, {*knows.owners.values(), *outreach.owners}),
    )
    return Listed(shown, write_list(shown, out, wanted, settings.list.addresses), scored, warnings)


def publish_and_enqueue(book: Book, outreach: OutreachList, run_id: int) -> int:
    """Record a list made from a run's scores and enqueue its messages to the webhooks, in one transaction.

    Returns the list's number. The same list twice changes nothing.

    Raises:
        InputError: an account was drawn for the other arm meanwhile.
        sqlalchemy.exc.IntegrityError: there is no such run.
    """
    with book.writing() as connection:
        list_id, is_new = publish_list(connection, outreach, run_id)
        if is_new:
            enqueue(connection, outreach, list_id)
    return list_id


def strange_owners(policy: ListSettings, customers: pd.DataFrame | None, owners: Set[str]) -> Iterator[str]:
    """Say which owners of the settings look after nobody: a name that is misspelt has neither capacity nor address.

    Args:
        policy: the shop's settings of lists.
        customers: the customers file; None where there is none.
        owners: who are known otherwise, from the list and the book.
    """
    named = set() if customers is None or "owner" not in customers else set(customers["owner"].dropna().str.strip())
    known = {NO_OWNER, *named, *owners, *policy.owners, *policy.owner_by_segment.values()}
    for setting in ("capacities", "addresses"):
        for name in getattr(policy, setting):
            if name not in known:
                yield f"[list] {setting} names {name}, who owns no account.{suggest(name, known)}"


def _advisor(
    scored: Scored, customers: pd.DataFrame | None, playbooks: Playbooks, knows: Standing, trial: pd.DataFrame
) -> Advisor:
    money = scored.bundle.money
    outcomes = settled(trial, scored.log, account_of(customers))
    return Advisor(
        playbooks=playbooks,
        log=scored.log,
        customers=customers,
        standing=knows,
        as_of=scored.as_of,
        money=money,
        typical_spend=float(scored.scores["expected_spend"].astype(float).median()) * 10**money.decimals,
        saved=learnt(playbooks, outcomes),
        uplift=learn_uplift(scored.log, outcomes).of,
    )


def learnt(playbooks: Playbooks, outcomes: pd.DataFrame) -> dict[str, float]:
    """Return P(saved | contacted) of each playbook that the shop's own holdout tells something of.

    What is learnt holds for all stages of a playbook. One with several stages and no outcomes of its own keeps its
    stages' priors: what is learnt from other playbooks says nothing of how its offers rise.

    Args:
        playbooks: the shop's.
        outcomes: what `serving.outreach.effect.settled.settled` gives.
    """
    first = {each.id: each.stages[0] for each in playbooks}
    priors = {name: Prior(float(s.saved), float(s.saved_low), float(s.saved_high)) for name, s in first.items()}
    found = saved_shares(outcomes, priors)
    moved = {name: saved for name, saved in found.items() if saved.mean != priors[name].mean}
    return {name: one.mean for name, one in moved.items() if one.seen is not None or len(playbooks[name].stages) == 1}


def _drawn(scored: Scored, policy: Policy, customers: pd.DataFrame | None) -> frozenset[str]:
    """Draw the random cell of the four-group design: a part of what all owners together can take."""
    if not policy.random_share:
        return frozenset()
    at_risk = int((scored.scores["probability"] >= policy.enter_at).sum())
    owners = 1 if customers is None or "owner" not in customers else max(1, customers["owner"].nunique())
    most = at_risk if policy.capacity is None else min(at_risk, policy.capacity * owners)
    return random_cell(scored.scores["customer_id"], round(most * policy.random_share), scored.as_of.isoformat())


def _in_words(outreach: OutreachList, told: pd.DataFrame, advisor: Advisor) -> OutreachList:
    """Return the list with the reasons and the opening of every entry."""
    words = told[told["customer_id"].isin(set(outreach.customer_ids))].set_index("customer_id")
    entries, newcomers, winback = (_said(getattr(outreach, group), words, advisor) for group in GROUPS)
    return replace(outreach, entries=entries, newcomers=newcomers, winback=winback)


def _said(entries: pd.DataFrame, words: pd.DataFrame, advisor: Advisor) -> pd.DataFrame:
    of = words.reindex(entries["customer_id"]).set_axis(entries.index)
    return entries.assign(opening=advisor.openings(entries), reasons=of["reasons"], protective=of["protective"])

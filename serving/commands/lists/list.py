"""`regulars list`: score, read what the book knows, plan, put it in words, publish it in the book, write its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from features.language.languages import ENGLISH, Language
from features.language.messages import said
from features.money import Money
from serving.book.inbox.backgrounds import keep_backgrounds
from serving.book.recognition.damage import refuse_damaged
from serving.book.snapshot import snapshot_on
from serving.book.trial import episodes
from serving.book.withdrawals import taken_back_since
from serving.commands.lists.backgrounds import backgrounds
from serving.commands.lists.list_in_words import (
    counts_in_words,
    held_in_words,
    long_in_words,
    merged_in_words,
    moves_in_words,
    owned_in_words,
    taken_back_in_words,
    top_in_words,
    written_in_words,
)
from serving.commands.lists.mail_out import Mailed, check_delivery, mail_out
from serving.commands.models.score import ScoringRun, score_all
from serving.commands.result import Table
from serving.outreach.effect.learnt import learn
from serving.outreach.exports.folder import check_formats, write_list
from serving.outreach.exports.ways import region_of, with_ways
from serving.outreach.plan.holdout import random_cell
from serving.outreach.plan.holds import held_along
from serving.outreach.plan.outreach_list import GROUPS, OutreachList, with_less_told
from serving.outreach.plan.owners import NO_OWNER, owners_along
from serving.outreach.plan.plan import plan
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.suppression import SNOOZED, VETO
from serving.outreach.playbooks.advisor import Advisor
from serving.outreach.playbooks.guidance import with_guidance
from serving.outreach.playbooks.playbooks import Playbooks, load_playbooks
from serving.scores import records, without_money
from serving.shop import OpenShop
from serving.webhooks.outbox import publish_and_enqueue


@dataclass(frozen=True, eq=False)
class PublishedList:
    """A published list and its files.

    Args:
        outreach: the list, its entries with what their playbooks advise.
        files: that were written.
        run: the scoring run behind it.
        warnings: sentences about settings that do nothing, or are missing.
        taken_back: lists that were taken back since the one before: as_of, withdrawn_at, by, why.
        held_along: accounts that are kept off by a veto or snooze that a customer brought from another account.
        owners_along: accounts on it whose owner came along with some of their customers.
        mailed: what became of the mails to the owners; None: the shop sends none.
        language: of the terminal, the shop's.
        worded: the list in that language; None = as it is.
    """

    outreach: OutreachList
    files: Sequence[Path]
    run: ScoringRun
    warnings: tuple[str, ...] = ()
    taken_back: Sequence[Mapping[str, Any]] = ()
    held_along: Sequence[str] = ()
    owners_along: Sequence[str] = ()
    mailed: Mailed | None = None
    language: Language = ENGLISH
    worded: OutreachList | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, entries and all."""
        outreach = self.outreach
        return {
            "as_of": outreach.as_of,
            "horizon_days": outreach.horizon_days,
            "model_version": outreach.model_version,
            "currency": outreach.currency,
            "rank_by": outreach.rank_by,
            "least_gain": Money(outreach.currency).major(outreach.least_gain),
            **{group: records(getattr(outreach, group)) for group in GROUPS},
            "left_out": dict(outreach.left_out),
            "gone": records(outreach.gone),
            "merged": records(outreach.merged),
            "held_along": list(self.held_along),
            "owners_along": list(self.owners_along),
            "taken_back": [dict(each) for each in self.taken_back],
            "warnings": [str(each) for each in self.warnings],
            "files": list(self.files),
            **({} if self.mailed is None else {"mailed": asdict(self.mailed)}),
        }

    def lines(self) -> Iterator[str | Table]:
        """Show the top of the list with its reasons, who is not on it and why, and the files."""
        yield from (*self.top(), "", *(said(each, self.language) for each in self._summary()))

    def top(self) -> Iterator[str | Table]:
        """Show the first entries with their reasons."""
        worded = self.outreach if self.worded is None else self.worded
        for part in top_in_words(worded, self.language, has_money=self.run.log.has_money):
            yield part if isinstance(part, Table) else said(part, self.language)

    def _summary(self) -> Iterator[str]:
        outreach = self.outreach
        yield self.run.totals
        yield from counts_in_words(outreach)
        yield from map(taken_back_in_words, self.taken_back)
        yield from moves_in_words(outreach)
        yield from held_in_words(self.held_along)
        yield from owned_in_words(self.owners_along)
        yield from merged_in_words(outreach.merged["account_id"].tolist())
        yield from self.warnings
        yield from () if self.mailed is None else self.mailed.lines()
        yield written_in_words(self.files)


def make_list(
    shop: OpenShop,
    out: Path,
    formats: Sequence[str] = (),
    language: Language | None = None,
    mail_again: Sequence[str] = (),
) -> PublishedList:
    """Score, plan the list, publish it in the book and write its files.

    Args:
        shop: the open shop.
        out: a folder.
        formats: in which to write; by default those of the settings.
        language: of the files; by default the shop's.
        mail_again: owners whose mail of the same list may have gone out when it was broken off.

    Raises:
        InputError: an unknown format, or mails that cannot be written; then no list is published and nobody drawn.
    """
    check_ready(shop, formats)
    return publish(shop, score_all(shop), out, formats, language, mail_again)


def check_ready(shop: OpenShop, formats: Sequence[str] = ()) -> None:
    """Find out before anything is scored whether a list can be written and mailed.

    Args:
        shop: the open shop.
        formats: in which to write; by default those of the settings.

    Raises:
        InputError: an unknown format, or mails that cannot be written.
    """
    check_formats(formats or shop.settings.list.formats)
    shop.settings.files.access()
    if shop.settings.deliver is not None and shop.settings.mails_lists:
        check_delivery(shop.settings.deliver, shop.settings.list.addresses)


def publish(
    shop: OpenShop,
    run: ScoringRun,
    out: Path,
    formats: Sequence[str] = (),
    language: Language | None = None,
    mail_again: Sequence[str] = (),
) -> PublishedList:
    """Plan the list of a scoring run, with reasons and openings for everyone on it, publish it and write its files.

    Args:
        shop: the open shop.
        run: of that shop.
        out: a folder.
        formats: in which to write; by default those of the settings.
        language: of the files; by default the shop's.
        mail_again: owners whose mail may have gone out already.

    Raises:
        MachineFault: the book is damaged where it says who may be contacted.
    """
    policy, playbooks, customers = shop.settings.list, load_playbooks(shop.settings.list.playbooks), shop.customers
    if not run.log.has_money:  # no gain is known, and whoever gains nothing would be left out
        policy = replace(policy, rank_by="left_probability")
    refuse_damaged(shop.book.engine)
    snapshot = snapshot_on(shop.book, run.as_of)
    advisor = _advisor(shop, run, playbooks, snapshot)
    outreach = plan(
        run.scores,
        customers.frame,
        currency=run.bundle.money.currency,
        policy=policy,
        snapshot=snapshot,
        choose=advisor,
        random_cell=drawn_cell(shop, run.scores, run.as_of),
        reading_cost=advisor.reading_cost,
    )
    contacts, region = shop.contacts, region_of(shop.settings.shop.zone)  # before a list is published that needs them
    scores = run.explained(outreach.customer_ids)
    outreach = _in_words(outreach, scores, advisor)
    run.record_reasons(shop.book, scores)
    titles = playbooks.titles_in(shop.settings.language)
    published = publish_and_enqueue(shop.book, outreach, run.run_id, titles)
    with shop.book.writing() as connection:
        keep_backgrounds(connection, published.list_id, backgrounds(run.log, outreach.customer_ids, run.as_of))
    outreach, reads = published.outreach, language or shop.settings.language
    if not run.log.has_money:
        outreach = outreach.with_groups(without_money)
    worded, access = with_guidance(outreach, playbooks, reads), shop.settings.files.access()
    shops = shop.settings.language  # that of the terminal, whatever the files are written in
    shown = worded if reads == shops else with_guidance(outreach, playbooks, shops)
    worded = with_ways(worded, contacts, region)  # for the files alone: book, API and terminal hold no contact
    outreach = with_guidance(outreach, playbooks)
    files = write_list(worded, out, tuple(formats) or policy.formats, policy.addresses, access, reads)
    mailed, deliver = None, shop.settings.deliver
    if deliver is not None and shop.settings.mails_lists:  # after the files: a mail cannot be taken back
        page, again = shop.settings.pages.home, frozenset(mail_again)
        mailed = mail_out(shop.book, published.list_id, worded, deliver, policy.addresses, reads, again, page)
    with shop.book.reading() as connection:
        taken_back = taken_back_since(connection, outreach.as_of)
    in_book = {*snapshot.owners.values(), *snapshot.owned["owner"]}
    known_owners = {NO_OWNER, *customers.named_owner_of.values(), *in_book, *outreach.owners}
    unbounded = long_in_words(outreach, policy.capacity_of)
    warnings = (*run.doubts(), *policy.unknown_owners(known_owners), *unbounded)
    held = held_along(outreach.suppressed, snapshot, customers.account_of, (VETO, SNOOZED))
    owned = owners_along(outreach.everyone["account_id"], snapshot.owned, customers.accounts)
    told = run, warnings, taken_back, held, owned, mailed
    return PublishedList(outreach, files, *told, shops, shown)


def _advisor(shop: OpenShop, run: ScoringRun, playbooks: Playbooks, snapshot: Snapshot) -> Advisor:
    """Return what chooses a playbook for each candidate, by what the shop's own holdout has taught."""
    learnt = learn(run.log, episodes(shop.book, run.as_of), shop.customers.account_of, playbooks)
    return Advisor(
        playbooks=playbooks,
        log=run.log,
        customers=shop.customers.frame,
        snapshot=snapshot,
        as_of=run.as_of,
        money=run.bundle.money,
        typical_spend=run.typical_spend * 10**run.bundle.money.decimals,
        saved=learnt.saved,
        uplift=learnt.uplift.predict,
        language_of=shop.language_of,
    )


def drawn_cell(shop: OpenShop, scores: pd.DataFrame, as_of: date) -> frozenset[str]:
    """Draw the random cell of the four-group design: a part of what all owners together can take.

    Args:
        shop: the open shop.
        scores: customer and probability of everyone who was scored.
        as_of: the list's day.
    """
    policy = shop.settings.list
    if not policy.random_share:
        return frozenset()
    at_risk = int((scores["probability"] >= policy.enter_at).sum())
    owners = max(1, len(set(shop.customers.named_owner_of.values())))
    most = at_risk if policy.capacity is None else min(at_risk, policy.capacity * owners)
    return random_cell(scores["customer_id"], round(most * policy.random_share), as_of.isoformat())


def _in_words(outreach: OutreachList, scores: pd.DataFrame, advisor: Advisor) -> OutreachList:
    """Return the list with the reasons and the opening of every entry."""
    words = scores.set_index("customer_id") if len(scores) else pd.DataFrame(columns=["reasons", "protective"])
    return outreach.with_groups(lambda entries: _with_words(entries, words, advisor))


def _with_words(entries: pd.DataFrame, words: pd.DataFrame, advisor: Advisor) -> pd.DataFrame:
    own = words.reindex(entries["customer_id"]).set_axis(entries.index)
    told = entries.assign(opening=advisor.openings(entries), reasons=own["reasons"], protective=own["protective"])
    return with_less_told(told)

"""What each table of the book holds of persons, by which column, and how long: for erasing, handing out and tidying.

Every table stands here, those that hold nobody too: a test compares this with the schema, so that none is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from serving.book import schema

FOR_EVER = "until the customer is forgotten"


@dataclass(frozen=True)
class Holding:
    """What one table holds.

    Args:
        table: of the book.
        what: it holds, in words.
        key: the column that names the person: customer_id, or account_id of what is kept for a whole account; None =
            the table holds no customer.
        kept: how long, where no period of `[retention]` says so.
        period: the name of that period.
        since: the column of the time or day from which it runs, or table.column of the parent that has it.
    """

    table: sa.Table
    what: str
    key: str | None = None
    kept: str = FOR_EVER
    period: str | None = None
    since: str | None = None


def _own(table: sa.Table, what: str, period: str | None = None, since: str | None = None) -> Holding:
    return Holding(table, what, "customer_id", period=period, since=since)


def _of_account(table: sa.Table, what: str) -> Holding:
    return Holding(table, what, "account_id")


def _of_nobody(table: sa.Table, what: str, kept: str, period: str | None = None, since: str | None = None) -> Holding:
    return Holding(table, what, None, kept, period, since)


BOOK = "as long as the book"
HOLDINGS: tuple[Holding, ...] = (
    _own(schema.SCORES, "scores of each run, with the sentences that give their reasons", "scores_days", "runs.as_of"),
    _own(schema.ANSWERS, "the score of the latest run, as the API answers it"),
    _own(schema.ENTRIES, "entries of lists: name, owner, opening, playbook", "lists_days", "lists.as_of"),
    _own(schema.BACKGROUNDS, "what the orders said when a list was made", "backgrounds_days", "lists.as_of"),
    _own(schema.SUPPRESSED, "why somebody is not on a list", "lists_days", "lists.as_of"),
    _own(schema.GONE, "why somebody left a list", "lists_days", "lists.as_of"),
    _own(schema.EPISODES, "for how long somebody is watched in the trial, and in which arm"),
    _own(schema.DRAWN, "the arm that somebody was drawn for"),
    _own(schema.PROGRAMME, "whom no playbook ever touches"),
    _own(schema.CONTACTS, "contacts, with what was noted", "contacts_days", "contacted_on"),
    _own(schema.OUTCOMES, "outcomes of entries, with what was noted", "contacts_days", "happened_on"),
    _own(schema.CONSENT, "consent and its refusal"),
    _own(schema.HELD, "whom a veto or a snooze is of"),
    _own(schema.OWNED, "whose customer somebody is"),
    _own(schema.POSTED_ORDERS, "orders that were posted", "posted_days", "recorded_at"),
    _own(schema.POSTED_EVENTS, "events that were posted", "posted_days", "recorded_at"),
    _own(schema.OUTBOX, "messages to webhooks", "messages_days", "created_at"),
    _own(schema.VIEWS, "who of the shop looked at somebody's page", "views_days", "at"),
    _of_account(schema.ARMS, "the arm of the trial that an account was drawn for"),
    _of_account(schema.HOLDS, "vetoes and snoozes, by whom and why"),
    _of_account(schema.OWNERS, "who looks after an account, since when"),
    _of_account(schema.MERGERS, "accounts in which both arms came together"),
    _of_nobody(schema.ENTRY_ALIASES, "former ids of entries", "as long as their entry"),
    _of_nobody(schema.ERASURES, "that somebody was forgotten: a digest of the id, when, who asked", BOOK),
    _of_nobody(schema.RUNS, "that customers were scored: day, model, how many", BOOK),
    _of_nobody(schema.LISTS, "that a list was made: day, how many, who took it back", BOOK),
    _of_nobody(schema.MAILED, "which owner a list was mailed to", BOOK),
    _of_nobody(schema.AUDIT, "who let which model serve, and why", "", "audit_days", "at"),
    _of_nobody(schema.KEYS, "keys, and the people of the shop who have them", BOOK),
    _of_nobody(schema.LINKS, "links to the pages", "", "sessions_days", "expires_at"),
    _of_nobody(schema.SESSIONS, "sessions of the pages", "", "sessions_days", "expires_at"),
    _of_nobody(schema.WEBHOOKS, "webhooks, their secrets sealed", BOOK),
    _of_nobody(schema.SECRET_CHECK, "by which the book's secret is known again", BOOK),
    _of_nobody(schema.IDENTITY, "which book this is", BOOK),
)
BY_CUSTOMER = tuple(each.table for each in HOLDINGS if each.key == "customer_id")
# Rows of its own account, which a customer without a parent is. The account of a branch stays: others belong to it.
BY_ACCOUNT = tuple(each.table for each in HOLDINGS if each.key == "account_id")

"""The tables of the book. Money is in minor units, times are in UTC, values without a fixed shape are JSON.

A change here needs a migration in `serving/book/migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from serving.scores import SCORE_COLUMNS

# What a text holds, where more than any text would do: a look for damage compares it.
JSON: dict[str, Any] = {"json": True}
ARM_WORDS: dict[str, Any] = {"words": ("treated", "holdout")}
KIND_WORDS: dict[str, Any] = {"words": ("regular", "new", "winback", "reminder", "shrunk")}
# Unique columns have no name of the book's own: in older books they have none.
METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _keyed_table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    """Return a table whose primary key is the table in SQLite too: one look-up, not two."""
    return sa.Table(name, METADATA, *columns, sqlite_with_rowid=False)


def _of(parent: str) -> tuple[sa.Column[Any], sa.Column[Any]]:
    """Return the key of a table with a row per customer of a run or of a list."""
    own = sa.ForeignKey(f"{parent}.id", ondelete="CASCADE")
    number: sa.Column[int] = sa.Column(f"{parent.removesuffix('s')}_id", own, primary_key=True, autoincrement=False)
    return number, sa.Column("customer_id", sa.String, primary_key=True)


def _report_columns() -> tuple[sa.Column[Any], ...]:
    """Return what is known of every contact: what it cost, who made it, and when it was recorded."""
    return (
        sa.Column("cost", sa.BigInteger),
        sa.Column("by", sa.String),
        sa.Column("note", sa.Text),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
    )


# One row: which book this is, and how far it has come. Every writing transaction counts one more.
IDENTITY = sa.Table(
    "identity",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("writes", sa.BigInteger, nullable=False),
    sa.Column("written_at", sa.DateTime, nullable=False),
)
RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("as_of", sa.Date, nullable=False, index=True),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("model_version", sa.String(64), nullable=False),
    sa.Column("data_digest", sa.String(64), nullable=False),
    sa.Column("currency", sa.String(8), nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
)
# The columns of a score; what is the same for the whole run is in `runs`. The only texts are band and state.
_SCORE_COLUMNS = [each for each in SCORE_COLUMNS[1:] if not each.once_a_run]
_TYPES: dict[str, Any] = {
    "text": sa.String(8), "date": sa.Date, "integer": sa.Integer, "number": sa.Float, "money": sa.BigInteger,
    "texts": sa.Text,
}  # fmt: skip
SCORES = _keyed_table(
    "scores",
    *_of("runs"),
    *(
        sa.Column(
            each.name,
            _TYPES[each.type],
            nullable=each.is_optional and not each.zero_if_none,
            info=JSON if each.type == "texts" else {},
        )
        for each in _SCORE_COLUMNS
    ),
    # What the sentences of both columns are made from, so that they are said in other languages.
    sa.Column("reason_messages", sa.Text, info=JSON),
    sa.Column("protective_messages", sa.Text, info=JSON),
    sa.Column("shrinking_messages", sa.Text, info=JSON),
)

# A list, who is on it, who is not and why, and who has left it since the list before.
LISTS = sa.Table(
    "lists",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("run_id", sa.ForeignKey("runs.id"), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False, index=True),
    sa.Column("rank_by", sa.String(16), nullable=False),
    sa.Column("capacity", sa.Integer),
    sa.Column("left_out", sa.Text, nullable=False, info=JSON),  # reason → how many
    sa.Column("trial", sa.Text, info=JSON),  # what the shop declared of it; none: lists of before December 2026
    sa.Column("published_at", sa.DateTime, nullable=False),
    sa.Column("withdrawn_at", sa.DateTime),  # none: it was not taken back
    sa.Column("withdrawn_by", sa.String),
    sa.Column("withdrawn_why", sa.Text),
)
ENTRIES = _keyed_table(
    "entries",
    *_of("lists"),
    sa.Column("kind", sa.String(8), nullable=False, info=KIND_WORDS),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("owner", sa.String),
    sa.Column("name", sa.String),
    sa.Column("segment", sa.String),
    sa.Column("entry_id", sa.String(32), index=True),  # the account's on that day, whatever list of that day holds it
    sa.Column("account_id", sa.String, index=True),
    sa.Column("members", sa.Text, info=JSON),  # the other customers of the account that were at risk too
    sa.Column("playbook", sa.String(48)),
    sa.Column("title", sa.Text),  # of the playbook as it was on that day
    sa.Column("channel", sa.String(16)),
    sa.Column("opening", sa.Text),
    sa.Column("saved_share", sa.Float),  # P(saved | contacted)
    sa.Column("cost", sa.BigInteger),
    sa.Column("expected_gain", sa.BigInteger),
    sa.Column("due_on", sa.Date),
    sa.Column("change", sa.String(8)),  # new, still
    sa.Column("listed_for", sa.String(16)),  # late, or a sign other than silence
    sa.Column("closed_at", sa.DateTime),  # with its list, before anybody acted on it
)
# Ids that entries had before ids were drawn: sheets with them are out.
ENTRY_ALIASES = _keyed_table(
    "entry_aliases",
    sa.Column("alias", sa.String(32), primary_key=True),
    sa.Column("entry_id", sa.String(32), nullable=False, index=True),
)
SUPPRESSED = _keyed_table(
    "suppressed",
    *_of("lists"),
    sa.Column("account_id", sa.String, nullable=False),
    sa.Column("reason", sa.String(24), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)
GONE = _keyed_table(
    "gone",
    *_of("lists"),
    sa.Column("reason", sa.String(24), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

# The trial: who was meant to be contacted and who never is, from the day on which the list would have held them.
EPISODES = _keyed_table(
    "episodes",
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("began_on", sa.Date, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("list_id", sa.ForeignKey("lists.id"), nullable=False),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("arm", sa.String(8), nullable=False, info=ARM_WORDS),
    sa.Column("cell", sa.String(8), nullable=False, info={"words": ("ranked", "random")}),
    sa.Column("kind", sa.String(8), nullable=False, info=KIND_WORDS),
    sa.Column("playbook", sa.String(48), nullable=False),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("band", sa.String(8), nullable=False),
    sa.Column("stratum", sa.String(48), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("expected_spend", sa.BigInteger, nullable=False),
    sa.Column("customers", sa.Text, info=JSON),  # all of the account on that day; none: the book did not keep it yet
    sa.Column("left_probability", sa.Float),  # none: the book did not keep it yet
    sa.Column("voided_at", sa.DateTime),  # with its list, before its owner had acted on any entry
)
# The arm that an account was drawn for stays for ever, whatever the share becomes.
ARMS = _keyed_table(
    "arms",
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("playbook", sa.String(48), primary_key=True),  # "" where one draw holds for all of them
    sa.Column("arm", sa.String(8), nullable=False, info=ARM_WORDS),
    sa.Column("stratum", sa.String(48), nullable=False),
    sa.Column("since", sa.Date, nullable=False),
)
# Whom the lot fell on: everybody who belonged to an account when it was drawn keeps its arm, wherever they go. And whom
# it did not fall on, while they are held out with an account that they came to.
DRAWN = _keyed_table(
    "drawn",
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("playbook", sa.String(48), primary_key=True),
    sa.Column("since", sa.Date, primary_key=True),
    sa.Column("arm", sa.String(8), primary_key=True, info=ARM_WORDS),
    sa.Column("account_id", sa.String, nullable=False),
    sa.Column("stratum", sa.String(48), nullable=False),
    sa.Column("until", sa.Date),  # first day on which it holds no longer; none: drawn, for ever
)
# Whom no playbook ever touches: everybody who belonged to an account when it was drawn, wherever they go.
PROGRAMME = _keyed_table(
    "programme",
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("account_id", sa.String, nullable=False),
    sa.Column("since", sa.Date, nullable=False),
)
# Accounts that hold customers of both arms, as each list found them; none of them is contacted.
MERGERS = _keyed_table(
    "mergers",
    sa.Column("list_id", sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("held_out", sa.Integer, nullable=False),  # how many customers of it
    sa.Column("treated", sa.Integer, nullable=False),
)

# What people recorded. `key` makes each row idempotent: the same row again changes nothing.
CONTACTS = _keyed_table(
    "contacts",
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("entry_id", sa.String(32), index=True),  # none: contacted without a list
    sa.Column("contacted_on", sa.Date, nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    *_report_columns(),
)
OUTCOMES = _keyed_table(
    "outcomes",
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("entry_id", sa.String(32), nullable=False, index=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("happened_on", sa.Date, nullable=False),
    sa.Column("channel", sa.String(16)),
    *_report_columns(),
)
CONSENT = sa.Table(
    "consent",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("channel", sa.String(16), nullable=False),  # "*" = every channel
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
)
# Every change stays: the owner on a day is in the latest row until then.
OWNERS = _keyed_table(
    "owners",
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("since", sa.Date, primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("how", sa.String(16), nullable=False),  # round robin, hand-over
    sa.Column("by", sa.String),
    sa.Column("why", sa.Text),
)
# Of whom that is: everybody who belonged to the account on that day keeps the owner, wherever they go.
OWNED = _keyed_table(
    "owned",
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("since", sa.Date, primary_key=True),
    sa.Column("account_id", sa.String, nullable=False, index=True),  # under which it was given
    sa.Column("owner", sa.String, nullable=False),
)
HOLDS = sa.Table(
    "holds",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.String, nullable=False, index=True),
    sa.Column("kind", sa.String(8), nullable=False, info={"words": ("veto", "snooze", "lift")}),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date),  # first day on which it holds no longer; none for a veto
    sa.Column("by", sa.String, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
)
# Whom a hold is of: everybody who belonged to the account on that day keeps it, wherever they go. A lift is also of
# what its customers were held by under other accounts.
HELD = _keyed_table(
    "held",
    sa.Column("hold_id", sa.ForeignKey("holds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.String, primary_key=True, index=True),
    sa.Column("account_id", sa.String, primary_key=True, index=True),  # under which it was set
)

# The JSON that the API answers for each customer of the latest run, encoded once: a row costs less than its columns.
# It is derived from the run of its `run_id`; rows of another run are not used.
ANSWERS = sa.Table(
    "answers",
    METADATA,
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("run_id", sa.Integer, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False, info=JSON),  # in UTF-8
)
# API keys. Only a salted hash of each is stored: whoever reads the book cannot use it.
KEYS = _keyed_table(
    "keys",
    sa.Column("id", sa.String(16), primary_key=True),  # the part of a key that may be shown
    sa.Column("name", sa.String, nullable=False),
    sa.Column("roles", sa.String, nullable=False, info=JSON),  # scores, lists, outcomes, admin
    sa.Column("owner", sa.String),  # none: every owner's accounts
    sa.Column("salt", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("last_used_at", sa.DateTime),
)
# The way to the pages: a key of the role `pages` is a person, its link is used once, and its sessions end with it. Of
# links and sessions only a hash is stored: their texts are of 256 random bits.
LINKS = _keyed_table(
    "links",
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.ForeignKey("keys.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
    sa.Column("used_at", sa.DateTime),
)
SESSIONS = _keyed_table(
    "sessions",
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.ForeignKey("keys.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("seen_at", sa.DateTime, nullable=False),  # accurate to about an hour
    sa.Column("expires_at", sa.DateTime, nullable=False),
    sa.Column("ended_at", sa.DateTime),
)
# Who looked at what, once an hour each.
VIEWS = sa.Table(
    "views",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("owner", sa.String, index=True),  # whose accounts alone were shown; none: everybody's
    sa.Column("what", sa.String(16), nullable=False),
    sa.Column("list_id", sa.Integer),  # none: no list was shown
    sa.Column("customer_id", sa.String, index=True),  # none: not of one customer
)
# What the orders said of an entry's customer when its list was made, so that a page reads no order.
BACKGROUNDS = _keyed_table(
    "backgrounds",
    *_of("lists"),
    sa.Column("facts", sa.Text, nullable=False, info=JSON),
)
# Posted orders and events, as they came; the order source wins where it has the same order.
POSTED_ORDERS = _keyed_table(
    "posted_orders",
    sa.Column("order_id", sa.String, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("lines", sa.Text, nullable=False, info=JSON),  # one document per line
    sa.Column("recorded_at", sa.DateTime, nullable=False, index=True),
)
POSTED_EVENTS = _keyed_table(
    "posted_events",
    sa.Column("event_id", sa.String, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("event", sa.Text, nullable=False, info=JSON),
    sa.Column("recorded_at", sa.DateTime, nullable=False, index=True),
)
# Webhooks, and the messages still to be sent to them.
WEBHOOKS = _keyed_table(
    "webhooks",
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", sa.String, nullable=False, info=JSON),  # of serving.webhooks.messages.EVENTS
    sa.Column("secret", sa.String, nullable=False),  # sealed, not hashed: signing needs it; empty once removed
    sa.Column("former_secret", sa.String),  # sealed; signs too, until then: the receiver takes over the new one
    sa.Column("former_until", sa.DateTime),
    sa.Column("allow_private", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("removed_at", sa.DateTime),
)
OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("message_id", sa.String(32), nullable=False),  # the same whatever webhook and attempt
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.String(24), nullable=False),
    sa.Column("customer_id", sa.String, index=True),  # none: of a whole list
    sa.Column("body", sa.Text, nullable=False, info=JSON),  # as it is signed and sent
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", sa.DateTime),  # none: delivered, or given up
    sa.Column("delivered_at", sa.DateTime),
    sa.Column("gave_up_at", sa.DateTime),
    sa.Column("trouble", sa.Text),  # of the last attempt
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Index("ix_outbox_webhook_id", "webhook_id", "next_at"),
)
# Which list was mailed to which owner; begun and not sent: nobody knows whether it went out.
MAILED = _keyed_table(
    "mailed",
    sa.Column("list_id", sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String, primary_key=True),
    sa.Column("begun_at", sa.DateTime, nullable=False),
    sa.Column("sent_at", sa.DateTime),
)
# Whether the secret that lies outside the book is the one that sealed and digested what is in it; and those before it,
# by which records of erasures are known again.
SECRET_CHECK = _keyed_table(
    "secret_check",
    sa.Column("value", sa.String(64), primary_key=True),
    sa.Column("since", sa.DateTime, nullable=False),
    sa.Column("former", sa.Text),  # a former secret, sealed with the one of today; none: this is the one of today
)
# Erasures, and who asked for them; of the customer only a digest under that secret, which no guess finds without it.
# By that digest the customer is kept out when a file or a post brings the id again.
ERASURES = sa.Table(
    "erasures",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("customer_digest", sa.String(64), nullable=False, index=True),
    sa.Column("rows", sa.Text, nullable=False, info=JSON),  # table → how many
    sa.Column("let_in_at", sa.DateTime),  # none: whatever files and posts say of the customer is left out
    sa.Column("let_in_by", sa.String),
    sa.Column("let_in_why", sa.Text),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("from_version", sa.String(64)),
    sa.Column("to_version", sa.String(64), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("forced", sa.Boolean, nullable=False),
)

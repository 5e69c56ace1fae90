"""The database of record: scores, lists, contacts, outcomes, consent, owners, audit."""

from serving.book.audit import AuditRow
from serving.book.book import Book
from serving.book.decisions import Consent, Contact, Recorded, hand_over, hold, record_contacts, set_consent
from serving.book.history import history_of
from serving.book.outcomes import Outcome, record_outcomes
from serving.book.row_checks import Source
from serving.book.runs import Run
from serving.book.trial import episodes, leaks

__all__ = [
    "AuditRow",
    "Book",
    "Run",
    "Consent",
    "Contact",
    "Outcome",
    "Recorded",
    "Source",
    "hand_over",
    "hold",
    "record_contacts",
    "record_outcomes",
    "set_consent",
    "episodes",
    "history_of",
    "leaks",
]

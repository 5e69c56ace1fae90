"""The database of record: scores, lists, contacts, outcomes, consent, owners, audit."""

from serving.book.book import REGULAR, AuditRow, Book, Run

__all__ = ["REGULAR", "AuditRow", "Book", "Run"]

"""Who let which model serve, when and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.schema import AUDIT
from serving.book.sql_rows import utc_now


@dataclass(frozen=True)
class AuditRow:
    """One change of what serves: who let which version take over from which, and why; `at` is in UTC."""

    action: str
    who: str
    from_version: str | None
    to_version: str
    why: str
    forced: bool
    at: datetime

    @classmethod
    def now(cls, action: str, who: str, from_version: str | None, to_version: str, why: str, forced: bool) -> AuditRow:
        """Return the row of a change that is being made."""
        return cls(action, who, from_version, to_version, why, forced, utc_now())


def recorded(connection: Connection, row: AuditRow) -> AuditRow:
    """Write a row, and return it."""
    connection.execute(sa.insert(AUDIT).values(asdict(row)))
    return row


def audit_trail(connection: Connection) -> tuple[AuditRow, ...]:
    """Return every recorded change of what serves, oldest first."""
    rows = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.id)).mappings()
    return tuple(AuditRow(**{name: row[name] for name in AuditRow.__dataclass_fields__}) for row in rows)

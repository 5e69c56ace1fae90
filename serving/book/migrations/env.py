"""What Alembic runs: the missing steps, on the connection and in the transaction of `migrate.make_or_migrate`."""

from __future__ import annotations

from alembic import context

from serving.book.schema import METADATA


def run() -> None:
    """Run the missing steps."""
    given = context.config.attributes
    context.configure(
        connection=given["connection"],
        target_metadata=METADATA,
        version_table=given["version_table"],
        render_as_batch=True,  # SQLite changes columns by copying the table
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # Alembic's name for it; whoever else imports it (doctest, mypy) only reads it
    run()

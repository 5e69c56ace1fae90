"""How a book of an older version becomes one of this version, step by step; Alembic runs it."""

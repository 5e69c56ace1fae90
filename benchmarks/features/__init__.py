"""How long features take: the single pass against a database, side by side in one run."""

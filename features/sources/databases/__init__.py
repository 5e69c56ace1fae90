"""Orders that live in a database or a warehouse."""

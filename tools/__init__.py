"""Tools for whoever works on Regulars; nothing here is part of what a shop runs."""

"""Commands around the list: who is on it, why, what came of it."""

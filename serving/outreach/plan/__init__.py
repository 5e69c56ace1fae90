"""Plans the list: who is on it, in which order, with which owner, and why everybody else is not."""

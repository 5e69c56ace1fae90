"""Who goes on the list, and out to people."""

"""Who goes on the list, in which order and with whom."""

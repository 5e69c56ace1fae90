"""Who churned: labels, the horizon, and whether the history is sufficient."""

"""What was decided about accounts, kept for the people who belonged to them on that day."""

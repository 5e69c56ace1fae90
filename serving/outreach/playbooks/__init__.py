"""What to do for whom, and what to say."""

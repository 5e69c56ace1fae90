"""The candidate models, one per file."""

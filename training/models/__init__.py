"""The candidate models, one a file."""

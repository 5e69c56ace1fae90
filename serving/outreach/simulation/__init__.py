"""A simulated shop that lives through a year of weekly lists, and whose every potential outcome is known."""

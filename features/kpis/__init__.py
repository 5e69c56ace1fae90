"""Retention figures: periods, cohorts, years."""

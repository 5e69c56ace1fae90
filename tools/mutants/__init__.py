"""Mutation testing: one change at a time to the code, and whether a test fails for it."""

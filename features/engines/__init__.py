"""The translations of the closed set of aggregates."""

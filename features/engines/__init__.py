"""The engines that compute the closed set of aggregates."""

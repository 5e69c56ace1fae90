"""Scoring in partitions of whole customers, so that memory does not grow with the shop."""

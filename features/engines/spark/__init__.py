"""Spark as an engine: its session, what it is given of a shop, and the folders that it writes."""

"""Features of a log larger than the memory: time and peak memory by its size, as a whole and in partitions."""

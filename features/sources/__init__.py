"""A shop's files and posts, read into clean lines."""

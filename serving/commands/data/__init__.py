"""Commands that read a shop's files."""

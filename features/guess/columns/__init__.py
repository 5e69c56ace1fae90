"""Finds which column of a file is which field, by the names that shops give to columns, and by their cells."""

"""Reads a file of orders in partitions of whole customers, so that memory does not grow with the file."""

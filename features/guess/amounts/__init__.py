"""Finds what an amount is: which column holds the money of a line, and how price, discount and refund change it."""

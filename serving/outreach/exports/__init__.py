"""Writes files: tables for machines, and lists for people and for the systems they work in.

A file appears whole or not at all: it is written under a temporary name, then renamed. Names and other texts of
customers pass through every format unharmed and can do no harm there; `safe_text` says how.
"""

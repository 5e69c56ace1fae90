"""Out to files: tables for machines, and lists for people and for the systems they work in.

A file appears whole or not at all: it is written under another name beside its place, then renamed. What customers are
called and what is said of them passes through every format unharmed and can do no harm there; `safe_text` says how.
"""

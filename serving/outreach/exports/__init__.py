"""Out to files: tables for machines, and lists for people and for the systems they work in.

A file appears whole or not at all: it is written under another name beside its place, then renamed. What customers are
called and what is said of them passes through every format unharmed and can do no harm there; `cells` says how.
"""

from serving.outreach.exports.file_names import file_names
from serving.outreach.exports.folder import FORMATS, GROUP_FILES, check_formats, write_list
from serving.outreach.exports.list_csv import list_csv, people_csv
from serving.outreach.exports.write_table import write_table

__all__ = [
    "FORMATS",
    "GROUP_FILES",
    "check_formats",
    "file_names",
    "list_csv",
    "people_csv",
    "write_list",
    "write_table",
]

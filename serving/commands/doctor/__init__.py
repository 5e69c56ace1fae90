"""`regulars doctor`: one file for each thing that is looked at, and what to do about what is found."""

"""Opens a shop's files, whatever they are: text, workbooks, archives, several of them, joined parts; as one table."""

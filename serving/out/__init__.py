"""Tables for other systems: what they hold, how they are read from the book, and how they are written elsewhere."""

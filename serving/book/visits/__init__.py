"""Who opens the pages: links that are used once, the sessions that they begin, and what was looked at."""

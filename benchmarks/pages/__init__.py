"""How long a server takes for each page of a large shop."""

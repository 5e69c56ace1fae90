"""How long a list of a large shop takes."""

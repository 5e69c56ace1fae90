"""How long a backup and a restore of a large shop take."""

"""What the law asks of a shop about one person: to forget, to hand out what is stored, to keep nothing too long."""

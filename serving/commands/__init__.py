"""What a door asks for: each command in a file of its name."""

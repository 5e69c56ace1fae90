"""What `regulars init` proposes for a shop's files."""

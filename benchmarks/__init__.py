"""Speed and quality, each by one command."""

"""Commands for keys and webhooks."""

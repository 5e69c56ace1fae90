"""Webhooks: who is told of a list, and how a message reaches them: signed, retried, and only where it may go."""

"""Webhooks: the receivers, their outbox, and the delivery of signed messages, retried and only to allowed addresses."""

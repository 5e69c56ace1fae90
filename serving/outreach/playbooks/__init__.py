"""Playbooks: what to do for whom, what to say, and what that is assumed to save."""

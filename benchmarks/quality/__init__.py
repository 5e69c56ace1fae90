"""Who is right on real shops, out of time: every candidate on open logs, on the rows of the published figures."""

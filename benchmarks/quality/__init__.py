"""Who is right about real shops, out of time: every candidate on open logs, by the protocol of the published figures."""

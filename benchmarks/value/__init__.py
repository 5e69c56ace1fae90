"""What and when, out of time: expected spend and the date of the next order, on open logs and simulated shops."""

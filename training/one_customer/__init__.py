"""What a model says of one customer, so that a person can follow it: how a risk comes about, and where it goes."""

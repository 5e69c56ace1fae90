"""What a score says beside the probability: base rate, next order, spend, uplift."""

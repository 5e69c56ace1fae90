"""How good the model is today, what became of what it said, and what has changed in the shop since it learnt."""

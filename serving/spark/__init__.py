"""Scoring on Spark: the bundle goes to the workers, and the scores stay with them."""

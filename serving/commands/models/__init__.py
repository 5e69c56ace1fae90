"""Commands that train, judge and apply models."""

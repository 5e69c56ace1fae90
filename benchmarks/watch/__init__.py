"""How far off the estimate of a model's quality is, before its outcomes are in."""

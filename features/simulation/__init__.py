"""How the customers of a simulated shop behave; `features/simulate.py` is its front."""

"""How the customers of a simulated shop behave; `features/simulation/simulate.py` is its front."""

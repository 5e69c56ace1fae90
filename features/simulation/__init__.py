"""A simulated shop; `features/simulation/simulate.py` makes one."""

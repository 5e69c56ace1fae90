"""Other people's tools on the same rows: written by `benchmarks.quality.export`, run by `run.py`, read by `read.py`."""

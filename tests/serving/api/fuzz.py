"""`python -m tests.serving.api.fuzz --examples 10000`: the long test of test_fuzz.py, for as long as one likes."""

from __future__ import annotations

import argparse
import os
import sys

import pytest


def main() -> int:
    """Run it and return pytest's exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--examples", type=int, default=10_000, help="requests per operation")
    asked.add_argument("--seconds", type=int, default=0, help="bound on the whole run; 0 = none")
    given = asked.parse_args()
    os.environ |= {"REGULARS_FUZZ_EXAMPLES": str(given.examples), "REGULARS_FUZZ_SECONDS": str(given.seconds)}
    return int(pytest.main(["tests/serving/api/test_fuzz.py", "-x", "-m", "whole"]))


if __name__ == "__main__":
    sys.exit(main())

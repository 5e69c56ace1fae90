"""Compare the confidence sequence with GrowthBook's, which is published; run by a Python of its own that has `gbstats`.

python -m venv apart && apart/bin/pip install gbstats
python -m benchmarks.effect.against_growthbook --python apart/bin/python
"""

from __future__ import annotations

import argparse
import json
import subprocess

from serving.outreach.effect.confidence_sequence import standard_errors

CASES = [(accounts, tuned) for accounts in (60, 200, 500, 2_000, 8_000, 50_000) for tuned in (500, 2_000, 5_000)]
VARIANCE = 9.0
# Half the width of GrowthBook's sequential interval of the difference of two arms, each of half the accounts.
THEIRS = """
import json, sys
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic
def half(accounts, tuned):
    n = accounts // 2
    arm = SampleMeanStatistic(n=n, sum=0.0, sum_squares=variance * (n - 1))
    config = SequentialConfig(alpha=0.05, difference_type="absolute", sequential_tuning_parameter=tuned)
    low, high = SequentialTwoSidedTTest(arm, arm, config).confidence_interval
    return (high - low) / 2
cases, variance = json.loads(sys.argv[1])
print(json.dumps([float(half(*case)) for case in cases]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="a Python that has gbstats")
    asked = json.dumps([CASES, VARIANCE])
    command = [parser.parse_args().python, "-c", THEIRS, asked]
    theirs = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    worst = 0.0
    for (accounts, tuned), other in zip(CASES, theirs, strict=True):
        own = standard_errors(accounts, tuned) * (4 * VARIANCE / accounts) ** 0.5
        worst = max(worst, abs(own / other - 1))
        print(f"{accounts:>7,} accounts, tuned at {tuned:>5,}: {own:.9f}, theirs {other:.9f}")
    print(f"largest relative difference {worst:.1e}")
    raise SystemExit(int(worst > 1e-9))


if __name__ == "__main__":
    main()

"""How hard the laws are tried: `ci` on every run, `long` by HYPOTHESIS_PROFILE=long when an engine was touched."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No deadline: the first query of a run compiles much. Random shops are large examples, so they generate slowly.
# Derandomised: the same commit gives the same verdict; the long profile looks for new cases.
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", deadline=None, max_examples=20, derandomize=True, suppress_health_check=QUIET)
settings.register_profile("long", deadline=None, max_examples=1_000, suppress_health_check=QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

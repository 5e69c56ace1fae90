"""Whether the libraries load that need more than Python: LightGBM needs the system's OpenMP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from features.language.messages import sentence
from serving.commands.doctor.finding import Examined, Finding

NAME = "libraries"
LIBRARIES = ("lightgbm", "sklearn", "mlflow", "bentoml", "duckdb")
SECONDS = 180
# In a process of its own: what loads nothing here costs no memory, and a library that ends the process ends that one.
TRIED = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
found = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""
OPENMP = "libgomp"
INSTALL_OPENMP = sentence(
    "install the system's OpenMP: {command} (Debian, Ubuntu), {other} (Fedora)",
    command="apt-get install libgomp1",
    other="dnf install libgomp",
)
INSTALL = sentence("install the packages of requirements.lock again")


def check_libraries(_: Examined) -> Iterator[Finding]:
    """Load each library in a process of its own."""
    tried = subprocess.run(  # noqa: S603 — our own interpreter, our own words
        [sys.executable, "-c", TRIED, *LIBRARIES], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    try:
        failed: dict[str, str] = json.loads(tried.stdout.strip().rpartition("\n")[2])
    except ValueError:
        last = tried.stderr.strip().rpartition("\n")[2]
        words = sentence("a library ends Python (exit code {code}): {error}", code=str(tried.returncode), error=last)
        yield Finding(NAME, "problem", words, INSTALL)
        return
    for name, why in failed.items():
        to_do = INSTALL_OPENMP if OPENMP in why else INSTALL
        words = sentence("{library} does not load: {error}", library=name, error=why.splitlines()[0])
        yield Finding(NAME, "problem", words, to_do)
    if not failed:
        yield Finding(NAME, "ok", sentence("{names} load", names=", ".join(LIBRARIES)))

"""The published pages: who writes each, what it measures, on which commit it was made, and which are out of date.

python -m benchmarks.published

A page of outcomes (who is right, what a list keeps) ages with every commit that may change what the program answers. A
page of times ages with every commit to the code that it times.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from features.atomic_write import whole
from features.file_access import BY_UMASK

ROOT = Path(__file__).parents[1]
MADE_ON = re.compile(r"^Made on commit ([0-9a-f]{7,40})", re.MULTILINE)
MOST_OUTDATED = 3  # an issue is resolved with so many, each named
# Stretches of commits that changed no answer of the program: pages of outcomes do not age by them, pages of times do.
SAME_ANSWERS = (
    ("f481710", "7f580c7"),  # in features and training only which warnings of NumPy are heard
    ("7f580c7", "bf8d641"),  # code was moved and renamed; `tools/unchanged` compared every output byte by byte
)


@dataclass(frozen=True)
class Page:
    """A committed page of figures.

    Args:
        path: of the page, from the root.
        command: writes it.
        shows: outcomes, or times.
        measures: folders and files whose changes may change its figures, from the root.
    """

    path: str
    command: str
    shows: Literal["outcomes", "times"]
    measures: tuple[str, ...]


EFFECT = ("serving/outreach/effect", "serving/outreach/plan", "serving/outreach/simulation")
PAGES = (
    Page("benchmarks/ablation/results.md", "make bench-ablation", "outcomes", ("features", "training")),
    Page("benchmarks/effect/results.md", "make bench-effect", "outcomes", EFFECT),
    Page("benchmarks/effect/weekly.md", "make bench-effect", "outcomes", EFFECT),
    Page("benchmarks/features/results.md", "make bench", "times", ("features",)),
    Page(
        "benchmarks/intake/results.md",
        "make bench-intake",
        "times",
        ("features/sources", "features/roll_up.py", "features/memory.py", "features/blocks.py"),
    ),
    Page("benchmarks/lists/results.md", "make bench-lists", "times", ("serving/outreach", "serving/book")),
    Page(
        "benchmarks/quality/shrinking.md",
        "make bench-quality",
        "outcomes",
        ("features", "training"),
    ),
    Page(
        "benchmarks/quality/left.md",
        "make bench-quality",
        "outcomes",
        ("features", "training", "serving/outreach/plan"),
    ),
    Page("benchmarks/quality/level.md", "make bench-quality", "outcomes", ("features", "training")),
    Page("benchmarks/quality/proxy.md", "make bench-proxy", "outcomes", ("features", "training")),
    Page("benchmarks/quality/results.md", "make bench-quality", "outcomes", ("features", "training")),
    Page("benchmarks/serving/results.md", "make bench-serving", "times", ("serving/api", "serving/book", "features")),
    Page("benchmarks/serving/soak.md", "make bench-serving SOAK=20", "times", ("serving/api", "serving/book")),
    Page("benchmarks/serving/stalls.md", "make bench-serving", "times", ("serving/api", "serving/book")),
    Page("benchmarks/training/results.md", "make bench-training", "times", ("features", "training")),
    Page(
        "benchmarks/watch/results.md",
        "make bench-watch",
        "outcomes",
        ("features", "training", "serving/monitoring/expected_quality.py"),
    ),
    Page("benchmarks/value/results.md", "make bench-value", "outcomes", ("features", "training")),
)


def main() -> int:
    """Print each page with the changes since it was made; the exit code is 1 where more than three are out of date."""
    outdated = 0
    for page in PAGES:
        made, since = made_on(page), changes_since(page)
        outdated += bool(since) or made is None
        state = "current" if made and not since else f"out of date: {page.command}"
        print(f"{page.path:<36}{made or 'unknown commit':<16}{len(since):>4} changes  {state}")
    return int(outdated > MOST_OUTDATED)


def write_page(path: Path, text: str) -> None:
    """Write a page with the commit it was made on, whole or not at all, and print it."""
    signed = f"{text.rstrip()}\n\n{signature()}\n"
    with whole(path, BY_UMASK) as half:
        half.write_text(signed, encoding="utf-8")
    print(signed)


def signature() -> str:
    """Return the line that says on which commit a page was made."""
    changed = [line for line in _git("status", "--porcelain").splitlines() if line.endswith(".py")]
    dirty = f", with {len(changed)} source files changed since" if changed else ""
    return f"Made on commit {_git('rev-parse', '--short=10', 'HEAD').strip()}{dirty}."


def made_on(page: Page) -> str | None:
    """Return the commit that a page names; None where it names none of today's history, as after a rebase."""
    found = MADE_ON.search((ROOT / page.path).read_text(encoding="utf-8"))
    return found[1] if found and _is_history(found[1]) else None


def changes_since(page: Page) -> tuple[str, ...]:
    """Return the commits after a page's own that may have changed its figures."""
    made = made_on(page)
    if made is None:
        return ()
    found = _git("rev-list", f"{made}..HEAD", "--", *page.measures).split()
    same = set(_with_same_answers()) if page.shows == "outcomes" else set()
    return tuple(each for each in found if each not in same)


def _with_same_answers() -> Iterator[str]:
    for first, last in SAME_ANSWERS:
        yield from _git("rev-list", f"{first}..{last}").split()


def _is_history(commit: str) -> bool:
    command = ["git", "merge-base", "--is-ancestor", commit, "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"git {arguments[0]}: {done.stderr.strip() or 'this is not a clone of the repository'}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

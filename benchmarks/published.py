"""The published pages: who writes each, what it measures, on which commit it was made, and which are out of date.

python -m benchmarks.published

A page ages where code changes that its command runs, or that the server runs which its command asks. Words aside: they
change neither an outcome nor a time.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.imported import code_of, files_run_by
from features.atomic_write import whole
from features.file_access import BY_UMASK

ROOT = Path(__file__).parents[1]
MADE_ON = re.compile(r"^Made on commit ([0-9a-f]{7,40})", re.MULTILINE)
MOST_OUTDATED = 3  # an issue is resolved with so many, each named


@dataclass(frozen=True)
class Page:
    """A committed page of figures.

    Args:
        path: of the page, from the root.
        command: writes it.
        module: what is run, with all that it imports; '' = a command that asks a server or commands of ours.
        measures: the folders and files that these run, from the root.
    """

    path: str
    command: str
    module: str = ""
    measures: tuple[str, ...] = ()


# What speaks, and what writes a page, changes no figure of it.
WORDS = (
    *("features/language/", "features/errors.py", "features/sources/remedies.py"),
    *("features/sources/balance/words.py", "features/sources/balance/names.py"),
    *("benchmarks/published.py", "benchmarks/imported.py"),
)
SERVED = ("serving/api", "serving/book")
BACKED_UP = ("serving/backup", "serving/book/schema.py", "serving/book/recognition/damage.py")
PAGES = (
    Page("benchmarks/ablation/results.md", "make bench-ablation", "benchmarks.ablation"),
    Page("benchmarks/backup/results.md", "make bench-backup", measures=BACKED_UP),
    Page("benchmarks/data_worth/results.md", "make bench-data-worth", "benchmarks.data_worth"),
    Page("benchmarks/effect/results.md", "make bench-effect", "benchmarks.effect"),
    Page("benchmarks/effect/weekly.md", "make bench-effect", "benchmarks.effect.weekly"),
    Page("benchmarks/features/results.md", "make bench", "benchmarks.features.runs"),
    Page("benchmarks/features/peers.md", "make bench", "benchmarks.features.peers"),
    Page("benchmarks/intake/results.md", "make bench-intake", "benchmarks.intake"),
    Page("benchmarks/lists/results.md", "make bench-lists", measures=("serving/outreach", "serving/book")),
    Page("benchmarks/quality/shrinking.md", "make bench-quality", "benchmarks.quality.shrinking"),
    Page("benchmarks/quality/left.md", "make bench-quality", "benchmarks.quality.left"),
    Page("benchmarks/quality/level.md", "make bench-quality", "benchmarks.quality.level"),
    Page("benchmarks/quality/proxy.md", "make bench-proxy", "benchmarks.quality.proxy"),
    Page("benchmarks/quality/results.md", "make bench-quality", "benchmarks.quality"),
    Page("benchmarks/scale/results.md", "make bench-scale", "benchmarks.scale.runs"),
    Page("benchmarks/serving/results.md", "make bench-serving", "serving.scorer", SERVED),
    Page("benchmarks/serving/soak.md", "make bench-serving SOAK=20", measures=SERVED),
    Page("benchmarks/serving/stalls.md", "make bench-serving", measures=SERVED),
    Page("benchmarks/training/results.md", "make bench-training", "benchmarks.training"),
    Page("benchmarks/watch/alarms.md", "make bench-watch", "benchmarks.watch.alarms"),
    Page("benchmarks/watch/results.md", "make bench-watch", "benchmarks.watch"),
    Page("benchmarks/value/results.md", "make bench-value", "benchmarks.value"),
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
    """Return the files whose code, changed since a page was made, may have changed its figures."""
    made = made_on(page)
    if made is None:
        return ()
    run = sorted(path for path in _run_for(page) if not path.startswith(WORDS))
    changed = _git("diff", "--name-only", made, "HEAD", "--", *run).split() if run else ()
    return tuple(path for path in changed if _code_on(made, path) != _code_on("HEAD", path))


def _run_for(page: Page) -> frozenset[str]:
    """Return what runs for a page: the imports of its module, and what lies in the folders it measures."""
    imported = files_run_by(page.module, ROOT) if page.module else frozenset()
    now = _git("ls-files", "--", *page.measures).split() if page.measures else ()
    return imported | frozenset(path for path in now if path.endswith(".py"))


def _code_on(commit: str, path: str) -> str:
    """Return the code of a file on a commit; empty where it was not there."""
    done = subprocess.run(["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode else code_of(done.stdout)


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

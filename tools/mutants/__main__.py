"""`make mutants`: how many changes to the code its own tests notice, module by module.

python -m tools.mutants [MODULE]

A module is named by a part of its path; without one all of `judged.toml` are run that have changed since they were, or
whose tests have. `tests/mutants.md` is written of all that are known.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from tools.mutants.judged import ROOT, Judged, judged_modules, not_judged
from tools.mutants.outcomes import Outcome, kept
from tools.mutants.run import run

PAGE = ROOT / "tests" / "mutants.md"
LEAST_PERCENT = 90
HEAD = f"""# Which changes to the code the tests notice

Written by `make mutants`. [mutmut](https://mutmut.readthedocs.io) changes one thing at a time in the functions of a
module (a comparison, a number, an argument, a text) and runs the tests that `tools/mutants/judged.toml` names for it,
and no others: no doctests, no laws of the whole. Constants of a module are not changed. *Killed*: a test failed, or did
not end. *Equivalent*: no test can tell the change from the code. *Score*: killed, of those that are not equivalent;
it is to be {LEAST_PERCENT} % at least.
"""


def main() -> None:
    """Run the modules that are named and print, or write, what became of their mutants."""
    if find_spec("mutmut") is None:
        sys.exit("mutmut is not installed here: .venv/bin/python -m pip install 'mutmut>=3.8,<4'")
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [each for each in judged_modules() if named in each.module]
    if not chosen:
        sys.exit(f"no module of tools/mutants/judged.toml has {named!r} in its path")
    found = [_told(each) for each in chosen]
    known = [(each, kept(each)) for each in judged_modules()]
    PAGE.write_text("\n".join(page([outcome for _, outcome in known if outcome])) + "\n", encoding="utf-8")
    sys.exit(any(each.score_percent < LEAST_PERCENT for each in found))


def _told(judged: Judged) -> Outcome:
    found = run(judged)
    print(
        f"{judged.module}: {found.killed} killed, {len(found.survived)} survived, "
        f"{len(found.equivalent)} equivalent: {found.score_percent:.0f} %"
    )
    for before, after in found.survived:
        print(f"  - {before}\n  + {after}")
    return found


def page(found: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield HEAD
    yield "| module | mutants | killed | survived | equivalent | score | commit |"
    yield "| --- | --: | --: | --: | --: | --: | --- |"
    for each in found:
        counts = (each.killed + len(each.survivors), each.killed, len(each.survived), len(each.equivalent))
        numbers = " | ".join(str(count) for count in counts)
        yield f"| `{each.judged.module}` | {numbers} | {each.score_percent:.0f} % | {each.commit} |"
    for each in found:
        yield from _left(each)
    known = {each.judged.module for each in found}
    changed = [each.module for each in judged_modules() if each.module not in known]
    yield from _named("To be run again: the module or its tests have changed", changed)
    yield from _named("Not judged yet", not_judged())


def _named(title: str, modules: Sequence[str]) -> Iterator[str]:
    if modules:
        yield f"\n## {title}\n"
        yield ", ".join(f"`{name}`" for name in modules) + "."


def _left(outcome: Outcome) -> Iterator[str]:
    if outcome.survivors:
        yield f"\n## Left in `{outcome.judged.module}`\n"
        yield "| the code | the mutants | why they are left |"
        yield "| --- | --- | --- |"
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for before, after in outcome.survivors:
        why = outcome.judged.why_equivalent(before, after) or "no test yet, and not shown to be equivalent"
        rows[before, why].append(_cell(after))
    for (before, why), changed in rows.items():
        yield f"| {_cell(before)} | {'<br>'.join(changed)} | {why} |"


def _cell(line: str) -> str:
    return "`" + line.replace("|", "\\|") + "`"


if __name__ == "__main__":
    main()

"""Judge the default and every candidate on open and simulated logs, out of time; write `benchmarks/quality/results.md`.

python -m benchmarks.quality --cdnow CDNOW_master.txt [--peers FOLDER]

CDNOW_master.txt is package data of lifetimes 0.11.3 (PyPI, MIT): `pip download --no-deps lifetimes==0.11.3`, unzip it.
Without the argument it is taken from the installed package. FOLDER is what `benchmarks.quality.export` wrote and
`benchmarks/quality/peers/run.py` filled with the peers' predictions.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from benchmarks.published import write_page
from benchmarks.quality.judge import Section, judged
from benchmarks.quality.logs import (
    CASES,
    CDNOW,
    GIFTS,
    JOURNEY,
    STATIONARY,
    YOUNG,
    Known,
    cdnow,
    complete_journey,
    gift_shop,
    stationary_shop,
    young_shop,
)
from benchmarks.quality.peers.read import PeerRow, peer_rows

RESULTS = Path(__file__).with_name("results.md")
MEASURES = ("auroc", "brier", "ece", "log_loss")
# What is aimed at on the open logs: AUROC at least, Brier and ECE at most, by log and horizon in days.
OPEN_MUSTS = {
    (JOURNEY, 14): (0.838, 0.139, 0.015),
    (JOURNEY, 30): (0.866, 0.089, 0.012),
    (CDNOW, 90): (0.746, 0.171, 0.020),
    (CDNOW, 180): (0.702, 0.219, 0.040),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--peers", type=Path, default=None, help="folder with the peers' predictions")
    parser.add_argument("--simulated", type=int, metavar="CUSTOMERS", help="only the simulated shops, of so many")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    cases = simulated_shops(chosen.simulated) if chosen.simulated else _cases(chosen.cdnow)
    sections = [_said(judged(known)) for known in cases]
    peers = peer_rows(chosen.peers) if chosen.peers else ()
    details = "\n".join(_page_of(section, peers) for section in sections)
    text = PAGE.format(summary=_summary(sections), rivals=_rivals(sections), cases=details, machine=machine())
    write_page(chosen.out, text)


def _cases(path: Path | None) -> list[Known]:
    logs = {JOURNEY: complete_journey(), CDNOW: cdnow(path)}
    nobody_knows: pd.Series[float] = pd.Series(dtype=float)
    return [
        *(Known(case, logs[case.log], nobody_knows) for case in CASES),
        gift_shop(),
        stationary_shop(),
        young_shop(),
    ]


def simulated_shops(customers: int) -> list[Known]:
    """Return the simulated cases with so many customers; their figures are of other rows than the page's."""
    return [gift_shop(customers), stationary_shop(customers), young_shop(customers)]


def _said(section: Section) -> Section:
    print(f"{section.title}: {section.chosen}", file=sys.stderr)
    return section


def _summary(sections: list[Section]) -> str:
    lines = ["| log, horizon | default | AUROC | Brier | ECE | by chance | must |", "|---" * 7 + "|"]
    for section in sections:
        cells = " | ".join(f"{section.default[measure]:.4f}" for measure in MEASURES[:3])
        chance = f"{section.floor.mean:.4f}, up to {section.floor.most:.4f}"
        lines.append(
            f"| {section.title} | `{section.chosen}`, {section.calibration} | {cells} | {chance} | {_aim(section)} |"
        )
    return "\n".join(lines)


def _aim(section: Section) -> str:
    if section.case.log == STATIONARY:
        return "AUROC ≤ 0.60, ECE ≤ 0.020"
    if section.case.log == YOUNG:
        return f"AUROC ≥ {max(one.measures['auroc'] for one in section.candidates.values()) - 0.003:.3f}"
    if section.case.log == GIFTS:
        return _must(section.truth["auroc"] - 0.01, section.truth["brier"] + 0.004, 0.05)
    return _must(*OPEN_MUSTS[section.case.log, section.case.definition.horizon_days])


def _must(auroc: float, brier: float, ece: float) -> str:
    return f"≥ {auroc:.3f}, ≤ {brier:.3f}, ≤ {ece:.3f}"


def _rivals(sections: list[Section]) -> str:
    """How the default does against the expected orders of BG/NBD, as every package offers them."""
    shops = [section for section in sections if section.expected_orders_auroc is not None and section.has_something]
    gains = [section.default["auroc"] - (section.expected_orders_auroc or 0.0) for section in shops]
    said = ", ".join(f"{section.title} {gain:+.4f}" for section, gain in zip(shops, gains, strict=True))
    ece = sum(section.default["ece"] for section in sections) / len(sections)
    return (
        f"Against the expected orders of BG/NBD, in AUROC: {said}; mean {sum(gains) / len(gains):+.4f}. "
        f"Mean ECE over all {len(sections)}: {ece:.4f}."
    )


def _page_of(section: Section, peers: tuple[PeerRow, ...]) -> str:
    rows = [
        f"| `{name}`{mark} | {one.calibration} | {_cells(one.measures)} | {one.seconds:.1f} |"
        for name, one in section.candidates.items()
        for mark in [" ◄" if name == section.chosen else ""]
    ]
    truth = [f"| the law itself | | {_cells(section.truth)} | |"] if section.truth else []
    others = [
        f"| {row.peer} {row.version} | {row.note} | {_cells(row.measures)} | {row.seconds:.0f} |"
        for row in peers
        if (row.log, row.horizon_days) == (section.case.log, section.case.definition.horizon_days)
        and row.peer != "truth"
    ]
    return "\n".join([f"## {section.title}", "", *section.facts, "", HEAD, *truth, *rows, *others, ""])


def _cells(measures: dict[str, float]) -> str:
    return " | ".join(f"{measures[measure]:.4f}" for measure in MEASURES)


HEAD = "| candidate | calibration | AUROC | Brier | ECE | log loss | fit, s |\n" + "|---" * 7 + "|"
PAGE = """# Who is right, out of time

`python -m benchmarks.quality` writes this page. Each case is judged on one date that nothing here had seen: the default
is what `regulars train` would have served on that day. It backtests every candidate on earlier dates, takes the blend
unless another tells customers better apart beyond chance (the log loss with each date's level set true), with the
calibration that served it best, and learns again from all dates whose horizons had ended. One date is one draw: the
standard error of an AUROC here is 0.005 to 0.01. "By chance" is the ECE that
the default would show if its percentages were perfectly true: the mean over simulated outcomes, and what 95 % of
them stay below. Peers are fitted by `benchmarks/quality/peers/run.py` on an
export of the same log: 12 dates each, at most 60,000 rows of CDNOW, AutoGluon for a minute and FLAML for half a one.

{summary}

{rivals}

{cases}
{machine}
"""


def machine() -> str:
    """Facts without which the seconds mean nothing."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "lightgbm"))
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}."


if __name__ == "__main__":
    main()

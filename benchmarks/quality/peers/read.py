"""What the peers said, measured as our own candidates are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from training.metrics import evaluate


@dataclass(frozen=True)
class PeerRow:
    """One peer in one case.

    Args:
        log: name of the case's log, as in `Case`.
        horizon_days: of its definition; the two together name the case.
        peer: such as "flaml", or "truth" for what a simulator knows.
        version: of its package.
        measures: of `training.metrics.evaluate`.
        seconds: the whole run with its refit, by the wall; time limits are by the wall too.
        cpu_seconds: what the process worked in that time; far less on a busy machine. None where not measured.
        note: what the reader must know, or "".
    """

    log: str
    horizon_days: int
    peer: str
    version: str
    measures: dict[str, float]
    seconds: float
    cpu_seconds: float | None
    note: str


def peer_rows(folder: Path) -> tuple[PeerRow, ...]:
    """Read every prediction in a folder of `benchmarks.quality.export`, case by case, the truth of simulations first.

    Raises:
        SystemExit: predictions are of other customers than the test rows: the export is newer than the run.
    """
    return tuple(row for case in sorted(folder.glob("*/case.json")) for row in _of_case(case.parent))


def _of_case(folder: Path) -> list[PeerRow]:
    facts = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    log, horizon_days = str(facts["log"]), int(facts["horizon_days"])
    known = [PeerRow(log, horizon_days, "truth", "", facts["truth"], 0.0, None, "")] if "truth" in facts else []
    return known + [_of_peer(path, log, horizon_days) for path in sorted(folder.glob("peers/*.parquet"))]


def _of_peer(path: Path, log: str, horizon_days: int) -> PeerRow:
    said, test = pd.read_parquet(path), pd.read_parquet(path.parents[1] / "test.parquet")
    if list(said["customer_id"]) != list(test["customer_id"]):
        raise SystemExit(f"{path} is not of the rows of test.parquet: run the peers again")
    measures = evaluate(test["churned"].to_numpy(dtype=bool), said["probability"].to_numpy(dtype=float))
    run = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return PeerRow(
        log, horizon_days, path.stem, run["version"], measures, run["seconds"], run.get("cpu_seconds"), run["note"]
    )


def peers_table(rows: tuple[PeerRow, ...]) -> str:
    """Return the rows as Markdown."""
    head = "| case | peer | AUROC | Brier | ECE | log loss | fit, s | CPU, s |\n" + "|---" * 8 + "|"
    return "\n".join([head, *map(_line, rows), *sorted({f"\n`{row.peer}`: {row.note}" for row in rows if row.note})])


def _line(row: PeerRow) -> str:
    measures = " | ".join(f"{row.measures[name]:.4f}" for name in ("auroc", "brier", "ece", "log_loss"))
    name = f"`{row.peer}` {row.version}".strip()
    cpu = "–" if row.cpu_seconds is None else f"{row.cpu_seconds:.0f}"
    return f"| {row.log}, {row.horizon_days} days | {name} | {measures} | {row.seconds:.0f} | {cpu} |"

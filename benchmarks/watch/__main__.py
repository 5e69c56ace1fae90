"""How far the estimate of `regulars watch` was off: said before a window ended, against what came of it.

python -m benchmarks.watch --cdnow CDNOW_master.txt --answers answers.jsonl

Each log is asked on five dates; on each a logistic regression learns from what was known, the level is forecast for the
window that begins, and the quality is estimated from the probabilities alone. Who churned in it is what it is judged
by. With `--answers` each log's dates are kept as soon as they are known, and a run that was broken off goes on there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import hypot
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import write_page
from benchmarks.quality.seasons import BY_30_DAYS, Question, before_end, open_questions, simulated
from features.clock import day_number
from features.definitions import default_features
from serving.monitoring.expected_quality import Expected, Judge, expected_quality
from training.backtest.dates import split_data
from training.forecasts.base_rate import base_rates, read_weeks
from training.log_odds import sigmoid
from training.models.calibration import level_scale
from training.models.candidates import fit
from training.splits import Split, learning_dates

RESULTS = Path(__file__).with_name("results.md")
MODEL = "logistic"  # ranks nearly as the blend does, in a tenth of the time
APART_DAYS = 70


@dataclass(frozen=True)
class Asked:
    """One date: what was expected of each measure, and what came."""

    expected: dict[str, Expected]
    came: dict[str, float]

    @property
    def is_inside(self) -> bool:
        """Whether the share that churned lies inside its stated interval."""
        return self.expected["churned"].holds(self.came["churned"])

    def off(self, name: str) -> float:
        """Return how far the estimate of a measure was off."""
        return abs(self.expected[name].value - self.came[name])


def answered(question: Question) -> list[Asked]:
    """Return what was said on each date, and what came."""
    return [_on(question, day) for day in question.dates]


def _on(question: Question, day: date) -> Asked:
    end, asked = day_number(day), question.definition
    split = Split(learning_dates(question.log, end, asked), day)
    train, test = split_data(question.log, split, asked, default_features())
    found, weeks = fit(MODEL, train), read_weeks(question.log.before(end), asked, end, question.country)
    forecast = base_rates(weeks, train, end).forecast(end)
    scale, knows_season = level_scale(found.out_of_sample, forecast.spread), forecast.last_year is not None
    shift, missed = (forecast.shift, 0.0) if knows_season else (0.0, forecast.shift)  # the default of a backtest
    p = sigmoid(found.fitted.log_odds(test.values) + scale * shift)
    came = Judge(p).measures(test.y[None, :])
    error = scale * hypot(forecast.uncertainty, missed)  # as Bundle.level_error has it
    return Asked(expected_quality(p, error), {name: float(values[0]) for name, values in came.items()})


def seasons(customers: int, seeds: int) -> Iterator[Question]:
    """Yield simulated shops with a season, which differ by their seed alone."""
    for seed in range(101, 101 + seeds):
        log = simulated(customers, seed)
        yield Question(f"seed {seed} of {customers:,}", log, BY_30_DAYS, before_end(log, BY_30_DAYS, APART_DAYS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--customers", type=int, default=10_000, help="of the simulated shops")
    parser.add_argument("--seeds", type=int, default=50, help="simulated shops with a season")
    parser.add_argument("--only-seeds", action="store_true", help="without the open logs")
    parser.add_argument(
        "--answers", type=Path, default=None, help="file of answers, to go on where a run was broken off"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    known = Answers(chosen.answers)
    logs = () if chosen.only_seeds else open_questions(chosen.cdnow)
    found = {question.name: known.of(question) for question in logs}
    same = [known.of(question) for question in seasons(chosen.customers, chosen.seeds)]
    found[f"{chosen.seeds} seeds, season ± 25 %"] = [date for dates in same for date in dates]
    rows = [_row(name, asked) for name, asked in found.items()]
    rows.append(_row("**all**", [each for asked in found.values() for each in asked]))
    write_page(chosen.out, PAGE.format(rows="\n".join(rows), customers=chosen.customers, seeds=chosen.seeds))


@dataclass
class Answers:
    """The answers that are kept in a file, a log a line.

    Args:
        path: of the file; None keeps nothing.
    """

    path: Path | None

    def of(self, question: Question) -> list[Asked]:
        """Return the answers to a question: those that are kept, else those that are found now."""
        if (found := self._kept().get(question.name)) is None:
            print(question.name, file=sys.stderr, flush=True)
            found = answered(question)
            self._keep(question.name, found)
        return found

    def _kept(self) -> dict[str, list[Asked]]:
        if self.path is None or not self.path.exists():
            return {}
        lines = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        return {line["log"]: [_asked(date) for date in line["dates"]] for line in lines}

    def _keep(self, name: str, asked: Sequence[Asked]) -> None:
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"log": name, "dates": [asdict(each) for each in asked]}) + "\n")


def _asked(date: dict[str, Any]) -> Asked:
    return Asked({name: Expected(**values) for name, values in date["expected"].items()}, date["came"])


def _row(name: str, asked: Sequence[Asked]) -> str:
    inside, outside = ([each for each in asked if each.is_inside is where] for where in (True, False))
    medians = (_median(part, measure) for part in (inside, outside) for measure in ("auroc", "log_loss", "ece"))
    held = [_share_held(asked, measure) for measure in ("auroc", "log_loss")]
    return f"| {name} | {len(asked)} | {len(inside) / len(asked):.0%} | {' | '.join((*medians, *held))} |"


def _median(asked: Sequence[Asked], name: str) -> str:
    return f"{np.median([each.off(name) for each in asked]):.3f}" if asked else "–"


def _share_held(asked: Sequence[Asked], name: str) -> str:
    return f"{np.mean([each.expected[name].holds(each.came[name]) for each in asked]):.0%}"


PAGE = """# Said before the window ended, and what came

`python -m benchmarks.watch --customers {customers} --seeds {seeds}` writes this page. Each log is asked on five dates:
how good will today's probabilities turn out to be? Said is the median of drawn outcomes, whose level moves by the
uncertainty of the level's forecast; what came is measured on the orders of the window. "Level held" is the share of
dates on which the share that churned lay inside its 95 % interval: it promises 95 %. The medians are of the absolute
error of the estimate, on the dates whose level was held, and on the others: there the season has broken the estimate,
and `regulars watch` says so once the window has ended. The last two columns are the shares of dates on which AUROC and
log loss lay inside their own 95 % intervals.

| log | dates | level held | AUROC off | log loss off | ECE off | else AUROC | log loss | ECE | AUROC in | log loss in |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}
"""

if __name__ == "__main__":
    main()

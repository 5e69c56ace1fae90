"""Fit the peers on exported cases and write what they say; imports nothing of Regulars.

PEERS/bin/python benchmarks/quality/peers/run.py FOLDER autogluon flaml catboost
CLVKIT/bin/python benchmarks/quality/peers/run.py FOLDER clvkit

FOLDER is what `python -m benchmarks.quality.export` wrote. Each case gets peers/NAME.parquet (customer_id, probability,
the rows of test.parquet in their order) and peers/NAME.json (wall and CPU seconds, version, rows offered, note).
Everyone is told what Regulars' own candidates are told and no more: the latest training date is held out to stop on,
then all is refitted.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when a library loads its threads

import numpy as np
import pandas as pd

KEYS = ["customer_id", "as_of", "churned"]
LABEL = "churned"
MOST_ROWS = 60_000
PATIENCE = 50
DAYS_A_WEEK = 7.0  # clvkit searches from a start that suits weeks


@dataclass(frozen=True, eq=False)
class Case:
    """What a peer may see: everything but the answers of the test date."""

    name: str
    known: pd.DataFrame  # every row with its answer; the last fit is on these
    earlier: pd.DataFrame  # of them, those to search on …
    latest: pd.DataFrame  # … and those to judge the search by
    test: pd.DataFrame
    histories: pd.DataFrame
    horizon_days: int
    note: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written by benchmarks.quality.export")
    parser.add_argument("peers", nargs="+", choices=PEERS)
    parser.add_argument("--cases", nargs="*", default=None, help="names of folders; all without it")
    parser.add_argument("--seconds", type=float, default=1.0, help="factor on every peer's time limit")
    parser.add_argument("--rows", type=int, default=MOST_ROWS, help="that a peer learns from at most")
    chosen = parser.parse_args()
    folders = sorted(path.parent for path in chosen.folder.glob("*/case.json"))
    for folder in [one for one in folders if chosen.cases is None or one.name in chosen.cases]:
        case = read(folder, chosen.rows)
        for name in chosen.peers:
            _run(name, case, folder, chosen.seconds)


def read(folder: Path, most_rows: int) -> Case:
    """Read a case; a large one as a random part of its earlier dates."""
    train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
    horizon_days = int(json.loads((folder / "case.json").read_text())["horizon_days"])
    is_latest = train["as_of"] == train["as_of"].max()
    others, latest = train[~is_latest], train[is_latest]
    room, note = max(most_rows - len(latest), 0), ""
    if len(others) > room:
        few = f"{room + len(latest):,} of {len(train):,} rows"
        note = f"{folder.name}: {few}, all of the latest date, a random part of the rest"
        others = others.sample(room, random_state=1)
    known = pd.concat([others, latest], ignore_index=True)
    histories = pd.read_parquet(folder / "histories.parquet")
    earlier, judged = _hold_out(others, latest, horizon_days)
    return Case(folder.name, known, earlier, judged, test.drop(columns=LABEL), histories, horizon_days, note)


def _hold_out(others: pd.DataFrame, latest: pd.DataFrame, horizon_days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The latest date against the dates whose answers were known on it, as `Dataset.hold_out_last`.

    The dates between share days of their horizons with the latest: judged with them, a search learns customers by heart
    (CDNOW, 90 days: CatBoost stopped after 312 rounds instead of 79, and lost 0.04 of AUROC). Where no date was known,
    a fifth of the customers is kept apart instead.
    """
    before = others["as_of"] + pd.Timedelta(days=horizon_days) <= latest["as_of"].max()
    if before.any():
        return others[before], latest
    apart = latest["customer_id"].sample(frac=0.2, random_state=1)
    return others[~others["customer_id"].isin(apart)], latest[latest["customer_id"].isin(apart)]


def _run(name: str, case: Case, folder: Path, seconds: float) -> None:
    peer = PEERS[name]
    began, worked = time.perf_counter(), time.process_time()
    said = peer.fit(case, peer.limit_seconds * seconds)
    took, cpu = time.perf_counter() - began, time.process_time() - worked
    (folder / "peers").mkdir(exist_ok=True)
    table = pd.DataFrame({"customer_id": case.test["customer_id"].to_numpy(), "probability": said})
    table.to_parquet(folder / "peers" / f"{name}.parquet", index=False)
    facts = {
        "version": version(peer.package),
        "seconds": round(took, 1),
        "cpu_seconds": round(cpu, 1),  # of this process; far below `seconds`, the limit bought less on a busy machine
        "limit_seconds": peer.limit_seconds * seconds or None,
        "rows": len(case.known),
        "note": _note(name, case, said),
    }
    (folder / "peers" / f"{name}.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    print(f"{folder.name}: {name} took {took:.0f} s", flush=True)


def _note(name: str, case: Case, said: np.ndarray) -> str:
    if not np.isfinite(said).all():
        return f"no finite prediction on {case.name}: a parameter ran away in its fit"
    return "" if name == "clvkit" else case.note  # it has the histories of everyone


def _features(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns=KEYS, errors="ignore")


def _unused(case: Case) -> pd.DataFrame:
    """The known rows that neither searched nor judged."""
    used = pd.concat([case.earlier, case.latest])[KEYS[:2]]
    both = case.known.merge(used.assign(used=True), on=KEYS[:2], how="left")
    return both[both["used"].isna()].drop(columns="used")


def autogluon(case: Case, limit_seconds: float) -> np.ndarray:
    """AutoGluon's ensemble, tuned on the latest date; the best is refitted on all rows, which the limit leaves out.

    Without random forests and nearest neighbours, a handicap that is not measured: with them, a run limited to 12 s
    took 252 s with its refit on one shared core.
    """
    from autogluon.tabular import TabularPredictor

    earlier, latest = (rows.drop(columns=KEYS[:2]) for rows in (case.earlier, case.latest))
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(LABEL, problem_type="binary", eval_metric="log_loss", path=folder, verbosity=0)
        without = {"excluded_model_types": ["RF", "XT", "KNN"]}
        predictor.fit(earlier, tuning_data=latest, time_limit=limit_seconds, num_cpus=1, num_gpus=0, **without)
        predictor.refit_full("best", train_data_extra=_unused(case).drop(columns=KEYS[:2]))
        return predictor.predict_proba(_features(case.test))[True].to_numpy()


def flaml(case: Case, limit_seconds: float) -> np.ndarray:
    """FLAML's search, judged on the latest date; its winner is refitted on all rows, which the limit leaves out."""
    from flaml import AutoML

    told = {"task": "classification", "metric": "log_loss", "n_jobs": 1, "seed": 1, "verbose": 0}
    found, last = AutoML(), AutoML()
    found.fit(
        _features(case.earlier),
        case.earlier[LABEL].to_numpy(int),
        X_val=_features(case.latest),
        y_val=case.latest[LABEL].to_numpy(int),
        time_budget=limit_seconds,
        retrain_full=False,
        **told,
    )
    winner = {"estimator_list": [found.best_estimator], "starting_points": {found.best_estimator: found.best_config}}
    last.fit(_features(case.known), case.known[LABEL].to_numpy(int), max_iter=1, retrain_full=True, **winner, **told)
    return last.predict_proba(_features(case.test))[:, 1]


def catboost(case: Case, limit_seconds: float) -> np.ndarray:  # its own stopping ends it
    """CatBoost as it comes, as many rounds as helped on the latest date, refitted on all rows."""
    from catboost import CatBoostClassifier

    quiet = {"thread_count": 1, "random_seed": 1, "verbose": False, "allow_writing_files": False}
    stopped = CatBoostClassifier(**quiet)
    stopped.fit(
        _features(case.earlier),
        case.earlier[LABEL],
        eval_set=(_features(case.latest), case.latest[LABEL]),
        early_stopping_rounds=PATIENCE,
    )
    # Left alone, CatBoost takes a higher rate for fewer rounds, and the rounds found are of another model.
    rate, rounds = stopped.get_all_params()["learning_rate"], stopped.get_best_iteration() + 1
    model = CatBoostClassifier(iterations=max(rounds, 20), learning_rate=rate, **quiet)
    model.fit(_features(case.known), case.known[LABEL])
    return model.predict_proba(_features(case.test))[:, 1]


def clvkit(case: Case, limit_seconds: float) -> np.ndarray:  # four parameters
    """BG/NBD by clvkit: the expected orders in the horizon, and a line from their logarithm to the odds of churn.

    The tool has no probability of churn (P(alive) is 1 for everyone with one order), so the line is learnt from the
    latest training date, as for Regulars' own candidates.
    """
    dates = sorted(case.histories["as_of"].unique())
    latest = case.known[case.known["as_of"] == case.known["as_of"].max()]
    then, now = (_log_expected(case.histories, date, case.horizon_days) for date in dates)
    slope, level = _line(then.loc[latest["customer_id"]].to_numpy(), latest[LABEL].to_numpy(float))
    score = now.loc[case.test["customer_id"]].to_numpy()
    return 1 / (1 + np.exp(-(slope * score + level)))


def _log_expected(histories: pd.DataFrame, date: pd.Timestamp, horizon_days: int) -> pd.Series:
    from clvkit import BGNBD, CustomerBase

    rows = histories[histories["as_of"] == date].set_index("customer_id")
    weeks = {"recency": rows["t_x"] / DAYS_A_WEEK, "T": rows["T"] / DAYS_A_WEEK}
    table = pd.DataFrame({"frequency": rows["x"], **weeks})
    base = CustomerBase(
        table, time_unit="W", collapse="D", observation_period_end=date, has_monetary=False, on_negative="net"
    )
    expected = BGNBD().fit(base).predict(horizon_days / DAYS_A_WEEK).to_pandas()
    return np.log(np.maximum(expected.iloc[:, 0], 1e-12))


def _line(score: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Logistic regression of one variable, by Newton's method."""
    X, beta = np.column_stack([score, np.ones(len(score))]), np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-X @ beta))
        beta = beta + np.linalg.solve((X * (p * (1 - p))[:, None]).T @ X, X.T @ (y - p))
    return float(beta[0]), float(beta[1])


@dataclass(frozen=True)
class Peer:
    """A tool: its package, how it is fitted, and the time that it is given; 0 where it needs no limit."""

    package: str
    fit: Callable[[Case, float], np.ndarray]
    limit_seconds: float


PEERS = {
    "autogluon": Peer("autogluon.tabular", autogluon, 120.0),
    "flaml": Peer("flaml", flaml, 60.0),
    "catboost": Peer("catboost", catboost, 0.0),
    "clvkit": Peer("clvkit", clvkit, 0.0),
}

if __name__ == "__main__":
    main()

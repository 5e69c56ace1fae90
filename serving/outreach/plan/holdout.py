"""The holdout: accounts that are never contacted, so that the effect of contacting can be measured.

The draw is fair, stratified and kept for ever. Within a stratum accounts stand in the order of the list, and of each
block of twenty neighbours a fixed number is held out: those with the smallest hash of their id. So each account's
chance is the share, both arms hold as many of the most as of the least urgent, and the same book draws the same. The
book remembers every draw, and no account is drawn twice. Permuted blocks: Matts and Lachin (1988), "Properties of
permuted-block randomization in clinical trials".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

TREATED, HOLDOUT = "treated", "holdout"
BLOCK = 20
ANY_PLAYBOOK = ""
KNOWN_NAMES = ("account_id", "playbook", "arm", "stratum")


def draws(account_ids: Iterable[str], salt: str = "") -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) per account: a hash of its id, so it looks random and never changes.

    >>> float(draws(["ann"])[0]) == float(draws(["bob", "ann"])[1])
    True
    """
    texts = (f"{salt}\0{account_id}".encode("utf-8", "surrogatepass") for account_id in account_ids)
    hashes = (hashlib.blake2b(text, digest_size=8).digest() for text in texts)
    return np.array([int.from_bytes(each, "big") / 2**64 for each in hashes], dtype=np.float64)


def random_cell(customer_ids: Iterable[str], customers: int, day: str) -> frozenset[str]:
    """Draw the random cell of the four-group design for a day: so many customers, whatever their risk.

    >>> len(random_cell(["ann", "bob", "eve"], 2, "2026-03-02"))
    2
    """
    ids = np.array(list(customer_ids), dtype=object)
    return frozenset(ids[np.argsort(draws(ids, f"random cell {day}"), kind="stable")[:customers]])


def strata(kind: pd.Series, band: pd.Series, expected_spend: pd.Series) -> pd.Series:
    """Return the stratum of each row: its kind, its band, and whether its expected spend is above the median.

    >>> strata(pd.Series(["regular"] * 2), pd.Series(["high"] * 2), pd.Series([5, 900])).tolist()
    ['regular high small', 'regular high large']
    """
    large = expected_spend > expected_spend.median()
    size = np.where(large, "large", "small")
    named = [" ".join(parts) for parts in zip(kind, band, size, strict=True)]
    return pd.Series(named, index=kind.index, dtype=object)


def with_arms(ranked: pd.DataFrame, known: pd.DataFrame, share: float, *, by_playbook: bool = False) -> pd.DataFrame:
    """Return the frame with `arm` and the `stratum` it was drawn in: as remembered, or drawn now.

    Adds `drawn_for` too, the playbook that a draw is for, and `is_new_draw`. A draw for all playbooks and one for the
    playbook at hand both count, whichever of the two is drawn now; of the two the holdout decides.

    Args:
        ranked: one row per account, best first: account_id, playbook, stratum.
        known: account_id, playbook, arm, stratum of all former draws.
        share: the share of the accounts drawn now that is held out.
        by_playbook: draw anew for each playbook; else one draw of an account holds for all playbooks.

    >>> rows = pd.DataFrame({"account_id": [f"c{n}" for n in range(40)], "playbook": "call", "stratum": "regular"})
    >>> never = pd.DataFrame(columns=["account_id", "playbook", "arm", "stratum"])
    >>> int((with_arms(rows, never, 0.1)["arm"] == HOLDOUT).sum())
    4
    """
    drawn_for = ranked["playbook"] if by_playbook else pd.Series(ANY_PLAYBOOK, index=ranked.index)
    former = _known_arms(ranked, known)
    new = former["arm"].isna()
    rows = ranked.assign(drawn_for=drawn_for, arm=former["arm"], is_new_draw=new)
    rows["stratum"] = former["stratum"].where(~new, rows["stratum"])
    rows.loc[new, "arm"] = _new_arms(rows[new], share)
    return rows


def _known_arms(ranked: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return arm and stratum of each row as they were drawn before; None where they never were."""
    columns = (known[name].tolist() for name in KNOWN_NAMES)
    drawn = {(account, playbook): (arm, stratum) for account, playbook, arm, stratum in zip(*columns, strict=True)}
    found = []
    for account, playbook in zip(ranked["account_id"].tolist(), ranked["playbook"].tolist(), strict=True):
        own = [drawn[key] for key in ((account, ANY_PLAYBOOK), (account, playbook)) if key in drawn]
        found.append(min(own, key=lambda each: each[0] != HOLDOUT, default=(None, None)))
    return pd.DataFrame(found, columns=["arm", "stratum"], index=ranked.index, dtype=object)


def _new_arms(new: pd.DataFrame, share: float) -> npt.NDArray[np.object_]:
    """Draw the arms of accounts that were never drawn before."""
    if new.empty:
        return np.array([], dtype=object)
    rank_in_stratum = new.groupby("stratum").cumcount()
    pairs = zip(new["stratum"], rank_in_stratum, strict=True)
    block = pd.Series([f"{stratum} {rank // BLOCK}" for stratum, rank in pairs], new.index)
    drawn = zip(new["account_id"], new["drawn_for"], strict=True)
    number = pd.Series(draws(f"{account}\0{playbook}" for account, playbook in drawn), index=new.index)
    rank_in_block = number.groupby(block).rank(method="first")
    size = block.map(block.value_counts())
    # The fraction that a block's share leaves over is drawn by the block's own number: right on average.
    blocks = block.unique()
    remainder = block.map(dict(zip(blocks, draws(_block_keys(new, block, blocks), "block"), strict=True)))
    held_out = rank_in_block <= np.floor(size * share + remainder)
    return np.where(held_out, HOLDOUT, TREATED).astype(object)


def _block_keys(new: pd.DataFrame, block: pd.Series, blocks: npt.NDArray[np.object_]) -> list[str]:
    """Return a key of each block that differs from week to week: it holds the block's first account."""
    first = new["account_id"].groupby(block).first()
    return [f"{name}\0{first[name]}" for name in blocks]

"""`regulars promote` and `regulars rollback`: which version serves; the book audits each change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from features.errors import InputError
from serving.book import AuditRow, Book
from serving.book.audit import audit_trail, auditing, served_last
from serving.commands.models.killed_runs import close_killed
from serving.commands.models.lost_models import refuse_lost_models
from serving.shop import OpenShop, check_agrees
from training.gate import FAILED, PASSED
from training.tracking import REPLACED, SERVED, Tracking

PROMOTE, ROLLBACK, FOUND = "promote", "rollback", "found"
NOBODY = "not said"
TAG = "gate."


@dataclass(frozen=True, eq=False)
class ServingChange:
    """A change of what serves, as the book recorded it, and what it overrode."""

    audit: AuditRow
    candidate: str
    overridden: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        at = f"{self.audit.at.isoformat(timespec='seconds')}Z"
        return {**asdict(self.audit), "at": at, "serves": self.candidate, "overridden": list(self.overridden)}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        row = self.audit
        yield f"version {row.to_version} serves: {self.candidate}; before it: {_version(row.from_version)}"
        yield from (f"  overridden: {line}" for line in self.overridden)
        forced = ", forced" if row.forced else ""
        yield f"audited: {row.action}{forced}, by {row.who}, at {row.at:%Y-%m-%d %H:%M:%S} UTC: {row.why}"


def promote(
    shop: OpenShop, version: str | None = None, *, force: bool = False, by: str = "", why: str = ""
) -> ServingChange:
    """Let a version serve whose gate was passed, or, by force, any other; the bundle is verified before.

    Args:
        shop: the open shop.
        version: of the registry; None for the challenger.
        force: override the gate; `by` and `why` are needed.
        by: who decides; goes into the book alone.
        why: the reason.

    Raises:
        InputError: there is no such version, it serves already, its gate was not passed, or `force` lacks who and why.
        ModelRefused: the bundle is corrupt or gone.
    """
    tracking = shop.settings.tracking()
    if force and not (by.strip() and why.strip()):
        raise InputError("--force needs --by NAME and --why TEXT: who decides against the gate, and for what reason")
    refuse_lost_models(shop, tracking)
    close_killed(shop)
    asked = version or tracking.challenger_version()
    if asked is None:
        raise InputError("no challenger is registered: run regulars train first")
    tags, champion = _tags(tracking, asked), tracking.champion_version()
    if asked == champion:
        raise InputError(f"version {asked} serves already")
    broken = _objections(shop, tags, asked, champion)
    if broken and not force:
        raise InputError("\n  ".join([f"version {asked} is not promoted:", *broken, *_other_ways(tags, asked)]))
    reason = why.strip() or "its gate was passed"
    return _move(shop, tracking, PROMOTE, asked, by, reason, broken if force else ())


def roll_back(shop: OpenShop, to: str | None = None, *, by: str = "", why: str = "") -> ServingChange:
    """Let the version serve again that the champion replaced, or another that has served; it is verified before.

    Args:
        shop: the open shop.
        to: a version of the registry that has served; None for the one before the champion.
        by: who decides; goes into the book alone.
        why: the reason.

    Raises:
        InputError: there is nothing to roll back to, or that version has never served.
        ModelRefused: the bundle is corrupt or gone.
    """
    tracking = shop.settings.tracking()
    refuse_lost_models(shop, tracking)
    close_killed(shop)
    champion = tracking.champion_version()
    if champion is None:
        raise InputError("nothing serves yet, so there is nothing to roll back from: run regulars train first")
    asked = to or _tags(tracking, champion).get(REPLACED)
    if not asked:
        raise InputError(f"there is nothing to roll back to: version {champion} is the first that serves")
    if SERVED not in _tags(tracking, asked) and asked != champion:
        raise InputError(f"version {asked} has never served; to let it serve: regulars promote {asked}")
    return _move(shop, tracking, ROLLBACK, asked, by, why.strip() or "no reason given", ())


def _move(
    shop: OpenShop, tracking: Tracking, action: str, version: str, by: str, why: str, overridden: tuple[str, ...]
) -> ServingChange:
    bundle = tracking.load_version(version)  # verified before anything moves
    check_agrees(shop.settings, bundle, version)
    champion = tracking.champion_version()
    if champion == version:
        raise InputError(f"version {version} serves already")
    move = tracking.promote if action == PROMOTE else tracking.roll_back
    who, forced = by.strip() or NOBODY, bool(overridden)
    catch_up(shop.book, tracking)
    with auditing(shop.book, action, who, champion, version, why, forced=forced) as row:
        move(version)
    return ServingChange(row, bundle.candidate, overridden)


def _objections(shop: OpenShop, tags: Mapping[str, str], version: str, champion: str | None) -> tuple[str, ...]:
    """Return what speaks against a version, in words; nothing where its gate was passed against what serves now."""
    if "gate" not in tags:
        return ("no gate was recorded for it",)
    if tags["gate"] != PASSED:
        failed = [(name.removeprefix(TAG), verdict) for name, verdict in sorted(tags.items()) if name.startswith(TAG)]
        return tuple(f"{name}: {verdict.partition(': ')[2]}" for name, verdict in failed if verdict.startswith(FAILED))
    judged = tags.get("gate_against") or None
    if judged != champion and not _has_taken_its_place(shop.book_if_any, champion, version):
        return (f"its gate was passed against {_version(judged)}, but {_version(champion)} serves now",)
    return ()


def _has_taken_its_place(book: Book | None, champion: str | None, version: str) -> bool:
    """Say whether the gate let a version serve instead of this champion once: a first model is compared with none."""
    moves = () if book is None else audit_trail(book)
    let = {(row.from_version, row.to_version) for row in moves if row.action == PROMOTE and not row.forced}
    return (champion, version) in let


def _other_ways(tags: Mapping[str, str], version: str) -> Iterator[str]:
    if SERVED in tags:
        yield f"it has served before; to let it serve again: regulars rollback --to {version}"
    yield f"to promote it anyway: regulars promote {version} --force --by NAME --why TEXT"


def _version(version: str | None) -> str:
    return f"version {version}" if version else "nothing"


def _tags(tracking: Tracking, version: str) -> dict[str, str]:
    tags = tracking.version_tags(version)
    if tags is None:
        raise InputError(f"there is no version {version}: see the versions in mlflow ui, or run regulars train")
    return tags


def catch_up(book: Book, tracking: Tracking) -> None:
    """Record what serves where the book does not know it: moved in MLflow by hand, or by a run that was stopped."""
    champion, known = tracking.champion_version(), served_last(book)
    if champion is not None and champion != known:
        with auditing(book, FOUND, NOBODY, known, champion, "it serves, and this book did not see it begin"):
            pass

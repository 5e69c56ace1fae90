"""What somebody has to know after a restore: what is missing, and what a backup cannot know."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Engine

from features.errors import InputError
from features.language.counted import counted
from features.language.messages import Message, sentence
from serving.backup.carried import Former
from serving.backup.manifest import Manifest
from serving.backup.stage import Staged
from serving.book.connection import engine_of, shown_name
from serving.book.recognition.identity import in_words
from serving.book.recognition.known_book import Known
from serving.config import BOOK_URL, load_settings

UNDER_ANOTHER_SECRET = Message(
    "{count} erasure since the backup is under a secret that the restored book does not know: erase that customer "
    "again",
    plural="{count} erasures since the backup are under a secret that the restored book does not know: erase those "
    "customers again",
)
NOT_KNOWN = Message(
    "{count} erasure since the backup is not known to the restored book: erase that customer again",
    plural="{count} erasures since the backup are not known to the restored book: erase those customers again",
)


def missing_since(known: Known | None, former: Former | None, staged: Staged) -> str:
    """Say what the shop knew that the backup does not; "" where nothing."""
    if former is not None:
        return in_words({name: count - staged.rows.get(name, 0) for name, count in former.rows.items()})
    return "" if known is None else known.missing(staged.rows)


def of_settings(shop: Path, manifest: Manifest, server: Engine | None) -> list[str]:
    """Say what to write where the settings name another book than the one that was restored."""
    try:
        place = load_settings(shop / manifest.settings).book_place
    except InputError:
        return []
    if server is None and isinstance(place, str):
        return [
            sentence(
                "the book is a file now, and the settings name a database: leave url out of [book], and unset "
                "{variable}",
                variable=BOOK_URL,
            )
        ]
    if server is not None and (isinstance(place, Path) or shown_name(engine_of(place)) != shown_name(server)):
        return [
            sentence(
                "the settings do not name that database: set {variable}, or url under [book] in {toml}",
                variable=BOOK_URL,
                toml=manifest.settings,
            )
        ]
    return []


def of_sources(shop: Path, manifest: Manifest) -> list[str]:
    """Say which of the shop's own files are not there: the backup does not hold them."""
    gone = [each.what for each in manifest.left_out if each.is_file and not (shop / each.what).exists()]
    return [sentence("not here, and not in the backup: put back {names}", names=", ".join(gone))] if gone else []


def of_erasures(known: Known | None, former: Former | None, staged: Staged) -> list[str]:
    """Say that customers may be back who were erased after the backup was made."""
    if staged.carried.not_carried:
        return [counted(UNDER_ANOTHER_SECRET, staged.carried.not_carried)]
    lost = 0 if known is None else known.rows.get("erasures", 0) - staged.rows.get("erasures", 0)
    if former is None and lost > 0:
        return [counted(NOT_KNOWN, lost)]
    if former is None and known is None and staged.rows:
        return [sentence("whoever was erased after the backup was made is back: erase them again")]
    return []

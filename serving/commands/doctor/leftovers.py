"""What restores and backups left that were broken off, or is kept and forgotten; and how old the last backup is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

from features.language.messages import Message, Sentence, sentence
from features.language.minute import minute
from features.shell import shell_line
from serving.backup.last_backup import last_backup
from serving.backup.scratch import PREFIX, owner_is_gone
from serving.commands.doctor.finding import Examined, Finding
from serving.config.broken_restore import JOURNAL, RESTORING

BACKUP, RESTORE = "backup", "restore"
MOST_DAYS = 7


def check_backup(examined: Examined) -> Iterator[Finding]:
    """Say when the shop was backed up last, and whether that file is still where it was written."""
    if examined.settings is None:
        return
    last = last_backup(examined.settings.state_folder)
    if last is None:
        yield Finding(
            BACKUP,
            "warning",
            sentence("no backup was made yet"),
            sentence("{command}, on another disk", command="regulars backup --out FOLDER"),
        )
        return
    age = examined.now - last.made_at.replace(tzinfo=UTC)
    values: dict[str, Message | str] = {"then": minute(last.made_at), "file": str(last.path)}
    if not last.path.exists():
        yield Finding(
            BACKUP,
            "warning",
            sentence("the last one was made {then}, {file}, and is not there any more", **values),
            sentence("see that it was moved, or make another"),
        )
    elif age > timedelta(days=MOST_DAYS):
        yield Finding(
            BACKUP,
            "warning",
            sentence("the last one was made {then}, {file}, {days} days ago", days=age.days, **values),
            sentence("regulars backup, once a day by cron"),
        )
    else:
        yield Finding(BACKUP, "ok", sentence("the last one was made {then}, {file}", **values))


def check_restore(examined: Examined) -> Iterator[Finding]:
    """Look for a restore that was broken off, for what one kept aside, and for folders of killed commands."""
    if (examined.folder / RESTORING / JOURNAL).exists():
        words = sentence("a restore was broken off half-way, and no command opens the shop until it is ended")
        yield Finding(RESTORE, "problem", words, "regulars restore --resume")
    kept = sorted(examined.folder.glob("before-restore-*"))
    if kept:
        names = ", ".join(path.name for path in kept)
        words = sentence("{names}: a former shop, with what it knew of customers", names=names)
        remove = shell_line("rm", "-r", *map(str, kept))
        to_do = sentence("delete it once all is well: {command}", command=remove)
        yield Finding(RESTORE, "warning", words, to_do)
    left = [path for path in examined.folder.rglob(f"{PREFIX}*") if owner_is_gone(path)]
    if left:
        yield Finding(RESTORE, "warning", _killed(len(left)), shell_line("rm", "-r", *map(str, left)))


def _killed(count: int) -> Sentence:
    return Sentence.of(
        Message(
            "{count} folder of a command that was killed holds parts of the shop",
            {"count": count},
            plural="{count} folders of commands that were killed hold parts of the shop",
            count=count,
        )
    )

"""What restores and backups left that were broken off, or is kept and forgotten; and how old the last backup is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

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
        yield Finding(BACKUP, "warning", "no backup was made yet", "regulars backup --out FOLDER, on another disk")
        return
    age = examined.now - last.made_at.replace(tzinfo=UTC)
    words = f"the last one was made {last.made_at:%Y-%m-%d %H:%M UTC}, {last.path}"
    if not last.path.exists():
        yield Finding(
            BACKUP, "warning", f"{words}, and is not there any more", "see that it was moved, or make another"
        )
    elif age > timedelta(days=MOST_DAYS):
        yield Finding(BACKUP, "warning", f"{words}, {age.days} days ago", "regulars backup, once a day by cron")
    else:
        yield Finding(BACKUP, "ok", words)


def check_restore(examined: Examined) -> Iterator[Finding]:
    """Look for a restore that was broken off, for what one kept aside, and for folders of killed commands."""
    if (examined.folder / RESTORING / JOURNAL).exists():
        words = "a restore was broken off half-way, and no command opens the shop until it is ended"
        yield Finding(RESTORE, "problem", words, "regulars restore --resume")
    kept = sorted(examined.folder.glob("before-restore-*"))
    if kept:
        names = ", ".join(path.name for path in kept)
        words = f"{names}: a former shop, with what it knew of customers"
        yield Finding(
            RESTORE, "warning", words, f"delete it once all is well: {shell_line('rm', '-r', *map(str, kept))}"
        )
    left = [path for path in examined.folder.rglob(f"{PREFIX}*") if owner_is_gone(path)]
    if left:
        to_do = shell_line("rm", "-r", *map(str, left))
        yield Finding(
            RESTORE, "warning", f"{len(left)} folders of commands that were killed hold parts of the shop", to_do
        )

"""The lock of a shop: one run at a time, who holds it, and who was killed with it."""

import os
import platform
import signal

import pytest

from features.errors import Busy
from features.file_access import Access
from serving.commands.weekly.lock import HOLDER, LOCK, held, holder_in, is_held


def test_a_second_run_is_told_who_holds_the_lock(tmp_path):
    with held(tmp_path, "regulars weekly", Access()) as killed:
        assert killed is None
        assert is_held(tmp_path)
        holder = holder_in(tmp_path)
        with pytest.raises(Busy) as busy, held(tmp_path, "regulars retrain", Access()):
            pass
        assert (holder.command, holder.pid, holder.host) == ("regulars weekly", os.getpid(), platform.node())
        assert holder_in(tmp_path) == holder
    assert str(busy.value).startswith(
        f"another process holds the lock at {tmp_path / LOCK}: regulars weekly, process {os.getpid()} on "
        f"{platform.node()}, since {holder.since} UTC; nothing was begun; let it finish, or stop it"
    )
    assert not is_held(tmp_path)


def test_a_run_that_fails_gives_the_lock_back(tmp_path):
    with pytest.raises(KeyError), held(tmp_path, "regulars weekly", Access()):
        raise KeyError
    with held(tmp_path, "regulars weekly", Access()) as killed:
        assert killed is None


def test_the_lock_of_a_killed_process_is_free_and_says_whose_it_was(tmp_path):
    child = os.fork()
    if child == 0:
        with held(tmp_path, "regulars weekly", Access()):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert not is_held(tmp_path)
    with held(tmp_path, "regulars retrain", Access()) as killed:
        assert (killed.command, killed.pid) == ("regulars weekly", child)
        assert holder_in(tmp_path).pid == os.getpid()


def test_a_note_that_cannot_be_read_holds_nobody_up(tmp_path):
    (tmp_path / HOLDER).write_text('{"command": ')
    with held(tmp_path, "regulars weekly", Access()) as killed:
        assert killed is None


def test_nobody_else_may_read_who_holds_it(tmp_path):
    with held(tmp_path / "state", "regulars weekly", Access()):
        modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "state").iterdir()}
    assert modes == {HOLDER: 0o600, LOCK: 0o600}

"""Whoever is not meant to read a file cannot, whatever the umask: not while it is written and not afterwards."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.atomic_write import whole
from features.errors import InputError
from features.file_access import BY_UMASK, Access


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def a_group() -> str:
    """A group of this machine that this account may give files to: root may give them to any."""
    others = [each for each in grp.getgrall() if each.gr_gid != os.getegid()]
    mine = [each for each in others if os.geteuid() == 0 or each.gr_gid in os.getgroups()]
    return mine[0].gr_name if mine else grp.getgrgid(os.getegid()).gr_name


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_is_its_owners_alone_from_the_first_byte(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "new" / "deep" / "scores.csv"
    with whole(file) as half:
        assert mode(half) == 0o600
        half.write_text("x")
        assert mode(half) == 0o600
    assert [mode(each) for each in (file, file.parent, file.parent.parent)] == [0o600, 0o700, 0o700]


def test_a_group_may_read_what_it_is_named_for(tmp_path: Path, umask: int) -> None:
    """And never a half of it: until it is whole the file is its owner's."""
    group, file = a_group(), tmp_path / "new" / "list.csv"
    with whole(file, Access(group)) as half:
        half.write_text("x")
        assert mode(half) == 0o600
    assert (mode(file), mode(file.parent)) == (0o640, 0o750)
    assert {each.stat().st_gid for each in (file, file.parent)} == {grp.getgrnam(group).gr_gid}
    assert Access(group).holds(file)
    assert not Access().holds(file)


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """Somebody gave it to others on purpose; what is in it is closed all the same."""
    tmp_path.chmod(0o755)
    with whole(tmp_path / "a.csv") as half:
        half.write_text("x")
    assert (mode(tmp_path), mode(tmp_path / "a.csv")) == (0o755, 0o600)


def test_a_file_that_was_open_to_others_is_closed_when_it_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("former")
    file.chmod(0o666)
    with whole(file) as half:
        half.write_text("x")
    assert mode(file) == 0o600


def test_what_is_of_nobody_is_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with whole(tmp_path / "new" / "model.json", BY_UMASK) as half:
            half.write_text("{}")
    finally:
        os.umask(before)
    assert (mode(tmp_path / "new"), mode(tmp_path / "new" / "model.json")) == (0o755, 0o644)


def test_an_unknown_group_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'group = "no-such-group": this machine has no such group; name one'):
        Access("no-such-group").check()
    with pytest.raises(InputError, match="no such group"), whole(tmp_path / "a.csv", Access("no-such-group")) as half:
        half.write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_a_group_of_others_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is found out beforehand, or by the machine's own refusal."""
    strange = next(each.gr_name for each in grp.getgrall() if each.gr_gid not in (os.getegid(), *os.getgroups()))
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(InputError, match="this account is not a member; make it one, or leave the group out"):
        Access(strange).check()

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refused)
    with pytest.raises(InputError, match="not a member"), whole(tmp_path / "a.csv", Access(strange)) as half:
        half.write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_a_system_without_such_groups_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.file_access.HAS_MODES", False)
    with pytest.raises(InputError, match="this system has no groups that own files"):
        Access("crm").check()

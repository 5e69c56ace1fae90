"""`regulars doctor`: each check says that all is well, and names what was broken for real."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from serving.backup.archive import read_manifest
from serving.backup.scratch import PREFIX
from serving.book.migrate import HEAD
from serving.book.privacy.secret import VARIABLE
from serving.commands.doctor import libraries
from serving.commands.doctor.access import check_access
from serving.commands.doctor.book import check_book
from serving.commands.doctor.clock import check_clock
from serving.commands.doctor.data import check_data
from serving.commands.doctor.disk import check_disk
from serving.commands.doctor.doctor import CHECKS, examine
from serving.commands.doctor.finding import Check, Examined, Finding
from serving.commands.doctor.leftovers import check_backup, check_restore
from serving.commands.doctor.model import _damage, check_model, check_registry
from serving.commands.doctor.outside import check_mail, check_webhooks
from serving.commands.doctor.port import check_port
from serving.commands.doctor.python import check_python, other_than_locked, unfit_packages
from serving.commands.doctor.secret import check_secret
from serving.commands.doctor.weekly import check_weekly
from serving.commands.weekly.lock import held
from serving.commands.weekly.run_state import RunState, StageRecord, write_state
from serving.config import BOOK_URL, load_settings
from serving.config.broken_restore import JOURNAL, RESTORING
from tests.foreign_words import english_left, speaks
from tests.killed_write import killed_amid_a_write
from tests.loopback import HOST, free_port, served_on_a_port
from tests.serving.backup.conftest import files_of, regulars
from tests.serving.cli.test_book import another, emptied, gone
from tests.serving.conftest import new_database


def found(check: Check, folder: Path, port: int = 3000) -> list[Finding]:
    """What a check finds in a shop."""
    toml = folder / "regulars.toml"
    examined = Examined(toml, load_settings(toml), HOST, port)
    try:
        return list(check(examined))
    finally:
        examined.close()


def one(check: Check, folder: Path, port: int = 3000) -> Finding:
    (finding,) = found(check, folder, port)
    return finding


def in_database(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def scrambled(file: Path) -> None:
    """Leave a database's header alone whole."""
    content = file.read_bytes()
    file.write_bytes(content[:4096] + bytes(n * 37 % 251 for n in range(len(content) - 4096)))


def edited(folder: Path, former: str, new: str) -> None:
    toml = folder / "regulars.toml"
    assert former in toml.read_text()
    toml.write_text(toml.read_text().replace(former, new))


class TestPython:
    def test_this_one_fits(self, changed: Path) -> None:
        assert one(check_python, changed).state == "ok"

    def test_a_package_that_is_missing_or_too_old_is_named(self) -> None:
        asked = [Requirement("numpy<1"), Requirement("no-such-package>=2"), Requirement("no-such; extra == 'demo'")]
        old, missing = unfit_packages(iter(asked))
        assert old.endswith("is not <1")
        assert missing == "no-such-package is missing"
        assert list(unfit_packages(map(Requirement, requires("regulars") or ()))) == []

    def test_a_package_that_is_other_than_locked_is_named(self, tmp_path: Path) -> None:
        lock = tmp_path / "requirements.lock"
        lock.write_text(
            "# head\nnumpy==1.0.0 ; python_version >= '3'\nnumpy==0.9 ; python_version < '3'\nnot-here==1\n"
        )
        assert [words.endswith("is not 1.0.0") for words in other_than_locked(lock)] == [True]


class TestLibraries:
    def test_a_library_without_the_systems_openmp_is_named_with_the_package_to_install(
        self, changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The words of the system's own loader, for a library that it does not find."""
        (tmp_path / "lightgbm.py").write_text('import ctypes\nctypes.CDLL("libgomp.so.99")\n')
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(libraries, "LIBRARIES", ("lightgbm", "json"))
        finding = one(libraries.check_libraries, changed)
        assert finding.state == "problem"
        assert "lightgbm does not load: OSError: libgomp.so.99" in finding.words
        assert "libgomp1" in finding.to_do

    def test_a_library_that_ends_the_process_is_told_too(
        self, changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "lightgbm.py").write_text("import os\nos.abort()\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(libraries, "LIBRARIES", ("lightgbm",))
        assert "a library ends Python" in one(libraries.check_libraries, changed).words

    def test_what_loads_is_well(self, changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(libraries, "LIBRARIES", ("json", "sqlite3"))
        assert one(libraries.check_libraries, changed).state == "ok"


class TestAccess:
    def test_files_that_are_closed_to_others_are_well(self, changed: Path) -> None:
        """And a server's copy of the model, which is left to the umask as `mlruns/` is."""
        (changed / "regulars.toml").chmod(0o600)
        copy = changed / ".regulars" / "champion-0123456789ab" / "bundle.json"
        copy.parent.mkdir()
        copy.write_text("{}")
        copy.chmod(0o644)
        assert one(check_access, changed).state == "ok"

    @pytest.mark.parametrize(
        ("name", "state"), [("book.db", "problem"), (".regulars/book.secret", "problem"), ("regulars.toml", "warning")]
    )
    def test_a_file_that_others_can_read_is_named_with_the_command(self, changed: Path, name: str, state: str) -> None:
        (changed / "regulars.toml").chmod(0o600)
        (changed / name).chmod(0o644)
        finding = one(check_access, changed)
        assert (finding.state, finding.to_do) == (state, f"chmod 600 {changed / name}")

    def test_a_folder_that_cannot_be_written_is_named(self, changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (changed / "regulars.toml").chmod(0o600)
        (changed / "mlruns").chmod(0o500)
        if os.geteuid() == 0:  # whom no mode stops: the system is asked as it would answer anybody else
            monkeypatch.setattr(os, "access", lambda path, _: bool(Path(path).stat().st_mode & 0o200))
        (closed,) = (each for each in found(check_access, changed) if "cannot write" in each.words)
        assert closed.words.endswith(f"{changed / 'mlruns'}")

    @pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another account, which only root can")
    def test_a_file_of_another_account(self, changed: Path) -> None:
        (changed / "regulars.toml").chmod(0o600)
        os.chown(changed / "book.db", 12345, -1)
        finding = one(check_access, changed)
        assert (finding.state, "book.db belong to another account" in finding.words) == ("warning", True)
        assert finding.to_do == f"chown --reference={changed} {changed / 'book.db'}"

    def test_a_group_that_is_none_is_named(self, changed: Path) -> None:
        edited(changed, "[list]\n", '[files]\ngroup = "no-such-group"\n\n[list]\n')
        assert "no such group" in found(check_access, changed)[0].words


class TestDisk:
    def test_a_shop_that_is_larger_than_what_is_free(self, changed: Path) -> None:
        """A file with a hole as large as the disk."""
        assert one(check_disk, changed).state in ("ok", "warning")
        with (changed / "mlruns" / "hole").open("wb") as file:
            file.truncate(shutil.disk_usage(changed).free + 10**9)
        finding = one(check_disk, changed)
        assert finding.state == "problem"
        assert "a backup or a migration does not fit" in finding.words
        assert finding.to_do.startswith("free space")

    def test_a_shop_of_which_no_second_one_fits(self, changed: Path) -> None:
        with (changed / "mlruns" / "hole").open("wb") as file:
            file.truncate(shutil.disk_usage(changed).free * 2 // 3)
        assert one(check_disk, changed).state == "warning"


class TestClock:
    def test_nothing_is_of_tomorrow(self, changed: Path) -> None:
        assert one(check_clock, changed).state == "ok"

    def test_a_file_of_tomorrow(self, changed: Path) -> None:
        os.utime(changed / "orders.csv", (time.time() + 86_400,) * 2)
        finding = one(check_clock, changed)
        assert (finding.state, "the file orders.csv is of " in finding.words) == ("problem", True)
        assert finding.to_do.startswith("set the clock right")

    def test_a_book_that_was_written_tomorrow(self, changed: Path) -> None:
        in_database(changed / "book.db", "UPDATE identity SET written_at = '2999-01-01 00:00:00.000000'")
        finding = one(check_clock, changed)
        assert "the book's last write is of 2999-01-01 00:00 UTC" in finding.words
        assert "regulars book --clock-is-right" in finding.to_do

    def test_a_row_of_tomorrow(self, changed: Path) -> None:
        in_database(changed / "book.db", "UPDATE runs SET recorded_at = '2999-01-01 00:00:00.000000'")
        assert "a row of runs in the book is of 2999-01-01" in one(check_clock, changed).words


class TestBook:
    def test_a_whole_one(self, changed: Path) -> None:
        finding = one(check_book, changed)
        assert (finding.state, f"version {HEAD}, holds 1 list" in finding.words) == ("ok", True)

    @pytest.mark.parametrize("loss", [gone, emptied, another])
    def test_one_that_is_lost(self, changed: Path, loss: Callable[[Path], None]) -> None:
        loss(changed)
        before = files_of(changed)
        finding = one(check_book, changed)
        assert finding.state == "problem"
        assert finding.to_do.startswith("put the backup back")
        changed_files = {name for name, content in files_of(changed).items() if content != before.get(name)}
        assert changed_files <= ({"book.db"} if loss is emptied else set())  # SQLite gives an empty file a head

    def test_pages_that_are_not_whole(self, changed: Path) -> None:
        scrambled(changed / "book.db")
        assert "damaged" in one(check_book, changed).words

    def test_a_row_that_nobody_wrote(self, changed: Path) -> None:
        in_database(changed / "book.db", "UPDATE arms SET arm = 'neither'")
        said = [each for each in found(check_book, changed) if each.state == "problem"]
        assert ["arms has" in each.words for each in said] == [True]
        assert said[0].to_do.startswith("put its backup back")

    def test_a_row_that_belongs_to_nothing(self, changed: Path) -> None:
        in_database(changed / "book.db", "UPDATE entries SET list_id = 99")
        assert "a row of entries belongs to nothing" in " ".join(each.words for each in found(check_book, changed))

    def test_an_older_copy(self, changed: Path) -> None:
        shutil.copy(changed / "book.db", changed / "kept.db")
        assert regulars("consent", "c1", "--no", "--config", changed / "regulars.toml").code == 0
        gone(changed)
        (changed / "kept.db").rename(changed / "book.db")
        finding = one(check_book, changed)
        assert (finding.state, "missing: 1 word about consent" in finding.words) == ("problem", True)
        assert one(check_book, changed) == finding  # it is not the doctor who says it once

    def test_an_older_and_a_newer_version(self, changed: Path) -> None:
        in_database(changed / "book.db", "UPDATE book_version SET version_num = '0017'")
        finding = one(check_book, changed)
        assert (finding.state, finding.to_do) == ("warning", "make a backup first: regulars backup")
        in_database(changed / "book.db", "UPDATE book_version SET version_num = '9999'")
        assert one(check_book, changed).to_do == "install the Regulars that wrote it"

    def test_a_server_that_does_not_answer(self, changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(BOOK_URL, f"postgresql://shop:hidden@{HOST}:{free_port()}/book")
        finding = one(check_book, changed)
        assert "the database does not answer" in finding.words
        assert "hidden" not in finding.words

    def test_one_on_a_server(self, changed: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "of-a-test-" * 4)
        shutil.rmtree(changed / ".regulars")
        with new_database(postgresql) as url:
            monkeypatch.setenv(BOOK_URL, url)
            assert (
                regulars("keys", "create", "crm", "--role", "scores", "--config", changed / "regulars.toml").code == 0
            )
            assert "holds 1 key" in one(check_book, changed).words

    def test_a_shop_that_has_none_yet_gets_none(self, changed: Path) -> None:
        gone(changed)
        shutil.rmtree(changed / ".regulars")
        assert "there is none yet" in one(check_book, changed).words
        assert not (changed / "book.db").exists()


class TestSecret:
    def test_the_books_own(self, changed: Path) -> None:
        assert one(check_secret, changed).state == "ok"

    def test_one_that_is_gone_and_another_one(self, changed: Path) -> None:
        secret = changed / ".regulars" / "book.secret"
        secret.unlink()
        assert "does not hold the secret of this book" in one(check_secret, changed).words
        secret.write_text("f" * 64)
        assert one(check_secret, changed).to_do.startswith("put it back")
        secret.write_text("short")
        assert "is no secret" in one(check_secret, changed).words


class TestModel:
    def test_a_champion_that_proves_itself(self, changed: Path) -> None:
        assert one(check_registry, changed).words.endswith("version 2 is the champion")
        assert "opens, and its probe passes" in one(check_model, changed).words

    def test_a_registry_that_is_gone_or_damaged(self, changed: Path) -> None:
        registry = changed / "mlruns" / "mlflow.db"
        scrambled(registry)
        assert one(check_registry, changed).state == "problem"
        registry.unlink()
        finding = one(check_registry, changed)
        assert (finding.to_do, found(check_model, changed)) == ("put the backup of mlruns back: regulars restore", [])

    def test_a_registry_whose_writer_was_killed(self, changed: Path) -> None:
        """The half of its write is taken back, and nothing is amiss."""
        registry = changed / "mlruns" / "mlflow.db"
        killed_amid_a_write(registry)
        assert _damage(load_settings(changed / "regulars.toml").tracking()) == ""
        killed_amid_a_write(registry)
        finding = one(check_registry, changed)
        assert (finding.state, finding.words.endswith("version 2 is the champion")) == ("ok", True), finding
        with closing(sqlite3.connect(registry)) as opened:
            assert opened.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)

    def test_no_model_yet(self, changed: Path) -> None:
        shutil.rmtree(changed / "mlruns")
        assert (one(check_registry, changed).state, found(check_model, changed)) == ("warning", [])

    def test_a_registry_elsewhere_that_does_not_answer(self, changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REGULARS_MLFLOW_URI", f"http://{HOST}:{free_port()}")
        finding = one(check_registry, changed)
        assert (finding.state, "does not answer" in finding.words) == ("problem", True), finding
        assert found(check_model, changed) == []

    def test_a_bundle_that_was_changed(self, changed: Path) -> None:
        for file in (changed / "mlruns").rglob("value.json"):
            file.write_text(file.read_text() + " ")
        finding = one(check_model, changed)
        assert "is corrupt: its checksum differs" in finding.words
        assert finding.to_do.startswith("regulars train")

    def test_a_model_of_another_question(self, changed: Path) -> None:
        edited(changed, "horizon_days = 30", "horizon_days = 45")
        assert one(check_model, changed).state == "problem"

    def test_a_model_of_another_currency(self, changed: Path) -> None:
        edited(changed, 'currency = "EUR"', 'currency = "USD"')
        assert "was trained in EUR, not USD" in one(check_model, changed).words


class TestData:
    def test_orders_that_are_old(self, changed: Path) -> None:
        finding = one(check_data, changed)
        assert (finding.state, "the longest pause of the year before" in finding.words) == ("warning", True)

    def test_orders_that_are_of_yesterday(self, changed: Path) -> None:
        last = max(line.split(",")[2][:10] for line in (changed / "orders.csv").read_text().splitlines()[1:])
        edited(changed, "[list]\n", f"[serve]\ntoday = {last}\n\n[list]\n")
        assert one(check_data, changed).state == "ok"

    def test_orders_that_cannot_be_read(self, changed: Path) -> None:
        (changed / "orders.csv").write_text("order_id\n1\n")
        before = files_of(changed)
        finding = one(check_data, changed)
        assert (finding.state, finding.to_do) == ("problem", "regulars check says each row and column")
        assert files_of(changed) == before


class TestPort:
    def test_a_free_one(self, changed: Path) -> None:
        assert "is free" in one(check_port, changed, free_port()).words

    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (
                JSONResponse({"ready": True, "model": "registry", "trouble": None}),
                "ok",
                "with the model of the registry",
            ),
            (
                JSONResponse({"ready": False, "model": None, "trouble": "the book is gone"}, status_code=503),
                "problem",
                "is not ready: the book is gone",
            ),
            (PlainTextResponse("hello"), "problem", "another program listens"),
        ],
    )
    def test_one_that_is_taken(self, changed: Path, answer: Any, state: str, words: str) -> None:
        async def ready(_: object) -> Any:
            return answer

        with served_on_a_port(Starlette(routes=[Route("/readyz", ready)])) as url:
            finding = one(check_port, changed, int(url.rpartition(":")[2]))
        assert (finding.state, words in finding.words) == (state, True), finding

    def test_a_name_that_nobody_knows(self, changed: Path) -> None:
        toml = changed / "regulars.toml"
        (finding,) = check_port(Examined(toml, load_settings(toml), "no-such-host.invalid", 3000))
        assert (finding.state, "nothing can listen on no-such-host.invalid:3000" in finding.words) == ("problem", True)


class TestOutside:
    def test_mails_that_cannot_go_out(self, changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "lists are not mailed" in one(check_mail, changed).words
        deliver = '[deliver]\nsmtp = "smtp.shop.example"\nsender = "lists@example.org"\nuser = "lists"\n'
        addresses = '[list]\naddresses = { Eleni = "eleni@example.org" }\n'
        edited(changed, "[list]\n", f"{deliver}\n[list]\n")
        assert "names none" in one(check_mail, changed).words
        edited(changed, "[list]\n", addresses)
        monkeypatch.delenv("REGULARS_SMTP_PASSWORD", raising=False)
        assert "REGULARS_SMTP_PASSWORD" in one(check_mail, changed).words
        monkeypatch.setenv("REGULARS_SMTP_PASSWORD", "hidden")
        finding = one(check_mail, changed)
        assert (finding.state, "smtp.shop.example:587 (starttls)" in finding.words) == ("ok", True)
        edited(changed, "eleni@example.org", "no address")
        assert one(check_mail, changed).state == "problem"

    def test_messages_that_wait_and_that_never_arrived(self, changed: Path) -> None:
        assert one(check_webhooks, changed).state == "ok"
        assert (
            regulars(
                "list", "--as-of", "2023-01-16", "--out", changed / "l", "--config", changed / "regulars.toml"
            ).code
            == 0
        )
        in_database(
            changed / "book.db",
            "UPDATE outbox SET trouble = 'nobody answers', attempts = 3",
            "UPDATE outbox SET gave_up_at = '2026-01-01 00:00:00.000000', next_at = NULL "
            "WHERE id = (SELECT min(id) FROM outbox)",
        )
        said = found(check_webhooks, changed)
        assert any("the last attempt said: nobody answers" in each.words for each in said)
        assert any("1 message never arrived" in each.words for each in said)


class TestWeekly:
    def test_a_run_that_ended_that_stopped_and_that_is_under_way(self, changed: Path) -> None:
        assert found(check_weekly, changed) == []
        settings, at = load_settings(changed / "regulars.toml"), datetime(2026, 11, 30, 6)
        file, access = settings.state_folder / "weekly.json", settings.files.access()
        state = RunState(at.date(), at, stages={"check": StageRecord("done", at), "score": StageRecord("begun", at)})
        write_state(file, state, access)
        stopped = one(check_weekly, changed)
        assert (stopped.state, stopped.words) == ("warning", "the run of 2026-11-30 stopped at score")
        with held(settings.state_folder, "regulars weekly", access):
            assert "is under way: regulars weekly, process " in one(check_weekly, changed).words
            refused = regulars("restore", changed / "shop.zip", "--into", changed, "--replace")
            assert (refused.code, "regulars weekly, process " in refused.sentence) == (9, True)
        write_state(file, replace(state, ended_at=at), access)
        assert one(check_weekly, changed).words == "the run of 2026-11-30 ended 2026-11-30 06:00 UTC"

    def test_how_far_it_has_come_is_in_no_backup(self, changed: Path, tmp_path: Path) -> None:
        (changed / ".regulars" / "weekly.json").write_text("{}")
        archive = tmp_path / "a.zip"
        assert regulars("backup", "--out", archive, "--config", changed / "regulars.toml").code == 0
        assert not [name for name in json.loads(read_manifest(archive).to_json())["files"] if "weekly" in name]


class TestLeftovers:
    def test_the_last_backup(self, changed: Path) -> None:
        config = ("--config", changed / "regulars.toml")
        last = changed / ".regulars" / "last-backup.json"
        last.unlink(missing_ok=True)
        assert "no backup was made yet" in one(check_backup, changed).words
        assert regulars("backup", "--out", changed / "b.zip", *config).code == 0
        assert one(check_backup, changed).state == "ok"
        known = json.loads(last.read_text())
        last.write_text(json.dumps({**known, "made_at": "2020-01-01T00:00:00"}))
        assert "days ago" in one(check_backup, changed).words
        last.write_text(json.dumps(known))
        (changed / "b.zip").unlink()
        assert "is not there any more" in one(check_backup, changed).words

    def test_what_was_broken_off_and_what_is_kept(self, changed: Path) -> None:
        assert found(check_restore, changed) == []
        (changed / "before-restore-20260101-000000").mkdir()
        (changed / f"{PREFIX}abc").mkdir()
        os.utime(changed / f"{PREFIX}abc", (0, 0))
        kept, killed = found(check_restore, changed)
        assert kept.to_do.endswith(f"rm -r {changed / 'before-restore-20260101-000000'}")
        assert "1 folder of a command that was killed" in killed.words
        (changed / RESTORING).mkdir()
        (changed / RESTORING / JOURNAL).write_text("{}")
        assert regulars("keys", "list", "--config", changed / "regulars.toml").code == 2


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """To load every library takes seconds; that is tried above."""
    monkeypatch.setattr(libraries, "LIBRARIES", ("json",))


class TestCommand:
    def test_a_shop_that_works(self, changed: Path, quick: None) -> None:
        """Every check says something, and nothing is changed."""
        del quick
        (changed / "regulars.toml").chmod(0o600)
        before = files_of(changed)
        done = regulars("doctor", "--config", changed / "regulars.toml", "--port", free_port(), "--json")
        document = json.loads(done.out)
        assert (done.code, document["well"]) == (0, True), done.out
        assert {each["check"] for each in document["findings"]} == {"settings", *CHECKS} - {"restore", "weekly"}
        assert files_of(changed) == before

    def test_a_problem_is_exit_code_1_and_the_rest_is_looked_at(self, changed: Path, quick: None) -> None:
        del quick
        scrambled(changed / "book.db")
        done = regulars("doctor", "--config", changed / "regulars.toml", "--port", free_port())
        assert done.code == 1
        assert "problem  book " in done.out
        assert "ok       model " in done.out
        assert "to do: put its backup back" in done.out

    def test_settings_that_cannot_be_read(self, changed: Path, quick: None) -> None:
        del quick
        edited(changed, "[list]\n", "[lists]\n")
        done = regulars("doctor", "--config", changed / "regulars.toml", "--port", free_port())
        assert (done.code, "problem  settings " in done.out, "ok       python " in done.out) == (1, True, True)
        missing = regulars("doctor", "--config", changed / "none.toml", "--port", free_port())
        assert (missing.code, "there is no " in missing.out) == (1, True)

    def test_a_check_that_fails_itself_is_a_finding(
        self, changed: Path, quick: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del quick

        def broken(_: Examined) -> Iterator[Finding]:
            raise ZeroDivisionError("of its own")
            yield

        monkeypatch.setitem(CHECKS, "disk", broken)
        done = regulars("doctor", "--config", changed / "regulars.toml", "--port", free_port())
        assert "problem  disk       cannot be looked at: ZeroDivisionError: of its own" in done.out
        assert "ok       model " in done.out

    @pytest.mark.parametrize("code", ["fa", "el"])
    def test_it_speaks_the_shops_language_and_programs_read_english(
        self, changed: Path, quick: None, code: str
    ) -> None:
        """Nothing of a line is English but paths, commands and names; the orders are of yesterday."""
        del quick
        last = max(line.split(",")[2][:10] for line in (changed / "orders.csv").read_text().splitlines()[1:])
        edited(changed, "[list]\n", f"[serve]\ntoday = {last}\n\n[list]\n")
        toml = speaks(changed, code)
        toml.chmod(0o644)
        shown = examine(toml, HOST, free_port(), lambda *_: None)
        assert shown.language.code == code
        assert english_left(shown.lines(), {"deliver", "folder", "out", "lightgbm"}) == []
        english = {each.check: each.words for each in shown.findings}
        assert english["settings"].endswith("is read")
        assert json.loads(json.dumps(shown.to_dict()))["findings"][0]["words"] == english["settings"]

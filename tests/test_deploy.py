"""The files for containers, as far as they can be checked where there is no container engine."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
INSTRUCTIONS = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text()).splitlines()


def instructions(word: str) -> list[str]:
    """Return what the instructions of one kind say."""
    return [line.removeprefix(word).strip() for line in INSTRUCTIONS if line.startswith(word + " ")]


@pytest.fixture(scope="module")
def compose() -> Any:
    """The compose file as a document."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_everything_that_the_image_copies_is_there() -> None:
    """And the packages of the wheel are among it."""
    copied = {source for line in instructions("COPY") for source in line.split()[:-1]}
    assert all((ROOT / source).exists() for source in copied)
    assert {"features", "training", "serving", "requirements.lock"} <= copied


def test_the_image_does_not_run_as_root() -> None:
    """The last user named is nobody's superuser."""
    assert instructions("USER")[-1] not in ("root", "0")


def test_the_commands_are_the_command_line_s_own() -> None:
    """Entry point and default command are understood by `regulars`."""
    entry, command = ast.literal_eval(instructions("ENTRYPOINT")[0]), ast.literal_eval(instructions("CMD")[-1])
    assert entry == ["regulars"]
    program = str(Path(sys.executable).parent / "regulars")
    done = subprocess.run([program, *command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert instructions("EXPOSE") == [command[command.index("--port") + 1]]


def test_the_health_check_is_python_that_asks_the_exposed_port() -> None:
    """A slim image has no curl."""
    check = ast.literal_eval(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    ast.parse(check[2])
    assert f":{instructions('EXPOSE')[0]}/livez" in check[2]


def test_the_compose_file_names_its_parts(compose: Any) -> None:
    """Book, service and MLflow; nothing listens beyond this machine, and no password stands in the file."""
    services = compose["services"]
    assert set(services) == {"book", "regulars", "mlflow"}
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert services["book"]["environment"]["POSTGRES_PASSWORD"].startswith("${BOOK_PASSWORD:?")
    assert (DEPLOY / services["regulars"]["build"]["context"] / services["regulars"]["build"]["dockerfile"]).exists()


def test_the_book_of_the_compose_file_is_one_that_regulars_opens(compose: Any) -> None:
    """The URL has the form that the book takes, and points to the service of that name."""
    from serving.book.connection import engine_of

    url = compose["services"]["regulars"]["environment"]["REGULARS_BOOK_URL"]
    engine = engine_of(re.sub(r"\$\{BOOK_PASSWORD[^}]*\}", "secret", url))
    assert (engine.dialect.name, engine.url.host, engine.url.database) == ("postgresql", "book", "regulars")


def test_mlflow_knows_the_options_that_it_is_given(compose: Any) -> None:
    """Its pages over the shop's runs."""
    service = compose["services"]["mlflow"]
    help_text = subprocess.run(
        [sys.executable, "-m", "mlflow", "server", "--help"], capture_output=True, text=True
    ).stdout
    for option in service["command"]:
        assert option.partition("=")[0] in help_text


UNITS = sorted((DEPLOY / "systemd").iterdir())


def test_each_command_of_the_units_is_the_command_line_s_own() -> None:
    """In the shop's folder, by an account of its own, with the environment that no file of the shop holds."""
    program = str(Path(sys.executable).parent / "regulars")
    given = [line for unit in UNITS for line in unit.read_text().splitlines() if "/bin/regulars " in line]
    assert len(given) == 3
    for line in given:
        words = line.partition("/bin/regulars ")[2].split()
        done = subprocess.run([program, *words, "--help"], capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stderr)
    for unit in UNITS:
        if unit.suffix == ".service":
            assert "User=regulars" in unit.read_text()
            assert "EnvironmentFile=-/etc/regulars/" in unit.read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """With a program in the place of the one that they name: it is not installed where tests run."""
    for unit in UNITS:
        named = unit.read_text().replace("/opt/regulars/.venv/bin/regulars", sys.executable)
        (tmp_path / unit.name).write_text(named)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")

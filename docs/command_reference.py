"""The page of commands, made from the command line itself: each with its arguments, its options and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from serving.cli import app

PAGE = Path(__file__).parent / "commands.md"
HEAD = """# Commands

Generated from the command line by `make docs`; do not edit. `regulars COMMAND --help` says the same. What each is for,
in the order in which a shop meets them, stands in the [README](../README.md); what their exit codes mean, in
[operations.md](operations.md#exit-codes).
"""


def commands_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *(line for name, command in _commands() for line in _section(name, command))])


def _commands() -> Iterator[tuple[str, Any]]:
    """Yield the words of each command and the command, by name; those of a group one by one."""
    for name, command in sorted(get_command(app).commands.items()):  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {word}", each) for word, each in sorted(inner.items()))


def _section(name: str, command: Any) -> Iterator[str]:
    shown = [each for each in command.params if each.name != "help" and not getattr(each, "hidden", False)]
    places = [_place(each) for each in shown if each.param_type_name == "argument"]
    yield f"## regulars {name}\n"
    yield f"`{' '.join(['regulars', name, *places])}`\n"
    yield f"{_plain(command.help)}\n"
    if shown:
        yield "| | | default |"
        yield "| --- | --- | --- |"
        yield from map(_row, shown)
        yield ""


def _place(argument: Any) -> str:
    word = argument.human_readable_name.upper()
    return word if argument.required else f"[{word}]"


def _row(each: Any) -> str:
    if each.param_type_name == "argument":
        names = _place(each).strip("[]")
    else:
        value = "" if each.is_flag else f" {each.metavar or each.type.name.upper()}"
        names = ", ".join([*each.opts, *each.secondary_opts]) + value
    return f"| `{names.replace('|', '/')}` | {_plain(each.help)} | {_default(each)} |"


def _default(each: Any) -> str:
    if getattr(each, "is_flag", False):
        return ""
    shown = each.default
    return "" if shown is None or callable(shown) or shown == () or str(shown) == "." else f"`{shown}`"


def _plain(text: str | None) -> str:
    """Return a text in one line, as a cell of a table holds it."""
    return " ".join((text or "").split()).replace("|", "\\|")

"""The command line of `regulars init`: the shop's files, and the columns that the user names with `--column`.

Nothing can be written before every required field has its column. A guess that fails therefore prints the command to
run next, with `--column amount="…"` for each missing field, and the columns that are still free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from features.errors import InputError, suggest
from features.guess.sample import Sample
from features.language.messages import sentence
from features.shell import shell_line
from features.sources.databases.address import Database
from features.sources.mapping import Beside
from features.sources.opening.refusal import refusal
from features.tables import CUSTOMERS, EVENTS, ORDERS, names

TABLES = {"orders": names(ORDERS), "events": names(EVENTS), "customers": names(CUSTOMERS)}
MOST_NAMED = 60


@dataclass(frozen=True)
class Request:
    """The files of a shop, and the columns that the user names, which are not guessed.

    Args:
        orders: the orders file, or the database that holds them.
        events: the events file, if any.
        customers: the customers file, if any.
        columns: field -> header; a field of another file than the orders is written `events.kind`, `customers.name`.
        more: further options of the command line, repeated when a command is printed.
        files: several orders files, read as one.
        beside: files that hold a part of the orders.

    >>> Request(Path("o.csv"), columns={"amount": "Betrag"}).command(["ordered_at"], "orders")
    'regulars init o.csv --column amount="Betrag" --column ordered_at="…"'
    """

    orders: Path | Database
    events: Path | None = None
    customers: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    more: str = ""
    files: tuple[Path, ...] = ()
    beside: Beside = field(default_factory=Beside)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The orders files."""
        return self.files or (() if isinstance(self.orders, Database) else (self.orders,))

    @property
    def joined(self) -> Beside:
        """The files that are joined with the orders: lines hold the money rather than payments."""
        return replace(self.beside, payments=None) if self.beside.lines else self.beside

    def tell_of_payments(self, sample: Sample) -> None:
        """Say which money counts where both the lines and the payments of orders are given."""
        lines, payments = self.beside.lines, self.beside.payments
        if lines is not None and payments is not None:
            sample.assume(
                sentence(
                    "CHECK: an order is worth what {file} says; {other} is not read: to count what was paid (with "
                    "freight, say), leave out --lines {file}.",
                    file=lines.name,
                    other=payments.name,
                )
            )

    def command(self, missing: Sequence[str], table: str) -> str:
        """Return the command that names the columns that are still missing."""
        beside = {f"--{name}": getattr(self.beside, name) for name in ("lines", "payments", "persons")}
        files = {**beside, "--events": self.events, "--customers": self.customers}
        prefix = "" if table == "orders" else f"{table}."
        where = self.orders.options if isinstance(self.orders, Database) else self.paths
        words = [shell_line("regulars", "init", *where)]
        words += [shell_line(option, file) for option, file in files.items() if file is not None]
        words += [f"--column {name}={_in_quotes(header)}" for name, header in self.columns.items()]
        words += [f'--column {prefix}{name}="…"' for name in missing]
        return " ".join([*words, *([self.more] if self.more else [])])

    def of_table(self, table: str) -> dict[str, str]:
        """Return the columns that the user names for one file."""
        return {
            name.removeprefix(f"{table}."): header
            for name, header in self.columns.items()
            if name.startswith(f"{table}.") or (table == "orders" and "." not in name)
        }

    def check(self) -> None:
        """Refuse a field that no file has, or a file that was not given.

        Raises:
            InputError: names the field, and the one that was probably meant.
        """
        for option in self.columns:
            table, _, name = option.rpartition(".")
            known = TABLES.get(table or "orders", ())
            if name not in known:
                every = [*TABLES["orders"], *(f"{of}.{each}" for of in ("events", "customers") for each in TABLES[of])]
                raise InputError(
                    f'--column {option}: no file has a field "{option}".{suggest(option, every)}\n'
                    f"Fields of the orders: {', '.join(TABLES['orders'])}; of others: events.kind, customers.name …"
                )
            if {"events": self.events, "customers": self.customers, "orders": self.orders}[table or "orders"] is None:
                raise InputError(f"--column {option}: there is no {table} file; name it with --{table} {table}.csv")


def give(sample: Sample, table: str, request: Request) -> None:
    """Mark the columns that the user names as used, so that no other field takes them.

    Raises:
        InputError: a header that the file does not have; names the one that was probably meant.
    """
    for name, header in request.of_table(table).items():
        index = sample.file.column_index(header)
        if index is None:
            raise InputError(
                f'{sample.file.name} has no column "{header}", which --column gives to {name}.'
                f"{suggest(header, sample.file.header)}\nIt has {_named(sample.file.header)}."
            )
        sample.given[name] = index
        sample.used.add(index)
        sample.assume(sentence('{field} is "{column}", as you said.', field=name, column=sample.name(index)))


def need(
    sample: Sample, table: str, columns: Mapping[str, int | None], needed: Sequence[str], request: Request
) -> None:
    """Refuse a table some of whose required fields have no column yet.

    Raises:
        InputError: with the command that names the missing columns, and the columns that are still free; or there are
            no names of columns.
    """
    missing = [name for name in needed if columns.get(name) is None]
    if not missing:
        return
    if sum(cell.replace(".", "").isdigit() for cell in sample.file.header) * 2 > len(sample.file.header):
        raise refusal(
            sample.file.name, f"has no line of column names: the first one holds {_named(sample.file.header[:3])}",
            "write one above it, such as customer_id,ordered_at,amount", 1,
        )  # fmt: skip
    taken = set(columns.values())
    free = [header for index, header in enumerate(sample.file.header) if index not in taken and sample.filled(index)]
    found = [f'{name} = "{sample.name(index)}"' for name, index in columns.items() if index is not None]
    raise InputError(
        f"{sample.file.name}: no column was recognised as {', '.join(missing)}.\n"
        f"Say which one it is, with a column's name in place of each …:\n  {request.command(missing, table)}\n"
        f"Columns that are still free: {_named(free) or 'none'}."
        + (f"\nRecognised so far: {', '.join(found)}." if found else "")
    )


def _in_quotes(header: str) -> str:
    return '"' + "".join(f"\\{mark}" if mark in '"\\$`' else mark for mark in header) + '"'


def _named(headers: Sequence[str]) -> str:
    rest = f" and {len(headers) - MOST_NAMED} more" if len(headers) > MOST_NAMED else ""
    return ", ".join(f'"{header}"' for header in headers[:MOST_NAMED]) + rest

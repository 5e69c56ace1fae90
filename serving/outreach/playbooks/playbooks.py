"""The playbooks of a shop: the shipped ones, with the shop's own file over them.

`playbooks.toml` beside this file holds what retention practice names; a shop's own file replaces or adds by id, or
switches one off. What a playbook saves is stated as a prior, never as a fact: the shop's own holdout corrects it.

Amounts that would be nonsense in another currency are shares: of the shop's median expected spend, or of what the
customer is expected to spend. A shop's own playbook may state money instead, in major units of its currency.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import cast

from features.errors import InputError, Violation
from serving.outreach.plan.candidates import KINDS
from serving.outreach.playbooks.playbook import Condition, Playbook, Stage
from serving.outreach.playbooks.schema import check_playbooks, violation

SHIPPED = Path(__file__).with_name("playbooks.toml")
NAME = "playbooks.toml"
_ZERO = Decimal(0)
_EMPTY_STAGE = Stage("", (), "", _ZERO, _ZERO, _ZERO, _ZERO, _ZERO)


@dataclass(frozen=True)
class Playbooks:
    """The playbooks of a shop, by id.

    >>> load_playbooks()["service-recovery"].channel
    'service'
    """

    all: tuple[Playbook, ...]
    by_id: Mapping[str, Playbook] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {playbook.id: playbook for playbook in self.all})

    def __iter__(self) -> Iterator[Playbook]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, playbook_id: str) -> Playbook:
        return self.by_id[playbook_id]

    @property
    def asked(self) -> frozenset[str]:
        """Every fact that a condition or an opening names: what `facts` is asked for."""
        return frozenset[str]().union(*(playbook.facts for playbook in self.all))


def load_playbooks(own: Path | None = None) -> Playbooks:
    """Return the shipped playbooks with a shop's own over them, sorted by id.

    Args:
        own: the shop's file; None = the shipped ones alone.

    Raises:
        InputError: with every wrong key and value of the file.
    """
    known = {str(table["id"]): table for table in _read(SHIPPED)}
    file_name, broken = NAME if own is None else own.name, list[Violation]()
    if own is not None:
        tables = _read(own)
        broken += check_playbooks(tables, known, own.name)
        known |= {str(table.get("id", "")): table for table in tables}
    kept = {key: table for key, table in known.items() if table.get("off") is not True}
    broken += [] if broken else _kinds_without_resort(list(kept.values()), file_name)
    if broken:
        raise InputError(f"{file_name} cannot be used", broken)
    return Playbooks(tuple(_playbook(kept[key]) for key in sorted(kept)))


def _read(path: Path) -> list[dict[str, object]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not written in UTF-8; save it so") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not TOML: {error}") from None
    return _tables(content, path.name)


def _tables(content: Mapping[str, object], file_name: str) -> list[dict[str, object]]:
    """Return the tables under [[playbook]], the only key of a file."""
    remedy = "write [[playbook]]"
    wrong = [violation(file_name, key, "is not known", "", remedy) for key in content if key != "playbook"]
    tables = content.get("playbook", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        wrong.append(violation(file_name, "playbook", "is not a list of tables", "", remedy))
    if wrong:
        raise InputError(f"{file_name} cannot be used", wrong)
    return [dict(each) for each in cast("list[dict[str, object]]", tables)]


def _kinds_without_resort(kept: Sequence[Mapping[str, object]], file_name: str) -> list[Violation]:
    """Every entry needs a playbook: for each kind one must fit the customers that nothing else fits."""
    resorts = {kind for table in kept if table.get("last_resort") is True for kind in TomlTable(table).texts("kinds")}
    remedy = "keep one with last_resort = true for them"
    return [
        violation(file_name, "playbook", f"leaves customers of kind {kind} without a playbook", "", remedy)
        for kind in KINDS
        if kind not in resorts
    ]


@dataclass(frozen=True)
class TomlTable:
    """Typed access to a table of TOML whose rules were checked.

    >>> TomlTable({"kinds": "new", "saved": 1}).texts("kinds")
    ('new',)
    """

    content: Mapping[str, object]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return one text or several; none where the key is missing."""
        return tuple(str(each) for each in self.values(key))

    def values(self, key: str) -> tuple[str | Decimal, ...]:
        """Return one value or several, numbers as decimals; none where the key is missing."""
        value = self.content.get(key, ())
        return tuple(_text_or_number(each) for each in (value if isinstance(value, (list, tuple)) else [value]))

    def plain(self, key: str) -> bool | str | Decimal:
        """Return a flag, a text or a number."""
        value = self.content[key]
        return value if isinstance(value, bool) else _text_or_number(value)

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        return str(self.content.get(key, default))

    def number(self, key: str, default: Decimal = _ZERO) -> Decimal:
        """Return a number."""
        return Decimal(str(self.content.get(key, default)))

    def number_or_none(self, key: str) -> Decimal | None:
        """Return a number; None where the key is missing."""
        return self.number(key) if key in self.content else None

    def whole(self, key: str) -> int:
        """Return a whole number; 0 where the key is missing."""
        return int(str(self.content.get(key, 0)))

    def tables(self, key: str) -> list[TomlTable]:
        """Return the tables under a key."""
        return [TomlTable(each) for each in cast("list[Mapping[str, object]]", self.content.get(key, []))]


def _text_or_number(value: object) -> str | Decimal:
    return value if isinstance(value, str) else Decimal(str(value))


def _playbook(content: Mapping[str, object]) -> Playbook:
    table = TomlTable(content)
    first = _stage(table, _EMPTY_STAGE)
    return Playbook(
        id=table.text("id"),
        title=table.text("title"),
        kinds=table.texts("kinds"),
        channel=table.text("channel"),
        stages=tuple(_stage(each, first) for each in table.tables("stage")) or (first,),
        success_event=table.text("success_event"),
        due_days=table.whole("due_days"),
        cooldown_days=table.whole("cooldown_days"),
        source=table.text("source"),
        states=table.texts("states"),
        bands=table.texts("bands"),
        when=tuple(_condition(each) for each in table.tables("when")),
        least_order_days=table.whole("least_order_days"),
        least_value=table.number("least_value"),
        least_value_ratio=table.number("least_value_ratio"),
        most_contacts=table.whole("most_contacts") if "most_contacts" in content else None,
        cost=table.number_or_none("cost"),
        cost_share=table.number("cost_share"),
        priority=table.whole("priority"),
        last_resort=content.get("last_resort") is True,
        sunset="stage" in content,
    )


def _stage(table: TomlTable, default: Stage) -> Stage:
    """Return a stage; what its table leaves out is as in the playbook itself."""
    return Stage(
        what_to_say=table.text("what_to_say", default.what_to_say),
        openings=table.texts("opening") or default.openings,
        incentive=table.text("incentive", default.incentive),
        incentive_cost=table.number("incentive_cost", default.incentive_cost),
        incentive_share=table.number("incentive_share", default.incentive_share),
        saved=table.number("saved", default.saved),
        saved_low=table.number("saved_low", default.saved_low),
        saved_high=table.number("saved_high", default.saved_high),
    )


def _condition(table: TomlTable) -> Condition:
    content = table.content
    return Condition(
        fact=table.text("fact"),
        at_least=table.number_or_none("at_least"),
        at_most=table.number_or_none("at_most"),
        is_=table.plain("is") if "is" in content else None,
        among=table.values("among") if "among" in content else None,
        known=content["known"] is True if "known" in content else None,
    )

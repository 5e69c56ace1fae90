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
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from features.errors import InputError, Violation
from features.faults import cannot_be
from features.language.languages import Language
from serving.outreach.plan.candidates import KINDS
from serving.outreach.playbooks.playbook import Condition, Playbook, Stage, Wordings
from serving.outreach.playbooks.schema import LANGUAGE_CODES, check_playbooks, violation

SHIPPED = Path(__file__).with_name("playbooks.toml")
NAME = "playbooks.toml"
_FIELDS = Playbook.__dataclass_fields__.keys() - {"stages", "when", "sunset", "wordings"}


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

    def titles_in(self, language: Language) -> dict[str, str]:
        """Return playbook → its title in a language: the shop's own wording, else that of the catalogues.

        >>> from features.language.languages import PERSIAN
        >>> load_playbooks().titles_in(PERSIAN)["personal-call"]
        'تماس شخصی'
        """
        return {playbook.id: playbook.title_in(language) for playbook in self.all}


def playbooks_in_force(own: Path | None) -> Playbooks:
    """Return the playbooks of a shop, read again only when its file has changed; arguments as for `load_playbooks`."""
    return _kept(own, own.stat().st_mtime_ns if own is not None else 0)


@lru_cache(maxsize=2)
def _kept(own: Path | None, _changed_at_ns: int) -> Playbooks:
    return load_playbooks(own)


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
        raise cannot_be("read", path.name, error) from error
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
    resorts = {kind for table in kept if table.get("last_resort") is True for kind in _several(table.get("kinds", ()))}
    remedy = "keep one with last_resort = true for them"
    return [
        violation(file_name, "playbook", f"leaves customers of kind {kind} without a playbook", "", remedy)
        for kind in KINDS
        if kind not in resorts
    ]


def _playbook(table: Mapping[str, Any]) -> Playbook:
    """Return the playbook of a table whose rules were checked."""
    stages = [_stage({**table, **each}) for each in table.get("stage", ())] or [_stage(table)]
    own: dict[str, Any] = {name: table[name] for name in _FIELDS & table.keys()}
    own |= {name: _several(own[name]) for name in ("kinds", "states", "bands") if name in own}
    own |= {
        name: _number(own[name]) for name in ("least_value", "least_value_ratio", "cost", "cost_share") if name in own
    }
    own["when"] = tuple(_condition(each) for each in table.get("when", ()))
    own["wordings"] = _wordings(table)
    return Playbook(**own, stages=tuple(stages), sunset="stage" in table)


def _stage(table: Mapping[str, Any]) -> Stage:
    """Return a stage; what its own table leaves out is as in the playbook itself."""
    numbers = ("incentive_cost", "incentive_share", "saved", "saved_low", "saved_high")
    return Stage(
        what_to_say=table.get("what_to_say", ""),
        openings=_several(table.get("opening", ())),
        incentive=table.get("incentive", ""),
        **{name: _number(table.get(name, 0)) for name in numbers},
        wordings=_wordings(table),
    )


def _wordings(table: Mapping[str, Any]) -> Wordings:
    """Return a shop's own texts by language: what stands under [playbook.fa] and its like."""
    written = {code: dict(table[code]) for code in LANGUAGE_CODES if code in table}
    for texts in written.values():
        if "opening" in texts:
            texts["opening"] = _several(texts["opening"])
    return written


def _condition(table: Mapping[str, Any]) -> Condition:
    bounds = {name: _number(table[name]) for name in ("at_least", "at_most", "is", "among", "known") if name in table}
    if "among" in bounds:
        bounds["among"] = _several(bounds["among"])
    return Condition(table["fact"], is_=bounds.pop("is", None), **bounds)


def _several(value: Any) -> tuple[Any, ...]:
    """Return one value or several as a tuple."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _number(value: Any) -> Any:
    """Return whole numbers as decimals, in lists too, and anything else as it is."""
    if isinstance(value, list):
        return [_number(each) for each in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value

"""`regulars forget`: a person goes out of all that Regulars keeps, and stays out; what is left elsewhere is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from features.errors import InputError, Violation
from features.language.counted import counted
from features.language.languages import ENGLISH, Language
from features.language.messages import Message, in_a_row, sentence
from features.questions import quoted
from features.sources.kept.erase import erase_from
from features.sources.kept.index import FOLDER
from serving.book.privacy.erasure import erase, erasures_of, would_erase
from serving.book.privacy.tombstones import keep_out_of_before, let_in, tombstones_of
from serving.commands.privacy.beyond_reach import Left, in_the_book, rows_in_files, told_others, yours
from serving.commands.privacy.held_in_words import rows_in_words
from serving.commands.privacy.out_rows import OUT, rows_out
from serving.commands.privacy.persons import NobodyKnown, Person, merges_of, persons, with_texts
from serving.commands.result import WordedResult, spoken
from serving.set_aside import set_aside_file
from serving.shop import OpenShop

COMMAND_LINE = "the command line"
KEPT_OUT = Message(
    "{count} erasure of before keeps out from now on; who came back since stays until forgotten by id",
    plural="{count} erasures of before keep out from now on; who came back since stays until forgotten by id",
)


@dataclass(frozen=True)
class Erased:
    """What was kept of one person.

    Args:
        customer_id: the id that counts.
        former_ids: that were merged into it.
        rows: kind of record → how many were erased.
        in_files: rows in the shop's own files, which stay there.
        forgotten_before: whether the person is kept out already.
    """

    customer_id: str
    former_ids: tuple[str, ...]
    rows: Mapping[str, int]
    in_files: int = 0
    forgotten_before: bool = False

    @property
    def known(self) -> bool:
        """Whether the book or a file holds anything of the person."""
        return bool(self.rows or self.in_files)


@dataclass(frozen=True)
class Forgot:
    """Who was forgotten, or would be, and what is left elsewhere; and the language of the terminal, the shop's."""

    customers: Sequence[Erased]
    left: Sequence[Left]
    dry_run: bool = False
    language: Language = ENGLISH

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        customers, left = [asdict(each) for each in self.customers], [each.to_dict() for each in self.left]
        return {"customers": customers, "left": left, "dry_run": self.dry_run}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        for each in self.customers:
            yield from spoken([_head(each, dry_run=self.dry_run)], self.language)
            yield from (f"  {line}" for line in spoken(rows_in_words(each.rows), self.language))
        if self.left:
            yield from ("", *spoken([sentence("What is not ours to change:")], self.language))
            yield from (f"  {line}" for line in spoken((each.words() for each in self.left), self.language))


def _head(erased: Erased, *, dry_run: bool) -> Message:
    """Say who it is, what was done, and whether there was anything to do."""
    also = sentence("with {names}, merged into it", names=", ".join(erased.former_ids)) if erased.former_ids else None
    done = sentence("would be forgotten") if dry_run else sentence("forgotten")
    nothing = None if erased.rows else sentence("nothing was kept")
    before = sentence("it was forgotten before") if erased.forgotten_before else None
    told = in_a_row(each for each in (done, also, nothing, before) if each is not None)
    return Message("{customer}: {it}", {"customer": erased.customer_id, "it": told})


def forget(shop: OpenShop, customer_ids: Iterable[str], by: str = "", *, dry_run: bool = False) -> Forgot:
    """Erase persons from the book and the exports that were added, and keep them out from now on.

    Args:
        shop: the open shop.
        customer_ids: as in the order source; an id that was merged is that of its person.
        by: who asked for it; recorded.
        dry_run: only say what would be erased.

    Raises:
        NobodyKnown: ids of whom neither files nor book know anything, all at once; nothing is erased then.
        MachineFault: a file or the book cannot be written.
    """
    merges = merges_of(shop)
    asked = with_texts(shop, persons(customer_ids, merges))
    ids = [each for person in asked for each in person.ids]
    in_files, unread = rows_in_files(shop.settings, merges, [each.customer_id for each in asked])
    told = told_others(shop.book, ids)
    found = [_would_erase(shop, person, in_files.values()) for person in asked]
    _refuse_unknown(shop, found)
    if not dry_run:
        found = _erase_all(shop, asked, found, by or COMMAND_LINE)
    left = [*yours(shop.settings, asked, in_files), *unread, *told, *in_the_book(shop.book, overwrite=not dry_run)]
    ours = (f"{FOLDER}/", set_aside_file(shop.settings).name)
    left = [each for each in left if not (dry_run and each.where.startswith(ours))]
    return Forgot(found, left, dry_run, shop.settings.language)


def _would_erase(shop: OpenShop, person: Person, in_files: Iterable[Mapping[str, int]]) -> Erased:
    rows: Counter[str] = Counter()
    for each in person.ids:
        rows.update(would_erase(shop.book, each))
    folder, orders = shop.settings.folder / FOLDER, shop.settings.orders
    rows[FOLDER] = erase_from(folder, orders, person.ids, shop.settings.files.access(), only_count=True)
    rows[OUT] = rows_out(shop, person.ids, only_count=True)
    kept_out = tombstones_of(shop.book)
    before = kept_out is not None and bool(kept_out(person.ids))
    kept, elsewhere = (
        {name: n for name, n in rows.items() if n},
        sum(each.get(person.customer_id, 0) for each in in_files),
    )
    return Erased(person.customer_id, person.former_ids, kept, elsewhere, before)


def _refuse_unknown(shop: OpenShop, found: Sequence[Erased]) -> None:
    wrong = [each.customer_id for each in found if not (each.known or erasures_of(shop.book, each.customer_id))]
    if wrong:
        remedy = "give the id as in the order source"
        violations = [Violation(quoted(each), None, "", "an id that files or book know", "", remedy) for each in wrong]
        raise NobodyKnown("nobody was forgotten", violations)


def _erase_all(shop: OpenShop, asked: Sequence[Person], found: Sequence[Erased], by: str) -> list[Erased]:
    """Erase persons: from the copies of exports and the tables of `[out]`, then from the book, which records it."""
    settings, access = shop.settings, shop.settings.files.access()
    erase_from(settings.folder / FOLDER, settings.orders, [each for who in asked for each in who.ids], access)
    rows_out(shop, [each for who in asked for each in who.ids])
    set_aside_file(settings).unlink(missing_ok=True)  # may hold a cell of theirs; the next reading writes it again
    done = []
    for person, before in zip(asked, found, strict=True):
        always, kept = not before.forgotten_before, {name: before.rows.get(name, 0) for name in (FOLDER, OUT)}
        rows = Counter(erase(shop.book, person.customer_id, by, kept, always=always))
        for each in person.former_ids:
            rows.update(erase(shop.book, each, by, always=always))
        done.append(replace(before, rows=dict(rows)))
    # Again: a run of `out` may have read them before they left the book, and written them since.
    rows_out(shop, [each for who in asked for each in who.ids])
    return done


def let_in_again(shop: OpenShop, customer_ids: Iterable[str], by: str, why: str) -> WordedResult:
    """Let persons in again who were forgotten: their rows in files and posts count from now on.

    Args:
        shop: the open shop.
        customer_ids: as in the order source.
        by: who decides.
        why: for what reason.

    Raises:
        InputError: who or why is missing, or somebody was not forgotten; nobody is let in then.
    """
    if not (by.strip() and why.strip()):
        raise InputError("--let-in needs --by NAME and --why TEXT: who decides, and for what reason")
    found = persons(customer_ids, merges_of(shop))
    kept_out = [each for each in found if shop.forgotten is not None and shop.forgotten(each.ids)]
    if strange := [each.customer_id for each in found if each not in kept_out]:
        raise InputError(f"nobody was let in: {', '.join(map(quoted, strange))} was not forgotten")
    for each in (each for person in found for each in person.ids):
        let_in(shop.book, each, by.strip(), why.strip())
    ids = [each.customer_id for each in found]
    words = [
        sentence("{customer}: let in again; what files and posts say counts from now on", customer=each) for each in ids
    ]
    return WordedResult({"let_in": ids}, list(spoken(words, shop.settings.language)))


def keep_out_erased_before(shop: OpenShop) -> WordedResult:
    """Keep out whoever was erased by a former version, after which the order source brought everybody back."""
    count = keep_out_of_before(shop.book)
    words = counted(KEPT_OUT, count)
    return WordedResult({"kept_out": count}, list(spoken([words], shop.settings.language)))

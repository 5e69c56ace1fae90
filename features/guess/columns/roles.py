"""Who bought, which order, and when: by the words of the headers, else by what the cells look like.

`headers.py` holds the names that usual exports give; here is what is left: names made of such words, such as
`date_of_purchase`, and columns that only their cells tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from features.guess.columns import headers, money_names
from features.guess.columns import role_words as words
from features.guess.formats import currency_in
from features.guess.order_rows import OrderRows
from features.guess.sample import DATES, Sample, is_date, is_flag, is_number, is_order_id
from features.language.messages import Sentence, sentence
from features.language.typed_values import Percent
from features.questions import Answer, Question, quoted, some_of
from features.sources.cells.calendar_words import calendar_words
from features.sources.plain_text import plain

BARE = ("id", "number", "no", "nr", "key", "name")  # names that say of nothing whose they are
WHEN = sentence("Which column is ordered_at: when was it ordered?")
WHO = sentence("Which column is customer_id: who bought?")
HOW_MUCH = sentence("Which column is amount: what was paid?")
LEAST_ORDERS = 5
FEW_PERSONS, ROWS_EACH = 3, 20  # so few different values on more rows than that are groups of persons
PERSONS = (0.005, 0.8)  # share of different values among the rows: fewer are groups, more are orders
GUEST_ZEROS = 0.02
SEVERAL_PERSONS = 0.1  # of the orders of several rows: a person is one in each
_OTHER_COLUMNS = (
    money_names.QUANTITY, money_names.PRICE, money_names.LINE_AMOUNT, money_names.ORDER_TOTAL, money_names.DISCOUNT,
    money_names.TAX, money_names.FREIGHT, money_names.REFUND, headers.PRODUCT_ID, headers.STATUS, headers.CURRENCY,
)  # fmt: skip


def ordered_at(sample: Sample) -> int | None:
    """Return the column of the order's time, by the words of its header, else the only one that holds dates.

    Where several do, it is asked, and the first of them likely.
    """
    other = words.known_words(words.OTHER_TIME)
    free = [index for index in _free(sample) if not other & {*words.words_of(sample.name(index))}]
    named = [index for index in free if _says(sample, index, words.WHEN, words.OF_ORDER) and is_date(sample, index)]
    named = named or [index for index in free if _says(sample, index, words.WHEN) and is_date(sample, index)]
    if named:
        return named[0]
    by_cells = [index for index in free if is_date(sample, index, counted=False)]
    return _only(sample, "ordered_at", by_cells, WHEN, sentence("the only column of dates"))


def order_id(sample: Sample, at: int | None) -> int | None:
    """Return the column of order ids; one called `id` that comes again on other days is no order's.

    Args:
        sample: the first rows of the orders file.
        at: index of the column of times.
    """
    found = sample.find(headers.ORDER_ID, lambda index: is_order_id(sample, index) and not _recurs(sample, index, at))
    if found is not None:
        return found
    whole = words.known_words(words.ORDER_WHOLE)
    return next(
        (
            index
            for index in _free(sample)
            if (_says(sample, index, words.ORDER, words.ID) or sample.plain[index] in whole)
            and not (words.known_words(words.PERSON) | words.known_words(words.NOT_AN_ORDER))
            & {*words.words_of(sample.name(index))}
            and is_order_id(sample, index)
            and not is_date(sample, index, counted=False)
        ),
        None,
    )


def _recurs(sample: Sample, index: int, at: int | None) -> bool:
    """Say whether a bare `id` comes again on several days, as a customer does and an order does not."""
    if sample.plain[index] not in BARE or at is None:
        return False
    days: dict[str, set[str]] = {}
    for cell, when in zip(sample.columns[index], sample.columns[at], strict=True):
        if cell and when:
            days.setdefault(cell, set()).add(when)
    return bool(days) and sum(len(each) > 1 for each in days.values()) * 5 >= len(days)


def customer(sample: Sample, order: int | None, at: int | None, known: int | None = None) -> int | None:
    """Return the column of customers, and say which it is.

    Args:
        sample: the first rows of the orders file.
        order: index of the column of order ids.
        at: index of the column of times.
        known: index of the column that a known export has for it.
    """
    found = sample.find(headers.CUSTOMER_ID, lambda index: _differ(sample, index)) if known is None else known
    found = sample.find(headers.CUSTOMER_ID) if found is None else found
    found = _near(sample) if found is None else found
    found = _by_words(sample) if found is None else found
    if found is None:
        bare = [index for index in _free(sample) if _recurs(sample, index, at)]
        found = bare[0] if bare else _by_cells(sample, order)
        if bare:
            sample.assume(
                sentence(
                    'The customer is "{column}": it comes again on other days, as no order does.',
                    column=sample.name(bare[0]),
                )
            )
        return found
    mail = sample.find([name for name in headers.CUSTOMER_ID if "mail" in name])
    if mail is not None and mail != found and _fills_guests(sample, found, mail):
        return mail
    person = _person_beside(sample, found, order)
    if person is None:
        sample.assume(sentence('The customer is "{column}".', column=sample.name(found)))
        return found
    return person


def _differ(sample: Sample, index: int) -> bool:
    """Say whether a column names several persons: a phone that is the shop's own on each row names nobody."""
    return len(set(sample.filled(index))) > 1


def _near(sample: Sample) -> int | None:
    """Return the column whose header begins with a known name, such as "Customer (code) old"."""
    return next(
        (
            index
            for name in headers.CUSTOMER_ID
            if len(name) >= 6
            for index in _free(sample)
            if sample.plain[index].startswith(name) and _may_be_persons(sample, index)
        ),
        None,
    )


def _may_be_persons(sample: Sample, index: int, *, by_name: bool = False) -> bool:
    """Say whether a column could name persons: not their type, and more than a handful on many rows.

    Args:
        sample: the first rows of the orders file.
        index: of the column.
        by_name: names count as well as ids.
    """
    filled = sample.filled(index)
    tells_apart = len(set(filled)) > FEW_PERSONS or len(filled) <= FEW_PERSONS * ROWS_EACH
    no_person = words.known_words(words.NOT_A_PERSON) - ({"name"} if by_name else set())
    return tells_apart and not no_person & {*words.words_of(sample.name(index))}


def _by_words(sample: Sample) -> int | None:
    whole = words.known_words(words.PERSON_WHOLE)
    free = [index for index in _free(sample) if _may_be_persons(sample, index) and not is_flag(sample, index)]
    with_id = (index for index in free if _says(sample, index, words.PERSON, words.ID) or sample.plain[index] in whole)
    return next(with_id, next((index for index in free if _says(sample, index, words.PERSON)), None))


def _by_cells(sample: Sample, order: int | None) -> int | None:
    """Return the only column whose values come again as persons do; where several do, it is asked."""
    known = frozenset(name for names in _OTHER_COLUMNS for name in names)
    others, rows = words.known_words(words.NOT_PERSONS), OrderRows(sample, order)
    free = [
        index for index in _free(sample)
        if not known & {sample.plain[index], sample.bare[index]} and not others & {*words.words_of(sample.name(index))}
    ]  # fmt: skip
    found = [
        index for index in free
        if _may_be_persons(sample, index, by_name=bool(rows.several)) and _like_persons(sample, index)
        and not _several_in_orders(rows, index)
    ]  # fmt: skip
    return _only(sample, "customer_id", found, WHO, sentence("the only column whose values come again as persons do"))


def _several_in_orders(rows: OrderRows, index: int) -> bool:
    """Say whether a column differs between the rows of one order, as a product does and a person does not."""
    cells = rows.sample.columns[index]
    differ = sum(len({cells[row] for row in each} - {""}) > 1 for each in rows.several)
    return differ > SEVERAL_PERSONS * len(rows.several)


def _like_persons(sample: Sample, index: int) -> bool:
    filled = sample.filled(index)
    different = len(set(filled))
    if different < 2 or not PERSONS[0] <= different / len(filled) <= PERSONS[1]:
        return False
    decimals = is_number(sample, index) and any(mark in cell for cell in filled for mark in ".,")
    if all(len(cell) == 1 and cell.isdigit() for cell in filled):
        return False  # how many of something: of so few persons no shop has a file
    return not (
        decimals or is_date(sample, index, counted=False) or is_flag(sample, index) or _are_parts_of_time(filled)
    )


def _are_parts_of_time(filled: Sequence[str]) -> bool:
    """Say whether cells are days of the week, months, or halves of a day, which come again as persons do."""
    known = calendar_words()
    return {plain(cell) for cell in filled} <= known.weekdays | known.months.keys() | known.half_days.keys()


def _fills_guests(sample: Sample, found: int, mail: int) -> bool:
    """Say whether mail addresses name those whom a column of ids leaves empty or 0."""
    nobody = sum(cell in ("", "0") for cell in sample.columns[found]) / len(sample.columns[found])
    with_mail = len(sample.filled(mail)) / len(sample.columns[mail])
    if nobody <= GUEST_ZEROS or with_mail <= 1 - nobody:
        return False
    sample.assume(
        sentence(
            'The customer is "{column}": "{header}" is empty or 0 on {share} of the lines.',
            column=sample.name(mail),
            header=sample.name(found),
            share=Percent(nobody),
        )
    )
    return True


def guests_of(sample: Sample, index: int | None, guests: Sequence[str]) -> tuple[str, ...] | None:
    """Return the ids that stand for nobody by the convention of a known export, and say so; None where none occurs.

    Args:
        sample: the first rows of the orders file.
        index: of the column of customers.
        guests: what the export writes for nobody.
    """
    found = () if index is None else tuple(each for each in guests if each in sample.columns[index])
    if found and index is not None:
        sample.assume(
            sentence(
                '{words} in "{column}" are guests, as in this export.', words=some_of(found), column=sample.name(index)
            )
        )
    return found or None


def _person_beside(sample: Sample, found: int, order: int | None) -> int | None:
    """Return a column that names the person where the ids are new with each order, and ask."""
    ids = set(sample.filled(found))
    orders = len(sample.columns[found]) if order is None else len(set(sample.filled(order)))
    if orders < LEAST_ORDERS or len(ids) < orders:
        return None
    for index in _free(sample):
        sure = (
            set(words.SURE_PERSON) & {*words.words_of(sample.name(index))} or sample.plain[index] in headers.CUSTOMER_ID
        )
        if index in (found, order) or not sure or len(sample.filled(index)) < 0.5 * len(sample.columns[index]):
            continue
        persons = len(set(sample.filled(index)))
        if 1 < persons < len(ids):
            _ask_person(sample, found, index, orders, persons)
            return index
    return None


def _ask_person(sample: Sample, found: int, index: int, orders: int, persons: int) -> None:
    setting, old, new = "orders.columns.customer_id", sample.name(found), sample.name(index)
    asked = sentence(
        '"{old}" is new with each of {orders} orders, and "{new}" names {persons} persons: who is the customer?',
        old=old,
        orders=orders,
        new=new,
        persons=persons,
    )
    answers = (Answer(quoted(new), {setting: new}), Answer(quoted(old), {setting: old}))
    sample.ask(Question(setting, asked, answers, tuple(sample.filled(index)[:3])))


def amount(sample: Sample, more: Iterable[int | None]) -> int | None:
    """Return the column of money where no name tells one: the only one of numbers that could be money.

    Args:
        sample: the first rows of the orders file.
        more: indices of columns that are something else.
    """
    no_amount = {*money_names.TAX, *money_names.FREIGHT, *money_names.DISCOUNT, *money_names.REFUND}
    skip = {*more}
    free = [
        index for index in _free(sample)
        if index not in skip and sample.plain[index] not in no_amount and is_number(sample, index)
        and not is_flag(sample, index) and not money_names.NO_MONEY.search(sample.name(index))
        and not is_date(sample, index, counted=False) and _words_are_money(sample, index)
    ]  # fmt: skip
    return _only(sample, "amount", free, HOW_MUCH, sentence("the only column that could be money"))


def _words_are_money(sample: Sample, index: int) -> bool:
    """Say whether the words in numbers are currencies: "Firma 10007 GmbH" is a name, though a number stands in it."""
    filled = [cell for cell in sample.filled(index)[:DATES] if any(char.isalpha() for char in cell)]
    return sum(currency_in([cell]) is not None for cell in filled) >= 0.5 * len(filled)


def _only(sample: Sample, field: str, found: Sequence[int], asked: Sentence, why: Sentence) -> int | None:
    """Return the only column that could be a field, and say so; where several could, put the question."""
    if len(found) == 1:
        sample.assume(
            sentence('{field} is "{column}": {why}.', field=field, column=sample.name(found[0]), why=why.message)
        )
    elif found:
        setting, names = f"orders.columns.{field}", [sample.name(index) for index in found]
        answers = tuple(Answer(quoted(name), {setting: name}) for name in names)
        examples = tuple(f"{sample.name(index)}: {sample.filled(index)[0]}" for index in found[:3])
        sample.ask(Question(setting, asked, answers, examples))
    return found[0] if found else None


def _free(sample: Sample) -> list[int]:
    return [index for index in range(len(sample.plain)) if index not in sample.used and sample.filled(index)]


def _says(sample: Sample, index: int, *kinds: str) -> bool:
    """Say whether a header has a word of each kind."""
    of_header = {*words.words_of(sample.name(index))}
    return all(of_header & words.known_words(kind) for kind in kinds)

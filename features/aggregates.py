"""The closed set of aggregates: everything that a feature can compute from a customer's history.

Each aggregate is a frozen object that says which column of which stream, over which window. It computes nothing: the
single pass (`engines/single_pass.py`) and Ibis (`engines/expressions.py`) translate it, and a law holds the two, and a
plain-Python reading in `tests/oracle.py`, equal. A feature that none of these expresses asks for a new aggregate here,
with its three readings.

A window is one of

- `days=n, skip=m`: the rows with ages m+1 … m+n (`days=None`: all of them);
- `last=k`: the last k rows that have a value.

`where` names a 0/1 column of the same stream; only its rows count. Rows without a value (NULL) never count.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from features.codes import ATTRIBUTE, Learnt
from features.errors import suggest

AGE, CODE = "age_days", "code"
STREAM_OF = {
    **dict.fromkeys((AGE, "spend", "orders", "lines", "units", "discount"), "orders"),
    **dict.fromkeys(("discounted", "weekend", "week", "gap_days"), "orders"),
    **dict.fromkeys(("product", "item_spend", "item_units"), "items"),
    **dict.fromkeys(("returned", "returned_lines"), "returns"),
}
NULLABLE = frozenset({"gap_days", "value"})
MONEY = frozenset({"spend", "discount", "discounted", "item_spend", "returned"})
WIDE = frozenset({"spend", "discount", "item_spend", "returned", "value"})


@dataclass(frozen=True)
class Aggregate:
    """What all aggregates share: a column, its stream and a window.

    Raises:
        ValueError: the column or the window makes no sense.

    >>> Sum("spend", days=90).stream
    'orders'
    >>> Sum("spendd")
    Traceback (most recent call last):
    ...
    ValueError: no stream has a column "spendd". Did you mean "spend"?
    """

    column: str = AGE
    _: KW_ONLY
    on: str = ""
    days: int | None = None
    skip: int = 0
    last: int | None = None
    where: str | None = None

    longest_last: ClassVar[int] = 64

    def __post_init__(self) -> None:
        if not self.on and self.column not in STREAM_OF:
            known = suggest(self.column, STREAM_OF)
            raise ValueError(f'no stream has a column "{self.column}".{known}')
        if self.last is not None and (self.days is not None or self.skip):
            raise ValueError("a window is either last=k rows or days=n, not both")
        if self.last is not None and not 1 <= self.last <= self.longest_last:
            raise ValueError(f"last=k reaches back 1 to {self.longest_last} rows, not {self.last}")
        if self.skip < 0 or (self.days is not None and self.days < 1):
            raise ValueError("a window has at least one day and skips none or more")

    @property
    def stream(self) -> str:
        """The stream that the column belongs to."""
        return self.on or STREAM_OF[self.column]

    @property
    def of_money(self) -> bool:
        """Whether nothing can be said where no money is known."""
        return bool(MONEY & {self.column, self.where})

    @property
    def nullable(self) -> bool:
        """Whether rows of the column may have no value."""
        return self.column in NULLABLE


@dataclass(frozen=True)
class Count(Aggregate):
    """How many rows; `Count(on="returns")` counts the days with a return. Never None."""


@dataclass(frozen=True)
class Rate(Aggregate):
    """Rows of one stream for each row of another, `per`, in the same days; None where the other has none.

    >>> Rate(on="event:mail_clicked", per="event:mail_sent", days=365).per
    'event:mail_sent'
    """

    per: str = "orders"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.last is not None or self.where is not None:
            raise ValueError("Rate looks over days, not over the last k rows")

    @property
    def parts(self) -> tuple[Count, Count]:
        """The two counts that it divides."""
        return (
            Count(on=self.stream, days=self.days, skip=self.skip),
            Count(on=self.per, days=self.days, skip=self.skip),
        )


@dataclass(frozen=True)
class Sum(Aggregate):
    """The sum of a column, exact; None without a row."""


@dataclass(frozen=True)
class Mean(Aggregate):
    """The mean of a column; None without a row."""


@dataclass(frozen=True)
class Min(Aggregate):
    """The least value; None without a row."""


@dataclass(frozen=True)
class Max(Aggregate):
    """The greatest value; None without a row."""


@dataclass(frozen=True)
class Std(Aggregate):
    """The sample standard deviation (n − 1); None below two rows.

    It is exact in integers, which money and event values could overflow: take `Quantile` or `Max` there.

    >>> Std("spend")
    Traceback (most recent call last):
    ...
    ValueError: Std of "spend" could overflow: take its Quantile, Min or Max
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.column in WIDE:
            raise ValueError(f'Std of "{self.column}" could overflow: take its Quantile, Min or Max')


@dataclass(frozen=True)
class First(Aggregate):
    """The value of the earliest row; `First("age_days")` is the tenure. None without a row."""


@dataclass(frozen=True)
class Last(Aggregate):
    """The value of the latest row, or of the one `back` rows before it; None where there is none."""

    back: int = 0


@dataclass(frozen=True)
class Distinct(Aggregate):
    """How many different values, over days; never None.

    >>> Distinct("product", last=5)
    Traceback (most recent call last):
    ...
    ValueError: Distinct counts over days, not over the last k rows
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.last is not None or self.where is not None:
            raise ValueError("Distinct counts over days, not over the last k rows")


@dataclass(frozen=True)
class Decayed(Aggregate):
    """The sum of a column over all history, each row halved in weight every `half_life_days`; None without a row.

    >>> Decayed("orders", half_life_days=30).half_life_days
    30
    """

    half_life_days: int = 90

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.column == AGE:
            raise ValueError("Decayed weighs a column by age: say which column")
        if self.last is not None or self.days is not None or self.skip or self.where is not None:
            raise ValueError("Decayed looks at all history: its half-life is its window")
        if self.half_life_days < 1:
            raise ValueError("a half-life is at least one day")


@dataclass(frozen=True)
class Share(Aggregate):
    """The part of a column's sum that lies in the rows where `where` is 1; None where the sum is 0.

    >>> Share("spend", days=90).where
    Traceback (most recent call last):
    ...
    ValueError: Share needs where=: the share of what?
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.where is None:
            raise ValueError("Share needs where=: the share of what?")
        if self.last is not None:
            raise ValueError("Share looks over days, not over the last k rows")


@dataclass(frozen=True)
class Quantile(Aggregate):
    """The q-quantile of the last k values, interpolated linearly (Hyndman and Fan 1996, type 7); None without a row.

    >>> Quantile("gap_days", q=0.5, last=12).q
    0.5
    """

    q: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.column == AGE:
            raise ValueError("Quantile reads values: for ages take Mean, First or Last")
        if self.last is None:
            raise ValueError("Quantile looks at the last k rows: say last=k")
        if not 0 <= self.q <= 1:
            raise ValueError("q lies between 0 and 1")


@dataclass(frozen=True)
class LearntNumber(Aggregate):
    """What was learnt about the customer's latest value of an attribute, by the `Codes` of the feature set.

    None where nothing is known of this customer, or nothing was learnt by then. In a log that came without the
    attribute, such as a posted history, every customer counts as an average one.

    >>> LearntNumber(CODE, on="attribute:region", learnt="share").attribute
    'region'
    """

    learnt: Learnt = "share"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.column != CODE or not self.on.startswith(ATTRIBUTE):
            raise ValueError("LearntNumber reads the code of an attribute: say on=")
        if self.last is not None or self.days is not None or self.skip or self.where is not None:
            raise ValueError("LearntNumber reads the latest value: it has no window")

    @property
    def attribute(self) -> str:
        """The attribute's name."""
        return self.on.removeprefix(ATTRIBUTE)

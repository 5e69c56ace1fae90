"""What was posted is read as if it stood in the files, and the files win."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.log import Events, Lines, Texts
from features.sources.cleaning import MOST_KINDS
from features.sources.mapping import EventsMapping, LineRules, OrdersMapping, Shop
from features.sources.posted import posted_events, posted_lines
from features.sources.reader import check_files, read_log

ATHENS = Shop("Europe/Athens", "EUR", "04:00")
LINE_FIELDS = ("order_id", "customer_id", "ordered_at", "amount", "quantity", "discount", "product_id", "status")
EVENT_FIELDS = ("event_id", "customer_id", "kind", "happened_at", "value")
CUSTOMERS = ("ann", "Bob@Example.com", "0012", "é")


@dataclass
class Posts:
    """Documents that were posted, as `features.sources.reader` asks for them."""

    order_lines: list[dict[str, str]] = field(default_factory=list)
    visits: list[dict[str, str]] = field(default_factory=list)

    def lines(self, known: Texts) -> Lines | None:
        left = [line for line in self.order_lines if line["order_id"] not in set(known)]
        return posted_lines(left, ATHENS) if left else None

    def events(self, known: Texts) -> Events | None:
        left = [event for event in self.visits if event["event_id"] not in set(known)]
        return posted_events(left, ATHENS) if left else None


def written(path: Path, names: tuple[str, ...], rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(folder, orders, events, posted=None, **more):
    """Read files of these rows; no events file where there are no events."""
    fields = more.pop("fields", LINE_FIELDS)
    mapped = OrdersMapping(written(folder / "orders.csv", fields, orders), {name: name for name in fields})
    about = None
    if events:
        about = EventsMapping(
            written(folder / "events.csv", EVENT_FIELDS, events), {name: name for name in EVENT_FIELDS}
        )
    return read_log(ATHENS, mapped, about, posted=posted, **more)


@st.composite
def orders(draw: st.DrawFn) -> list[list[dict[str, str]]]:
    """Orders of several lines, each with an id, a customer and a day of its own."""
    days = draw(st.lists(st.integers(1, 28), min_size=1, max_size=12))
    made = []
    for number, day in enumerate(days):
        head = {
            "order_id": f"o{number}",
            "customer_id": draw(st.sampled_from(CUSTOMERS)),
            "ordered_at": f"2024-01-{day:02d} {draw(st.sampled_from(('02:00', '12:30')))}",
            "status": draw(st.sampled_from(("", "paid", "cancelled", "refunded"))),
        }
        line = st.fixed_dictionaries({
            "amount": st.sampled_from(("0", "5", "12.50", "-3", "7.25")),
            "quantity": st.sampled_from(("", "", "0")),
            "discount": st.sampled_from(("", "1.5")),
            "product_id": st.sampled_from(("", "p", "q", "ρ")),
        })  # fmt: skip
        made.append([{**head, **each} for each in draw(st.lists(line, min_size=1, max_size=4))])
    return made


events_made = st.lists(
    st.fixed_dictionaries({
        "customer_id": st.sampled_from((*CUSTOMERS, "only events")),
        "kind": st.sampled_from(("visit", "Mail sent", "review")),
        "happened_at": st.integers(1, 28).map(lambda day: f"2024-01-{day:02d} 12:00"),
        "value": st.sampled_from(("", "4.5")),
    }),
    max_size=8,
).map(lambda events: [{**event, "event_id": f"e{number}"} for number, event in enumerate(events)])  # fmt: skip
PLACES = st.sampled_from(("file", "posted", "both"))


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders(), events_made, st.data())
def test_law_a_log_of_file_and_posts_is_that_of_one_file(tmp_path, made, events, data):
    """Whatever stands where; what stands in both counts once, with the words of the file."""
    lies = [data.draw(PLACES) for _ in made]
    told = [data.draw(PLACES) for _ in events]
    paid = [{**line, "customer_id": "ann", "status": "paid", "order_id": "sure"} for line in made[0][:1]]
    paid[0]["amount"] = "9"
    other = [{**line, "amount": "99", "status": "paid", "customer_id": "zoe"} for line in made[0][:1]]
    posted = Posts(
        [line if where == "posted" else {**other[0], "order_id": line["order_id"]}
         for order, where in zip(made, lies, strict=True) for line in order if where != "file"],
        [event if where == "posted" else {**event, "kind": "other", "customer_id": "zoe"}
         for event, where in zip(events, told, strict=True) if where != "file"],
    )  # fmt: skip
    in_file = [line for order, where in zip(made, lies, strict=True) for line in order if where != "posted"]
    in_events = [event for event, where in zip(events, told, strict=True) if where != "posted"]
    whole = read(tmp_path, paid + [line for order in made for line in order], events).log
    assert read(tmp_path, paid + in_file, in_events, posted).log.digest() == whole.digest()


LINE = {"order_id": "1", "customer_id": "ann", "ordered_at": "2024-01-05", "amount": "5"}
VISIT = {"event_id": "e", "customer_id": "ann", "kind": "visit", "happened_at": "2024-01-05"}


def test_a_posted_order_whose_order_the_file_cancelled_stays_cancelled(tmp_path):
    rows = [LINE, {**LINE, "order_id": "2", "status": "cancelled"}]
    posted = Posts([{**LINE, "order_id": "2", "amount": "100"}])
    assert read(tmp_path, rows, [], posted).log.streams["orders"].columns["spend"].tolist() == [500]


def test_without_order_ids_in_the_file_only_days_that_it_does_not_cover_are_added(tmp_path):
    rows = [LINE, {**LINE, "ordered_at": "2024-01-09"}]
    posted = Posts([{**LINE, "order_id": day, "ordered_at": f"2024-01-{day}"} for day in ("05", "09", "10")])
    log = read(tmp_path, rows, [], posted, fields=("customer_id", "ordered_at", "amount")).log
    assert log.streams["orders"].columns["gap_days"].tolist()[1:] == [4, 1]
    assert log.streams["orders"].columns["spend"].tolist() == [500, 500, 500]


def test_posted_events_count_in_a_shop_without_an_events_file(tmp_path):
    log = read(tmp_path, [LINE], [], Posts([], [VISIT])).log
    assert log.kinds == ("visit",)
    assert read(tmp_path, [LINE], [], Posts()).log.digest() == read(tmp_path, [LINE], []).log.digest()


def test_kinds_beyond_the_most_are_left_out_the_files_own_first(tmp_path):
    in_file = [{**VISIT, "event_id": f"f{n}", "kind": f"file {n}"} for n in range(MOST_KINDS - 2)]
    posted = [{**VISIT, "event_id": f"p{n}", "kind": kind} for n, kind in enumerate(("z", "file 0", "b", "a"))]
    log = read(tmp_path, [LINE], in_file, Posts([], posted)).log
    assert len(log.kinds) == MOST_KINDS
    assert {"z", "b"} < set(log.kinds)
    assert "a" not in log.kinds
    assert len(log.streams["event:file_0"]) == 2


def test_a_wrong_post_is_told_as_a_wrong_file_is(tmp_path):
    class Broken(Posts):
        def lines(self, known: Texts) -> Lines | None:
            return posted_lines([{**LINE, "order_id": "9", "amount": "x"}], ATHENS, source="posted orders")

    with pytest.raises(InputError, match=r'posted orders, column orders\[0\].amount: "x" is not a number'):
        read(tmp_path, [LINE], [], Broken())


def test_the_files_own_mistakes_are_told_before_any_post_is_read(tmp_path):
    class Never(Posts):
        def lines(self, known: Texts) -> Lines | None:
            raise AssertionError

    written(tmp_path / "orders.csv", LINE_FIELDS, [{**LINE, "amount": "x"}])
    mapped = OrdersMapping(tmp_path / "orders.csv", {name: name for name in LINE_FIELDS})
    assert check_files(ATHENS, mapped, posted=Never()).log is None


def test_joined_columns_keep_their_texts():
    lines = Lines.joined([Lines.of(["b", "a"], [1, 2], [3, 4]), Lines.of(["a"], [5], [6])])
    assert lines.customer_id.values[lines.customer_id.codes].tolist() == ["b", "a", "a"]
    assert lines.where(np.array([False, True, True])).amount.tolist() == [4, 6]


@pytest.mark.parametrize("name", ["status", "type"])
def test_a_word_that_nobody_knows_is_refused_by_its_path_and_never_taken_for_a_sale(name):
    rows = [LINE, {**LINE, "order_id": "2", name: "blau"}]
    with pytest.raises(InputError) as refused:
        posted_lines(rows, ATHENS)
    (violation,) = refused.value.violations
    assert (violation.column, violation.value) == (f"orders[1].{name}", "blau")
    assert "sale_status" in violation.remedy
    assert len(posted_lines(rows, ATHENS, rules=LineRules(sale_status=("Blau",))).day) == 2

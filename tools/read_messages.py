"""Every other message of the catalogue, with real values in place: pages, mails, questions, answers and reasons.

What features and playbooks say is filled in by `tools.read_sentences`; here is all that stands in Python and in
templates. Each message is said twice, so that a reader meets one and several, the first of a month and another day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from features.definitions.engagement import kind_in_words
from features.guess.questions import CHECKS
from features.language.counted import counted
from features.language.languages import Language
from features.language.messages import Message, Sentence, in_a_row, message_in, said, sentence
from features.language.minute import minute
from features.language.typed_values import Amount, Days, Digits, Name, Percent, Plain, Value
from features.sources.balance.names import NAMES as SHEET_NAMES
from serving.book.recognition.identity import in_words as counted_rows
from serving.commands.doctor.clock import SET_IT
from serving.commands.lists.kpis_in_words import PERIODS
from serving.commands.lists.list_in_words import APART, REGULARS
from serving.commands.lists.why_in_words import ARMS, SIZES
from serving.commands.privacy.beyond_reach import Left
from serving.monitoring.in_words import INSIDE, OUTSIDE
from serving.outreach.exports.layout import GROUPS
from serving.outreach.plan.in_words import BANDS, CHANNELS, KINDS, LEFT_OUT, LISTED_FOR, OUTCOMES, RANKED_BY, STATES
from tools.catalogues import Said, all_said, fields
from training.data_worth.words import name_of

Held = Value | Message | Plain
Twice = tuple[Held, Held]  # what a field holds at the first reading, and at the second
ELSEWHERE = ("features/definitions", ".toml")  # read with numbers and names of their own
COUNTS, MANY = (1, 12), 3_100
FIRST, OTHER = date(2026, 12, 1), date(2027, 2, 14)
NAMES = {"en": "Tom Baker", "fa": "مریم احمدی", "el": "Ελένη Νικολάου"}
PRODUCTS = {"en": "filters", "fa": "فیلتر روغن", "el": "φίλτρα λαδιού"}
COLUMNS = {"en": "Price", "fa": "قیمت", "el": "Τιμή"}
WORDS = {"en": ("Paid", "Void"), "fa": ("پرداخت‌شده", "لغو"), "el": ("Εξοφλημένη", "Άκυρη")}
CURRENCIES = {"en": "EUR", "fa": "IRR", "el": "EUR"}
AMOUNTS = {"EUR": (30_000, 9_000), "IRR": (24_000_000, 7_500_000)}  # usual and newest, minor units
BUSIEST = sentence(
    "{count} orders, {share} of all, lie on one day, {day:table}.", count=940, share=Percent(0.3), day=OTHER
)
NOBODY = Message('"{id}" ({rows} row)', {"id": "0", "rows": MANY}, plural='"{id}" ({rows} rows)', count=MANY)

TWO_COLUMNS = in_a_row([sentence("{name}", name="entry_id"), sentence("{name}", name="outcome")], commas=True)
TWO_REASONS = in_a_row(
    [sentence("{count} {reason}", count=n, reason=LEFT_OUT[why]) for n, why in ((12, "veto"), (1, "ordered"))],
    commas=True,
)
TWO_RULES = in_a_row(
    [
        sentence("{count} {rule}", count=n, rule=Sentence.of(SHEET_NAMES[rule]))
        for n, rule in ((12, "cancelled"), (1, "guests"))
    ],
    commas=True,
)
ON_THE_LIST = (
    counted(REGULARS, 91, measure=RANKED_BY["gain"]).message,
    counted(REGULARS, 1, measure=RANKED_BY["value_at_risk"]).message,
)
APART_FROM_THEM = (
    in_a_row([counted(APART["newcomers"], 9), counted(APART["winback"], 31)], commas=True),
    in_a_row([counted(APART["reminders"], 1), counted(APART["shrinking"], 1)], commas=True),
)
MEASURE = Message("{number} ({low} to {high})", dict.fromkeys(("number", "low", "high"), Digits("0.512")))
TWO_WORDS = in_a_row(map(Sentence.of, (OUTCOMES["saved"], OUTCOMES["wrong_alarm"])), commas=True)

NUMBERS: Mapping[str, Twice] = {
    **dict.fromkeys(("count", "more", "orders", "persons", "rows"), COUNTS),
    **dict.fromkeys(("money_share", "rows_share", "share"), (Percent(0.04), Percent(0.6))),
    **dict.fromkeys(("came", "said", "stayed", "without"), (Percent(0.27), Percent(0.58))),
    **dict.fromkeys(("customers", "treated"), (2_321, 330)),
    **dict.fromkeys(("gone", "still"), COUNTS),
    **dict.fromkeys(("known", "until"), (FIRST, OTHER)),
    **dict.fromkeys(("rows_now", "money_now"), (Digits("8.0"), Digits("0.0"))),
    **dict.fromkeys(("rows_then", "money_then"), (Digits("2.0"), Digits("12.5"))),
    **dict.fromkeys(("amounts", "spend", "returned"), (Digits("12,400.50 EUR"), Digits("-940.00 EUR"))),
    "accounts": (195, 12),
    "auroc": (Digits("0.812"), Digits("0.745")),
    "all": (12_400, MANY),
    "lines": COUNTS,
    "returns": COUNTS,
    "of": (SHEET_NAMES["order lines"], SHEET_NAMES["returns"]),
    "days": (7, 30),
    "discount": (Percent(0.1), Percent(0.1)),
    "each": (5, 5),
    "every": (2_000_000, 1_100_000),
    "expected": (600, 14),
    "gap": (Days(7), Days(31)),
    "held_out": (34, 1_022),
    "high": (62, 19),
    "hits": (40, 3),
    "horizon": (30, 60),
    "shown": (10, 10),
    "index": (Digits("0.011"), Digits("0.340")),
    "least": (30, 30),
    "limit": (Digits("0.25"), Digits("0.25")),
    "low": (21, 2.6),
    "most": (1_048_575, 1_048_575),
    "page": (1, 2),
    "pages": (2, 4),
    "points": (1.7, 5.9),
    "silent": (621, 12),
    "sum": (Digits("12,400.50"), Digits("940.00")),
    "times": (2.2, 1.4),
    "years": (7, 7),
    "day": (FIRST, OTHER),
    "line": (2, 1_204),
    "alarms": COUNTS,
    "free": (Digits("0.5"), Digits("120.0")),
    "size": (Digits("1.5"), Digits("12.0")),
    "memory": (Digits("8.0"), Digits("0.5")),
    "partitions": (8, 3),
    "waiting": COUNTS,
    "began": (FIRST, OTHER),
    "code": (2, 9),
    "entries": (212, 1),
    "refused": (1, 2),
}
TEXTS: Mapping[str, Twice] = {
    "account": (Name("A-100"), Name("4711")),
    "alarm": (Name("30% ordered nothing, said were 20% to 25%"), Name("AUROC was 0.71, expected was 0.80")),
    "before": (Name("orders.csv"), Name("exports")),
    "amount": (Name("12.500"), Name("3,250")),
    "cell": (Name("03/04/2026"), Name("12.500")),
    "cells": (Name("03/04/2026   05/04/2026"), Name("Guest   -1")),
    "customer": (Name("C-2041"), Name("ann@shop.example")),
    "error": (Name("File is not a zip file"), Name("Bad CRC-32")),
    "example": (Digits("4990"), Digits("12500")),
    "field": (Name("amount"), Name("ordered_at")),
    "file": (Name("list.xlsx"), Name("outcomes.csv")),
    "files": (Name("list.csv, owners/*.csv"), Name("list.xlsx")),
    "folder": (Name("lists"), Name("list")),
    "schema": (Name("regulars"), Name("marts")),
    "header": (Name("Total"), Name("Price")),
    "holder": (Name("regulars weekly, process 4711 on shop1, since 2026-11-30 06:00:12 UTC"), Name("another run")),
    "id": (Name("0"), Name("Guest")),
    "mark": (Name("."), Name(",")),
    "model": (Name("blend"), Name("lightgbm")),
    "month": (Name("2026-03"), Name("2026-04")),
    "months": (Name("2026-03"), Name("2026-03")),
    "new": (Name("Email"), Name("Customer")),
    "others": (Name("USD, GBP"), Name("USD")),
    "owners": (Name("Eleni, Bruno"), Name("Eleni")),
    "offset": (Name("+05:30"), Name("-06:00")),
    "old": (Name("Receipt"), Name("Token")),
    "price": (Name("Unit price"), Name("Rate")),
    "remedy": (sentence('did you mean "{word}"?', word="A-100").message,) * 2,
    "what": (sentence('"{name}"', name="A-10").message, Name("A-10")),
    "rule": (Name("duplicate lines"), Name("cancelled")),
    "rules": (TWO_RULES, TWO_RULES),
    "run": (Name("run-5c1f0a97be23d468"), Name("run-9d04b7e1c8f2a635")),
    "setting": (Name("capacity = 25"), Name("capacity = 25")),
    "server": (Name("smtp.shop.example"), Name("127.0.0.1")),
    "serves": (Name("6"), Name("11")),
    "sheet": (Name("Eleni"), Name("North")),
    "stage": (Name("list"), Name("train")),
    "subject": (Name("days_since_order"), Name("columns of orders.csv")),
    "table": (Name("orders"), Name("events")),
    "tables": (Name("orders, events"), Name("views")),
    "time": (Name("14:01"), Name("08:30")),
    "toml": (Name("regulars.toml"), Name("shop.toml")),
    "typed": (Name("x"), Name("9")),
    "unit": (Name("€"), Name("%")),
    "counts": (TWO_REASONS, TWO_REASONS),
    "group": (Name("business"), Name("Eleni")),
    "joined": (88, 12),
    "kept": (Digits("82.4"), Digits("61.0")),
    "left": (Digits("17.6"), Digits("39.0")),
    "period": (PERIODS["quarter"], PERIODS["year"]),
    "recovered": (31, 4),
    "number": (Name("3"), Name("1")),
    "year": (Name("2026"), Name("2025")),
    "form": (Name("%d/%m/%Y"), Name("%m-%d-%y")),
    "other": (Name("payments.csv"), Name("paid.csv")),
    "quantity": (Name("Qty"), Name("Pieces")),
    "some": COUNTS,
    "version": (Name("7"), Name("12")),
    "value": (Name("perhaps"), Name("12,x")),
    "why": (Name("line contains NUL"), Name("unexpected end of data")),
    "zone": (Name("Europe/Athens"), Name("Asia/Tehran")),
    "book": (Name("book.db"), Name("postgresql://db/shop")),
    "command": (Name("rm -r before-restore-2026-11-30"), Name("python -m pip install regulars")),
    "fault": (Name("no space is left"), Name("it may not be read")),
    "library": (Name("lightgbm"), Name("duckdb")),
    "dates": (in_a_row([sentence("{day:table}", day=FIRST), sentence("{day:table}", day=OTHER)], commas=True), OTHER),
    "feature": (Name("days_since_order"), Name("spend_90d")),
    **dict.fromkeys(("age", "longest"), (Days(20), Days(1))),
    "part": (Message("columns of {file}", {"file": "orders.csv"}), Message("currencies", context="layout")),
    "names": (Name("book.db, regulars.toml"), Name("lists")),
    "data": (Name("customer.json"), Name("customer.json")),
    "variable": (Name("REGULARS_BOOK_URL"), Name("REGULARS_BOOK_URL")),
    "storage": (Name("mlruns/mlflow.db"), Name("registry")),
    "webhook": (Name("3"), Name("1")),
}
MESSAGES: Mapping[str, Twice] = {
    **dict.fromkeys(("first", "it", "reason"), (LEFT_OUT["cooldown"], LEFT_OUT["over capacity"])),
    **dict.fromkeys(("last", "second"), (LEFT_OUT["ordered"], LEFT_OUT["open ticket"])),
    "missing": (Message("{count} outcome", {"count": 12}, plural="{count} outcomes", count=12), Name("2 keys")),
    "case": (BUSIEST.message, BUSIEST.message),
    "channel": (CHANNELS["call"], CHANNELS["mail"]),
    "heading": (GROUPS["entries"], GROUPS["winback"]),
    "loss": (MEASURE, MEASURE),
    "them": (in_a_row([name_of("returns"), name_of("events: visit")], commas=True), name_of("customers file").message),
    "columns": (TWO_COLUMNS, TWO_COLUMNS),
    "ids": (NOBODY, NOBODY),
    "kind": (CHECKS["date"][1], CHECKS["number"][1]),
    "reasons": (TWO_REASONS, TWO_REASONS),
    "regulars": ON_THE_LIST,
    "apart": APART_FROM_THEM,
    "arm": (ARMS["treated"], ARMS["holdout"]),
    "band": (BANDS["high"], BANDS["medium"]),
    "state": (STATES["at_risk"], STATES["active"]),
    "measure": (RANKED_BY["gain"], RANKED_BY["value_at_risk"]),
    "outcome": (OUTCOMES["reached"], OUTCOMES["do_not_contact"]),
    "place": (Message("in India", context="place"), Message("in America", context="place")),
    "sign": (LISTED_FOR["first order"], LISTED_FOR["random draw"]),
}
FIELD: Mapping[str, Twice] = {"meaning": (Message("units of the line"), Message("when it was ordered"))}
FROM_TO: Mapping[str, Twice] = {"first": (FIRST, FIRST), "last": (OTHER, OTHER)}
WITH_UNIT: Mapping[str, Twice] = {"days": (Days(90), Days(120))}
LEVEL: Mapping[str, Twice] = {"low": (Percent(0.03), Percent(0.5)), "high": (Percent(0.05), Percent(0.7))}
KEPT_IN_A_BOOK: Twice = (message_in(counted_rows({"lists": 1, "outcomes": 12})), message_in(counted_rows({"keys": 2})))
REMEDIES: Mapping[str, Twice] = {"remedy": (SET_IT.message, SET_IT.message)}
MINUTES: Mapping[str, Twice] = dict.fromkeys(("now", "then"), (minute(datetime(2026, 11, 30, 6, 5, tzinfo=UTC)),) * 2)
DUE: Mapping[str, Twice] = {
    "why": (
        sentence("nothing was trained yet").message,
        sentence("the watch raised an alarm: {alarm}", alarm="AUROC was 0.71, expected was 0.80").message,
    )
}
LEFT_ELSEWHERE: Mapping[str, Twice] = {
    "it": (Name("orders.csv"), Message("backups")),
    "remedy": (Message("delete them there, after those of the orders"),) * 2,
}
SOURCES: Twice = (name_of("returns").message, name_of("events: visit").message)
SIGNED: Twice = (Digits("+0.021"), Digits("-0.004"))
AUROC_ADDED: Mapping[str, Twice] = dict.fromkeys(("auroc", "low", "high", "most"), SIGNED)
SEVERAL: Mapping[str, Twice] = {**AUROC_ADDED, "count": (2, 12)}
MEASURED = Message("{low} of AUROC in one simulated shop", {"low": Digits("+0.021")})
SCORES: Mapping[str, Twice] = {"hits": (MEASURE, MEASURE), "auroc": (MEASURE, MEASURE)}
HELD_ROWS: Mapping[str, Twice] = {"it": (Message("consent and its refusal"), Message("orders that were posted"))}
A_FILE: Mapping[str, Twice] = {"it": (Name("orders.csv"), Name("customers.csv"))}
# Where a field of that name holds something else.
BY_MESSAGE: Mapping[str, Mapping[str, Twice]] = {
    "CHECK: the currency is assumed to be {currency} and the zone {zone}: {why}.": {
        "why": (sentence("by the letters of its words").message,) * 2
    },
    "What a customer buys on a day is worth {now} on average; when this shop was last read it was {then}, about 10,000 "
    "times as much or as little.": {
        "now": (Amount(812, "IRR"), Amount(640, "IRR")),
        "then": (Amount(8_120_000, "IRR"), Amount(6_400_000, "IRR")),
    },
    "train, as {why}; the gate decides whether it serves": DUE,
    "trained, as {why}": DUE,
    "train nothing, unless the watch raises an alarm: {why}": DUE,
    "no training is due: {why}": DUE,
    "new exports: {new}; there already: {known}": {"new": COUNTS, "known": COUNTS},
    "the summary was not mailed: {server} {why}": {"why": (Name("refuses the mail (451)"),) * 2},
    "{toml} names {now} now, where {before} was copied first": {"now": (Name("kept-exports"),) * 2},
    "the last training knew the orders until {day:table}: {days} of {most} days are over": {
        "days": (28, 9),
        "most": (28, 28),
    },
    "1–{last}, Enter for 1: ": {"last": (2, 3)},
    "{count} day since the last order, usually {gap} between two": {"gap": (7, 31)},
    "four in five between {first} and {last}": FROM_TO,
    **dict.fromkeys(
        (
            "it says {now}; no file and no row of the book is of later",
            "the last one was made {then}, {file}",
            "the last one was made {then}, {file}, and is not there any more",
            "the last one was made {then}, {file}, {days} days ago",
            "made {then} by Regulars {version}",
            "the run of {day:table} ended {then}",
        ),
        MINUTES,
    ),
    "{first} until {last}": FROM_TO,
    "{book}, version {version}, holds {counts}": {"counts": KEPT_IN_A_BOOK},
    "book: of {storage}, version {version}, last written {then}; it holds {it}": {**MINUTES, "it": KEPT_IN_A_BOOK},
    "{file} holds {data}, for programs, and {page}, to be read; rows of files: {rows}, records of the book: {count}": {
        "page": (Name("customer.html"), Name("customer.html")),
    },
    **dict.fromkeys(
        ("{low} of AUROC in one test on open logs", "{low} of AUROC in one simulated shop", "{low}"), AUROC_ADDED
    ),
    **dict.fromkeys(
        (
            "{low} to {high} of AUROC in {count} tests on open logs",
            "{low} to {high} of AUROC in {count} simulated shops",
        ),
        SEVERAL,
    ),
    "{it} (AUROC {auroc}, {low} to {high})": {"it": SOURCES, **AUROC_ADDED},
    "{amount} ({low} to {high})": {
        name: (Amount(94_000, "EUR"), Amount(-1_250, "EUR")) for name in ("amount", "low", "high")
    },
    "These add nothing measurable to the forecast, at most {most} of AUROC each: {them}; reasons, lists and playbooks "
    "may use them all the same": AUROC_ADDED,
    "with a source beside without it, out of time, {days} ahead ({dates}):": WITH_UNIT,
    "events: {it}": {"it": (kind_in_words("visit"), kind_in_words("mail_clicked"))},
    "{it} ({why})": {"it": SOURCES, "why": (Message("never measured"), MEASURED)},
    "where it was there it added {it}": {"it": (MEASURED, MEASURED)},
    "no {kind} since {last:table}, for {silent}; the longest pause of the year before was {longest}": {
        "kind": (kind_in_words("visit"), kind_in_words("mail_clicked")),
        "last": (FIRST, OTHER),
        "silent": (Days(20), Days(61)),
    },
    "the last order is of {last:table}, {age} ago; the longest pause of the year before was {longest}": FROM_TO,
    "{share}%": {"share": (Digits("62.1"), Digits("4.0"))},
    "{low}–{high}%": {"low": (Digits("55"), Digits("3")), "high": (Digits("68"), Digits("9"))},
    "{number} ({low} to {high})": dict.fromkeys(("number", "low", "high"), (Digits("0.812"), Digits("0.745"))),
    "alarm: {it}": {"it": (Message("as expected"), Message("as expected"))},
    "{part}: {it}": {"it": (Message("new {names}", {"names": "total"}), Message("gone {names}", {"names": "net"}))},
    "{what}: {now}, usual is {low} to {high}": {
        "what": (Message("orders in four weeks"), Message("customers without {feature}", {"feature": "spend_90d"})),
        **dict.fromkeys(("now", "low", "high"), (Digits("1,240"), Message("{share}%", {"share": Digits("62.1")}))),
    },
    **dict.fromkeys(
        (
            "The scores of {day:table} are expected to have AUROC {auroc} and log loss {loss} over {customers} "
            "customers.",
            "The scores of {day:table} are expected to have AUROC {auroc} and log loss {loss} over {customers} "
            "customers, and {hits} of the {entries} on its list will order nothing.",
        ),
        SCORES,
    ),
    "Of {customers} customers scored on {day:table}, {said} were expected to order nothing until {until:table}, and "
    "{came} did, where {low} to {high} were said: {it}; AUROC was {auroc}, {expected} were expected.": {
        "it": (INSIDE, OUTSIDE),
        "expected": (Digits("0.812"), Digits("0.745")),
        **LEVEL,
    },
    "{came} ordered nothing, said were {low} to {high} ({first:table} to {last:table}, {customers} customers)": {
        **LEVEL,
        **FROM_TO,
    },
    "AUROC was {auroc}, expected was {it} ({first:table} to {last:table}, {customers} customers)": {
        "it": (MEASURE, MEASURE),
        **FROM_TO,
    },
    "late orders changed {share} of the {customers} customers scored on {day:table}; at most {most} is usual": {
        "most": (Percent(0.02), Percent(0.04))
    },
    "{days} of {horizon} days after {day:table}, {silent} of {customers} have not ordered yet; expected were "
    "{expected}, {low} to {high}: {it}": {"it": (Message("as expected"), Message("not as expected"))},
    "drawn among: {kind}, probability {band}, {it}": {
        "kind": (KINDS["regular"], KINDS["winback"]),
        "it": (SIZES["large"], SIZES["small"]),
    },
    "{library} {version} is not {rule}": {"version": (Name("4.5.0"), Name("2.0")), "rule": (Name("4.6.0"), Name("<2"))},
    "This cannot be undone. Forget them? Type {word}: ": {"word": (Message("yes", context="typed"),) * 2},
    "As of {then}.": MINUTES,
    **dict.fromkeys(
        ("{it}: {count}", "{name}: {it}", "{count} row would be deleted: {it}", "{count} row deleted: {it}"), HELD_ROWS
    ),
    "{customer}: {it}": {"it": (Message("forgotten"), Message("would be forgotten"))},
    **dict.fromkeys(("{it}: {remedy}", "{it}: {count} line; {remedy}"), LEFT_ELSEWHERE),
    "Told others: {it}": {"it": (Left(sentence("mails"), 3, sentence("the book")).words().message,) * 2},
    **dict.fromkeys(("Not read: {it}", "not read, and missing in it: {it}"), A_FILE),
    "not in it: {what}: {why}": {
        "what": (Message("the models at {storage}", {"storage": "http://ml.example"}), Name("orders.csv")),
        "why": (Message("yours to back up"), Message("your own file; --with-sources takes it along")),
    },
    "it says {now}, and {what} is of {then}": {
        **MINUTES,
        "what": (sentence("the installed Regulars").message, sentence("the file {file}", file="orders.csv").message),
    },
    **dict.fromkeys(
        (
            "to do: {remedy}",
            "put it back; {remedy}",
            "{remedy}; or, if it is right: {command}",
            "{remedy}; if it was ahead before: {command}",
        ),
        REMEDIES,
    ),
    "orders of {first:table} to {last:table} are read": FROM_TO,
    "Retention of a year, measured from {first} until {last}.": FROM_TO,
    "Retention of a year, carried over from {first} until {last}: the orders do not reach back a whole year.": FROM_TO,
    "Not known yet: it takes {days} of orders before a month.": WITH_UNIT,
    "active: an order within {days}": WITH_UNIT,
    "last order {days} before": WITH_UNIT,
    "next_order_on is the date to expect of those who order within {days}": WITH_UNIT,
    "{month}: retention is not known; it takes {days} of log before it": WITH_UNIT,
    "horizon_days = auto: {horizon}, from the shop's own gaps; who ordered in the last {days} can churn": {
        "horizon": (Days(30), Days(60)),
        **WITH_UNIT,
    },
    "predicted, {group}: {amount} a customer in the next {days} ({customers} active customers, model version "
    "{version})": WITH_UNIT,
    "predicted, {group}: {amount} a customer in the next {days}, about {money} in twelve months ({customers} "
    "active customers, model version {version})": WITH_UNIT,
    "{share} are expected to order nothing, {low} to {high} with 95 %: last year's window is known": LEVEL,
    "{share} are expected to order nothing, {low} to {high} with 95 %: the log does not show last year's "
    "window yet": LEVEL,
    "about {value}, most likely between {low} and {high}": {"value": (57, 12)},
    "ordered on {newest} of the last {days}, usually on {usual}": {"newest": (1, 2), "usual": (3, 4)},
    "no order in the last {days}, usually on {usual} of them": {"usual": (1, 4)},
    'Which clock is {zone} in "{column}"?': {"zone": (Name("IST"), Name("CST"))},
    "{days} day": {"days": COUNTS},
    "The list of {day:table}, {horizon} ahead:": {"horizon": (Days(30), Days(60))},
    "{what}: {rule}; {remedy}": {
        "rule": (sentence("neither an account nor a customer that the shop knows").message,) * 2
    },
    "“{value}” is not {rule}": {"rule": (sentence("a day").message, sentence("on or before today").message)},
    "write {words}.": {"words": (TWO_WORDS, TWO_WORDS)},
    'write {words}. Did you mean "{word}"?': {
        "words": (TWO_WORDS, TWO_WORDS),
        "word": (OUTCOMES["saved"], OUTCOMES["not_saved"]),
    },
    "a known {column}": {"column": (Message("outcome"), Message("channel"))},
    "{words} and {more} more": {"words": (Name("Draft, Hold"), Name("Draft, Hold"))},
    "{of}, {rule} on {count} row: {amounts}": {"rule": (SHEET_NAMES["currency converted"], SHEET_NAMES["rounded"])},
    "{amount} {currency}": {"amount": (Digits("12,400.50"), Digits("-940.00"))},
    'Which column is {field}, {meaning}? Cells of "{column}" such as {cells} are not {kind}.': FIELD,
    'Which column is {field}, {meaning}? The cells of "{column}" are empty.': FIELD,
}
WITH_THEIR_UNIT = "features/churn"  # its days are days, not a number


def messages(language: Language) -> Iterator[tuple[str, str, str]]:
    """Yield the file, the English and the wording of all but what features and playbooks say, each said twice."""
    for each in others():
        for turn in range(len(COUNTS)):
            yield each.file, each.text, said(filled(each, language, turn), language)


def others() -> list[Said]:
    """Return each message once that neither a feature nor a playbook says, by file."""
    found = {(each.context, each.text): each for each in all_said() if not each.file.endswith(ELSEWHERE)}
    return sorted(found.values(), key=lambda each: each.file)


def filled(message: Said, language: Language, turn: int) -> Message:
    """Return a message with values such as a shop has.

    Args:
        message: that is said.
        language: of the reader.
        turn: 0 or 1: the first reading, or the second.

    Raises:
        KeyError: nobody has said here what one of its fields holds.
    """
    held = {**held_in(language), **BY_MESSAGE.get(message.text, {})}
    if message.file.startswith(WITH_THEIR_UNIT):
        held = {**held, "days": (Days(30), Days(60))}
    values = {name: held[name][turn] for name in fields(message.text)}
    return Message(message.text, values, message.plural, COUNTS[turn] if message.plural else None, message.context)


def held_in(language: Language) -> dict[str, Twice]:
    """Return what each field holds.

    >>> from features.language.languages import GREEK
    >>> held_in(GREEK)["owner"]
    (Name(name='Ελένη Νικολάου'), Name(name='Eleni'))
    """
    return {**NUMBERS, **TEXTS, **MESSAGES, **_of_shop(language)}


def _of_shop(language: Language) -> Mapping[str, Twice]:
    """Return what differs by language: names, words of the files, and money."""
    name, product, column = (Name(each[language.code]) for each in (NAMES, PRODUCTS, COLUMNS))
    (sold, back), currency = map(Name, WORDS[language.code]), CURRENCIES[language.code]
    meant = sentence("orders: {sold} and came back: {back}", sold=sold, back=back).message
    held: dict[str, Value | Message | Plain] = {"word": sold, "rows": MANY, "money": Digits("940.00")}
    unknown = Message('"{word}": {rows} row, {money}', held, plural='"{word}": {rows} rows, {money}', count=MANY)
    usual, newest = (Amount(minor, currency) for minor in AMOUNTS[currency])
    return {
        **dict.fromkeys(("owner", "who"), (name, Name("Eleni"))),
        **dict.fromkeys(("column", "name"), (column, Name("Status"))),
        **dict.fromkeys(("sold", "word"), (sold, sold)),
        **dict.fromkeys(("money", "usual", "then"), (usual, usual)),
        "back": (back, back),
        "category": (product, product),
        "currency": (Name(currency), Name(currency)),
        "meaning": (meant, meant),
        **dict.fromkeys(("newest", "now"), (newest, newest)),
        "words": (unknown, unknown),
    }

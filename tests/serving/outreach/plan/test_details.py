"""Every detail that planning writes is said in every language, and what people wrote stays theirs."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.language import ENGLISH, GREEK, PERSIAN
from serving.outreach.plan import capacity, departures, entry_rule, ranking, suppression
from serving.outreach.plan.details import FORMS, detail_sentence, detail_text
from serving.outreach.plan.entry_rule import due_in_words
from serving.outreach.plan.in_words import CODES, LEFT_OUT, OUTCOMES
from serving.outreach.plan.suppression import REASONS


def shapes(module: object) -> set[str]:
    """The texts that a module may write as details: literal ones of several words, and those with values, as “…”."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))  # type: ignore[attr-defined]
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.add("".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs:
            found.add(node.value)
    inside = {part for shape in found if "…" in shape for part in shape.split("…")}
    return {shape for shape in found if shape.count(" ") >= 2 and shape not in inside and "{" not in shape}


def test_every_detail_that_is_written_has_a_form() -> None:
    known = {re.sub(r"\{[^}]*\}", "…", form.text) for form in FORMS}
    written = set().union(*(shapes(module) for module in (suppression, capacity, departures, entry_rule, ranking)))
    by_people = {" (came along from another account with …)", " (until …)"}  # after what somebody wrote
    assert written - known - set(LEFT_OUT) - by_people == set()
    assert {"ordered on …", "an order is on its way"} <= written


def test_details_are_said_with_the_days_and_names_of_the_language() -> None:
    row = {"usual_gap_days": [31.5], "days_since_order": [20], "late_after_days": [32.0]}
    due, single = (due_in_words(pd.DataFrame(row | {"order_days": [days]}), date(2026, 3, 2))[0] for days in (9, 2))
    assert detail_text(single, GREEK).startswith("δύο παραγγελίες ως τώρα, με 32 ημέρες ανάμεσά τους· θα αργεί από")
    assert detail_text(due, GREEK) == "συνήθως παραγγέλνει κάθε 32 ημέρες· θα αργεί από τις 15 Μαρτίου και μετά"
    assert detail_text(due, PERSIAN) == "معمولاً هر ۳۲ روز یک بار سفارش می‌دهد و از ۱۴۰۴/۱۲/۲۴ به بعد دیرتر از معمول است"
    assert detail_text("no consent to call", PERSIAN) == "به این راه تماس رضایت نداده: تماس تلفنی"
    assert detail_text("risk is down to 12%", PERSIAN) == "احتمال ریزش تا ۱۲ درصد پایین آمده"
    assert detail_text("ordered again, Eleni says", GREEK) == "ordered again, Eleni says"


def test_a_gap_of_thousands_of_days_is_read_and_the_english_stays_as_it_was_written() -> None:
    detail = "usually orders every 1,234 days, and is late from 2026-03-15 on"
    assert detail_text(detail, GREEK).startswith("συνήθως παραγγέλνει κάθε 1.234 ημέρες")
    older = detail.replace(",", "", 1)  # as it may have been written once
    assert detail_sentence(older) == detail_text(older, ENGLISH) == older


@pytest.mark.parametrize("codes", [LEFT_OUT, OUTCOMES, *CODES.values()])
def test_a_code_has_a_name_of_its_own(codes: dict[str, object]) -> None:
    assert len(set(codes.values())) == len(codes)


def test_every_code_of_a_list_has_a_name() -> None:
    from serving.outreach.plan.candidates import LISTED_KINDS
    from serving.outreach.plan.entry_rule import LISTED_FOR
    from serving.scores import BANDS, STATES

    named = {name: set(codes) for name, codes in CODES.items()}
    assert (named["state"], named["band"], named["kind"]) == (set(STATES), set(BANDS), set(LISTED_KINDS))
    assert named["listed_for"] == set(LISTED_FOR)
    assert set(REASONS) <= set(LEFT_OUT)

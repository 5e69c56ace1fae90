"""Who reads in which language, how numbers and names are written in it, and that a stored message is the same one."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup

from features.clock import date_of
from features.language.jalali import day_number, jalali_date
from features.language.languages import ENGLISH, GREEK, LANGUAGES, PERSIAN, language_accepted, language_of_customer
from features.language.messages import Message, Sentence, message_of, said
from features.language.names import address
from features.language.templates import speaking
from features.language.typed_values import Amount, Day, Days, Every, Name, Number, Percent
from features.language.written import NO_BREAK, day_text, money_text, number_text, percent_text
from features.money import NEW_RIAL, RIAL, TOMAN, Money
from features.rounding import number_in_words, percent

LATE = Message("no order for {days_since_order}, usually {rhythm}", {"days_since_order": Days(74), "rhythm": Every(31)})


def test_a_reason_reads_as_the_language_says_it() -> None:
    assert said(LATE, ENGLISH) == "no order for 74 days, usually every 31 days"
    assert said(LATE, PERSIAN) == "۷۴ روز است سفارش نداده؛ معمولاً هر ۳۱ روز یک بار سفارش می‌دهد."
    assert said(LATE, GREEK) == "Έχει να παραγγείλει 74 ημέρες· συνήθως παραγγέλνει κάθε 31."
    spent = Message(
        "spent {spend_90d} in the last 90 days, down from {spend_90d_before} in the 90 before",
        {"spend_90d": Amount(12000, "EUR"), "spend_90d_before": Amount(31000, "EUR")},
    )
    assert said(spent, PERSIAN) == "در ۹۰ روز گذشته ۱۲۰ یورو خرید کرده؛ در ۹۰ روز پیش از آن، ۳۱۰ یورو."
    greek = "Αγορές 120 € τις τελευταίες 90 ημέρες, έναντι 310 € τις προηγούμενες 90."
    assert said(spent, GREEK).replace(NO_BREAK, " ") == greek


def test_one_and_part_of_one_take_the_form_of_the_language() -> None:
    since = "sent something back {days_since_return} ago"
    assert said(Message(since, {"days_since_return": Days(1)}), GREEK) == "Επέστρεψε προϊόν πριν από 1 ημέρα."
    assert said(Message("every day"), GREEK) == "κάθε μέρα"
    assert said(Message("{days} day", {"days": 1.5}, plural="{days} days", count=1.5), GREEK) == "1,5 ημέρες"
    assert said(Message("{days} day", {"days": 0}, plural="{days} days", count=0), GREEK) == "0 ημέρες"


VALUES = st.one_of(
    st.builds(Days, st.integers(0, 9999).map(float)),
    st.builds(Every, st.integers(1, 400).map(float)),
    st.builds(Amount, st.integers(-(10**9), 10**12), st.sampled_from(["EUR", "IRR", "IRT", "USD"])),
    st.builds(Percent, st.floats(0, 1)),
    st.builds(Number, st.integers(0, 10**6).map(float)),
    st.builds(Day, st.dates(date(1950, 1, 1), date(2060, 1, 1))),
    st.builds(Name, st.text(max_size=9)),
)


@given(VALUES)
def test_a_message_that_was_stored_says_the_same_in_every_language(value: object) -> None:
    message = Message("not on the list: {reason}", {"reason": Message("{it}", {"it": value})})  # type: ignore[dict-item]
    again = message_of(message.to_dict())
    assert [said(again, language) for language in LANGUAGES] == [said(message, language) for language in LANGUAGES]


def test_a_sentence_is_its_english_and_survives_another_process() -> None:
    sentence = pickle.loads(pickle.dumps(Sentence.of(LATE)))
    assert sentence == said(LATE, ENGLISH)
    assert said(sentence, GREEK) == said(LATE, GREEK)
    assert said("as it was stored before", GREEK) == "as it was stored before"


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_a_number_is_the_same_in_every_language(number: float) -> None:
    english = number_in_words(number)
    to_english = str.maketrans("۰۱۲۳۴۵۶۷۸۹٬٫−", "0123456789,.-", "\u200e")
    assert number_text(number, PERSIAN).translate(to_english) == english
    assert number_text(number, GREEK).translate(str.maketrans(",.", ".,")) == english


@given(st.integers(day_number(1301, 1, 1), day_number(1450, 12, 29)))
def test_a_day_of_the_jalali_calendar_is_the_day_it_was_read_from(day: int) -> None:
    assert day_number(*jalali_date(date_of(day))) == day


def test_a_day_of_a_far_year_is_written_too() -> None:
    assert day_text(date(2199, 12, 31), PERSIAN) == "۲۱۹۹-۱۲-۳۱"
    assert jalali_date(date(2072, 1, 1))[0] == 1450


def test_money_is_said_with_the_unit_that_people_say() -> None:
    assert money_text(12000, "EUR", ENGLISH) == Money("EUR").text(12000)
    assert money_text(-50, "EUR", GREEK).replace(NO_BREAK, " ") == "−0,50 €"
    toman = replace(PERSIAN, rials_as=TOMAN)
    assert money_text(30_847_270, "IRR", toman) == "۳ میلیون و ۸۵ هزار تومان", "nobody says 3,084,727"
    assert money_text(30_847_270, "IRR", toman, form="table") == "۳٬۰۸۴٬۷۲۷ تومان"
    assert money_text(9_135_000, "IRR", toman) == "۹۱۳٬۵۰۰ تومان"
    assert money_text(24_000_000, "IRR", toman, form="table") == "۲٬۴۰۰٬۰۰۰ تومان"
    assert money_text(3_000_000, "IRT", PERSIAN) == "۳ میلیون تومان"
    assert money_text(950_000, "IRR", PERSIAN) == "۹۵۰ هزار ریال"
    assert money_text(-950_000, "IRR", PERSIAN) == "\u200e−۹۵۰ هزار ریال", "its sign stays before the number"
    assert money_text(9_000, "IRR", PERSIAN) == "۹٬۰۰۰ ریال"
    new = replace(PERSIAN, rials_as=NEW_RIAL)
    assert money_text(24_000_000, "IRR", new) == money_text(2_400_000, "IRT", new) == "۲٬۴۰۰ ریال جدید"
    assert money_text(24_135_050, "IRR", new, form="table") == "۲٬۴۱۳٫۵۱ ریال جدید"
    assert money_text(24_000_000, "IRR", replace(GREEK, rials_as=NEW_RIAL)).replace(NO_BREAK, " ") == "2.400 νέα ριάλ"
    assert money_text(2_400_000, "IRT", replace(PERSIAN, rials_as=RIAL)) == "۲۴ میلیون ریال"
    assert money_text(2_400, "EUR", new) == "۲۴ یورو", "money of no other country changes its unit"
    assert money_text(2_400_000_000, "IRR", PERSIAN) == "۲ میلیارد و ۴۰۰ میلیون ریال"
    assert money_text(1_000_050_000, "IRR", PERSIAN) == "۱ میلیارد و ۵۰ هزار ریال"
    assert (percent_text(0.25, ENGLISH), percent(0.25)) == ("25%", "25%")


@pytest.mark.parametrize(
    ("name", "greek", "persian"),
    [
        ("κ. Παπαδόπουλος", "κύριε Παπαδόπουλε", "مشتری گرامی"),
        ("Μαρία Παπαδοπούλου", "κυρία Παπαδοπούλου", "مشتری گرامی"),
        ("Γιώργος Γεωργίου", "κύριε Γεωργίου", "مشتری گرامی"),
        ("Μυρτώ", "κυρία Μυρτώ", "مشتری گرامی"),
        ("Χριστός", "κύριε Χριστέ", "مشتری گرامی"),
        ("Ηλίας", "κύριε Ηλία", "مشتری گرامی"),
        ("Δημήτριος", "κύριε Δημήτριε", "مشتری گرامی"),
        ("Γεωργίου", None, "مشتری گرامی"),
        ("Καφετέρια Αύρα", None, "مشتری گرامی"),
        ("Φαρμακείο Παπαδόπουλος", None, "مشتری گرامی"),
        ("Δήμος Αθηναίων", None, "مشتری گرامی"),
        ("Ιάσων Παπαδόπουλος", "κύριε Παπαδόπουλε", "مشتری گرامی"),
        ("Δήμος Παπαδόπουλος", "κύριε Παπαδόπουλε", "مشتری گرامی"),
        ("ΜΑΡΙΑ", None, "مشتری گرامی"),
        ("Γιωργος", None, "مشتری گرامی"),
        ("خانم احمدی", None, "خانم احمدی"),
        ("سارا", None, "مشتری گرامی"),
        ("آقاي كريمي", None, "آقای کریمی"),
        ("سركار خانم كريمي", None, "سرکار خانم کریمی"),
        ("آقا رضا", None, "آقا رضا"),
        ("حاج آقا رضایی", None, "حاج آقا رضایی"),
        ("علي كريمي", None, "علی کریمی عزیز"),
        ("شرکت پارس", None, "مشتری گرامی"),
        ("فروشگاه امید", None, "مشتری گرامی"),
    ],
)
def test_names_are_called_as_manners_ask(name: str, greek: str | None, persian: str) -> None:
    assert (address(name, GREEK), address(name, PERSIAN), address(name, ENGLISH)) == (greek, persian, name)


def test_the_language_is_the_readers() -> None:
    assert language_accepted("fa-IR,en;q=0.9").code == "fa"
    assert language_accepted("de, fr", GREEK) == GREEK
    assert language_accepted("el;q=0, en;q=nonsense", PERSIAN) == PERSIAN
    assert language_of_customer("el", "IR", ENGLISH) == GREEK
    assert language_of_customer("German", "GR", GREEK) == ENGLISH
    assert language_of_customer(" ", "Κύπρος", ENGLISH) == language_of_customer(None, "ΕΛΛΑΔΑ", ENGLISH) == GREEK
    assert language_of_customer("فارسي", None, ENGLISH) == PERSIAN
    assert language_of_customer(None, "FR", PERSIAN) == PERSIAN


def test_a_template_escapes_what_the_shop_wrote_and_isolates_names() -> None:
    page = speaking(Environment(autoescape=True), PERSIAN)
    text = page.from_string(
        "{{ _('not on the list: {reason}', reason=who) }} {{ day | day('table') }} {{ 0.25 | percent }}"
    )
    assert text.render(who="<Ann>", day=date(2026, 1, 2)) == ("بیرون از فهرست: <bdi>&lt;Ann&gt;</bdi> ۱۴۰۴/۱۰/۱۲ ۲۵٪")
    assert page.from_string("{{ late | said }}").render(late=Sentence.of(LATE)) == said(LATE, PERSIAN)
    link = page.from_string("{{ _('not on the list: {reason}', reason=link) }}").render(link=Markup("<a>x</a>"))
    assert link == "بیرون از فهرست: <a>x</a>"
    first = date(2026, 1, 1)
    assert day_text(first, GREEK, "on") == day_text(first, GREEK, "the") == "την 1η Ιανουαρίου"


def test_names_in_shown_text_are_set_apart_by_marks_and_in_files_by_none() -> None:
    owner = Message("Whom to contact, {day:table}: {owner}", {"day": date(2026, 1, 2), "owner": "Eleni"})
    assert said(owner, PERSIAN, isolated=True).endswith("\u2068Eleni\u2069")
    assert said(owner, PERSIAN).endswith("Eleni")

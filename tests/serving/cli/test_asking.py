"""The questions of init in the languages of whoever answers them."""

from __future__ import annotations

from features.language import GREEK, PERSIAN
from features.questions import Answer, Question, by_setting
from features.sources.balance.limits import accepted_question
from features.sources.words.meant import UnknownWord, words_question
from serving.cli.asking import answer_of, lines


def test_a_question_and_its_answers_are_put_in_the_language_asked_for() -> None:
    asked = words_question("status", "Status", [UnknownWord("Blau", 3, 40.0), UnknownWord("Rot", 1, -5.0, True)], {})
    assert list(lines(asked, PERSIAN))[1:] == [
        "معنای این واژه‌های «Status» معلوم نیست: «Blau»: ۳ سطر، ۴۰٫۰۰؛ «Rot»: ۱ سطر، \u200e−۵٫۰۰. آیا معنایشان این است؟ "
        "سفارش: Blau؛ مرجوعی: Rot",
        "  در فایل برای نمونه آمده: Blau   Rot",
        "  ۱  سفارش: Blau؛ مرجوعی: Rot",
        "  ۲  هیچ‌کدام سفارش نیست: کنار گذاشته شود",
        "  ۳  همه مرجوعی است",
    ]
    assert answer_of(asked, "۲") == asked.answers[1]


def test_words_beyond_those_that_are_named_are_counted_in_the_language() -> None:
    asked = words_question("status", "Status", [UnknownWord(f"w{n}", 2, 1.0) for n in range(9)], {})
    assert asked.likely.words == "orders: w0, w1, w2, w3, w4, w5, w6, w7 and 1 more"
    assert list(lines(asked, GREEK))[3] == "  1  παραγγελίες: w0, w1, w2, w3, w4, w5, w6, w7 και 1 ακόμη"


def test_questions_that_are_asked_together_keep_their_messages() -> None:
    asked = [accepted_question(name, f"{name} took many rows.", ()) for name in ("guests", "cancelled")]
    (both,) = by_setting(asked).values()
    assert list(lines(both, GREEK))[1] == "guests took many rows. Είναι σωστό; cancelled took many rows. Είναι σωστό;"
    assert list(lines(both, GREEK))[2].endswith("ναι, έτσι είναι")


def test_what_knows_no_message_is_put_as_it_is() -> None:
    plain = Question("shop.zone", "Where is the shop?", (Answer("in Athens", {}), Answer("elsewhere", {})))
    assert list(lines(plain, GREEK))[1:] == ["Where is the shop?", "  1  in Athens", "  2  elsewhere"]

"""How a message is said: in English, Persian or Greek, with the numbers, days and manners of each.

A message is English text with named fields; its wordings stand in `catalogues/`, and whoever shows it says it in the
reader's language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.lazy_names import lazy_names

if TYPE_CHECKING:
    from features.language.catalogue import translated
    from features.language.languages import (
        ENGLISH,
        GREEK,
        LANGUAGES,
        PERSIAN,
        Language,
        language_accepted,
        language_named,
        language_of_customer,
    )
    from features.language.messages import Message, Sentence, message_of, said
    from features.language.names import address
    from features.language.templates import speaking
    from features.language.typed_values import Amount, Day, Days, Digits, Every, Name, Number, Percent, Value
    from features.language.written import day_text, days_text, money_text, number_text, percent_text
else:
    __getattr__, __dir__ = lazy_names(__name__)

__all__ = [
    "ENGLISH", "GREEK", "PERSIAN", "LANGUAGES", "Language", "language_accepted", "language_named",
    "language_of_customer",
    "Message", "Sentence", "message_of", "said", "translated",
    "Amount", "Day", "Days", "Digits", "Every", "Name", "Number", "Percent", "Value",
    "day_text", "days_text", "money_text", "number_text", "percent_text", "address",
    "speaking",
]  # fmt: skip

"""How a customer is addressed by name, in the manner of each language; None where the name cannot be said politely.

A name with a number in it is none. English takes any other as it is. Greek takes a name into the vocative after κύριε
or κυρία. Persian says a title that is known, else a person's full name with عزیز, else مشتری گرامی. The name itself
tells a man from a woman, or nothing does.
"""

from __future__ import annotations

import re
import unicodedata

from features.language.languages import Language

_GREEK = re.compile("[Ͱ-Ͽἀ-῿]")
_PERSIAN = re.compile("[\u0600-\u06ff]")
_DIGIT = re.compile(r"\d")
_LATIN = re.compile("[A-Za-z]")
_GREEK_TITLES = {
    "κύριος": "κύριε", "κύριε": "κύριε", "κος": "κύριε", "κ": "κύριε",
    "κυρία": "κυρία", "κα": "κυρία", "δεσποινίς": "κυρία", "δις": "κυρία",
}  # fmt: skip
_PERSIAN_TITLES = ("آقای", "آقا", "خانم", "دکتر", "مهندس", "استاد", "سرکار", "جناب", "حاج", "حاجی")
# A business is no person: عزیز is said to none of them.
_PERSIAN_BUSINESSES = (
    *("شرکت", "فروشگاه", "مغازه", "سوپرمارکت", "هایپرمارکت", "گروه", "مؤسسه", "موسسه", "سازمان", "اداره", "بانک"),
    *("رستوران", "کافه", "هتل", "داروخانه", "بیمارستان", "کلینیک", "درمانگاه", "مطب", "آموزشگاه", "مدرسه", "دانشگاه"),
    *("کارخانه", "کارگاه", "تعاونی", "دفتر", "پخش", "بازرگانی", "صنایع", "آرایشگاه", "نانوایی", "قنادی", "نمایندگی"),
)
# Written without accents. Besides, no person's name ends in -ο, nor a surname in -ων, which says whose something is.
_GREEK_BUSINESSES = (
    *("καφε", "καφετερια", "ταβερνα", "ψαροταβερνα", "ψησταρια", "πιτσαρια", "κρεπερι", "καβα", "φουρνος"),
    *("εταιρεια", "εταιρια", "επιχειρηση", "επιχειρησεις", "ομιλος", "βιοτεχνια", "βιομηχανια", "αποθηκη"),
    *("αρτοποιια", "μπουτικ", "εμπορικη", "τεχνικη", "αγορα", "τραπεζα", "οικος", "ιδρυμα", "κλινικη", "σχολη"),
    *("συλλογος", "λεσχη", "συνεταιρισμος", "ενωση", "υπηρεσια", "περιφερεια", "κοινοτητα", "μονη"),
    *("αφοι", "αδελφοι", "υιοι"),
)
_ARABIC_LETTERS = str.maketrans("يىك", "ییک")
_DIPHTHONGS = ("αι", "ει", "οι", "υι", "ου", "αυ", "ευ", "ηυ")
_VOWELS = "αεηιουω"
_ACUTE, _DIAERESIS = "\u0301", "\u0308"


def address(name: str, language: Language) -> str | None:
    """Return how a customer is addressed; None where the name gives nothing that is polite to say.

    >>> from features.language.languages import ENGLISH, GREEK, PERSIAN
    >>> address("Ann Lee", ENGLISH), address("Γιώργος Παπαδόπουλος", GREEK), address("Νίκος", GREEK)
    ('Ann Lee', 'κύριε Παπαδόπουλε', 'κύριε Νίκο')
    >>> address("ΓΙΩΡΓΟΣ", GREEK), address("Ann Lee", GREEK), address("household 1410", ENGLISH)
    (None, None, None)
    >>> address("آقای رضایی", PERSIAN), address("سارا احمدی", PERSIAN), address("Ann Lee", PERSIAN)
    ('آقای رضایی', 'سارا احمدی عزیز', 'مشتری گرامی')
    """
    plain = " ".join(name.split())
    if _DIGIT.search(plain):
        plain = ""  # "household 1410" is a number that somebody was given, and nobody is called so
    if language.code == "el":
        return _greek(plain)
    return _persian(plain) if language.code == "fa" else plain or None


def _persian(written: str) -> str:
    name = written.translate(_ARABIC_LETTERS)
    first, _, rest = name.partition(" ")
    if not rest or first in _PERSIAN_BUSINESSES or not _PERSIAN.search(name) or _LATIN.search(name):
        return "مشتری گرامی"
    return name if first in _PERSIAN_TITLES else f"{name} عزیز"


def _greek(name: str) -> str | None:
    words = name.split()
    title = _GREEK_TITLES.get(words[0].rstrip(".").lower()) if len(words) > 1 else None
    own = words[1:] if title else words
    if not own or not all(_is_greek_name(word) for word in own) or _is_greek_business(own):
        return None
    title = title or _title_by(own)
    if title is None:
        return None
    called = own[-1] if title == "κυρία" else vocative(own[-1])
    return f"{title} {called}"


def _is_greek_name(word: str) -> bool:
    """Return whether a word is Greek, written with its accent and not in capitals."""
    letters = unicodedata.normalize("NFD", word)
    return bool(_GREEK.search(word)) and not _LATIN.search(word) and not word.isupper() and _ACUTE in letters


def _is_greek_business(words: list[str]) -> bool:
    bare = [_without_marks(word) for word in words]
    return any(word in _GREEK_BUSINESSES or word.endswith("ο") for word in bare) or bare[-1].endswith("ων")


def _title_by(words: list[str]) -> str | None:
    """Return the title that the endings of a name tell: -ς a man's; -α, -η, -ω first a woman's; else unknown."""
    bare = [_without_marks(word) for word in words]
    if any(word.endswith(("ος", "ης", "ας")) for word in bare):
        return "κύριε"
    women = bare[0].endswith(("α", "η", "ω")) or bare[-1].endswith(("α", "η", "ω"))
    return "κυρία" if women else None


def vocative(word: str) -> str:
    """Return a man's name as it is called: -ης and -ας lose the ς; -ος turns by where the stress lies.

    >>> [vocative(name) for name in ("Γιάννης", "Κώστας", "Νίκος", "Παπαδόπουλος", "Αλέξανδρος", "Γεωργίου")]
    ['Γιάννη', 'Κώστα', 'Νίκο', 'Παπαδόπουλε', 'Αλέξανδρε', 'Γεωργίου']
    """
    bare = _without_marks(word)
    if bare.endswith(("ης", "ας")):
        return word[:-1]
    if not bare.endswith("ος"):
        return word
    after = _syllables_after_stress(word)
    return word[:-1] if after == 1 else f"{word[:-2]}{'ε' if after else 'έ'}"


def _syllables_after_stress(word: str) -> int:
    """Return how many syllables follow the stressed one."""
    letters = unicodedata.normalize("NFD", word.lower())
    _, _, after = letters.rpartition(_ACUTE)
    bare = "".join(char for char in after if char == _DIAERESIS or not unicodedata.combining(char))
    return len(re.findall(f"(?:{'|'.join(_DIPHTHONGS)})(?!{_DIAERESIS})|[{_VOWELS}]", bare))


def _without_marks(word: str) -> str:
    plain = unicodedata.normalize("NFD", word.lower())
    return "".join(char for char in plain if not unicodedata.combining(char))

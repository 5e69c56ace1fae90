"""Reads what a customer consents to from the words that shops write into their customers files.

The words are English, Greek and Persian, compared without case, accents and marks. Any other word
is not guessed at: calling somebody who said no is worse than asking the shop what it means.
"""

from __future__ import annotations

import re

from features.errors import InputError, suggest
from features.sources.plain_text import plain

# `service` answers what the customer asked: whoever allows any channel is answered, too.
SERVICE = "service"
CHANNELS: tuple[str, ...] = ("call", "mail", "letter", "visit", "message", SERVICE)
RULE = "a consent"
REMEDY = "write yes, no, or the channels that are allowed, such as: mail, call"

_UNKNOWN = "|-|–|—|?|unknown|n/a|na|null|not asked|άγνωστο|نامشخص|نامعلوم"
_NO = (
    "no|n|false|f|0|0.0|none|never|opt-out|opted out|unsubscribed|not subscribed|do not contact|dnc|refused|withdrawn"
    "|pending|cleaned|bounced|όχι|καμία|ποτέ|αρνήθηκε|διαγραφή|خیر|نه|هرگز|لغو|لغو اشتراک|بدون رضایت|ندارد|مخالف"
)
_YES = (
    "yes|y|true|t|1|1.0|all|any|everything|opt-in|opted in|subscribed|granted|given|agreed|ok"
    "|ναι|όλα|όλοι|συμφωνώ|بله|بلی|آری|همه|دارد|موافق|رضایت دارد"
)
_NAMES = {
    "call": "call|calls|phone|phone call|telephone|tel|τηλέφωνο|τηλεφωνικά|κλήση|κλήσεις|تلفن|تماس|تماس تلفنی|زنگ",
    "mail": (
        "mail|mails|email|e-mail|emails|newsletter|μέιλ|ιμέιλ|ηλεκτρονικό ταχυδρομείο|ενημερωτικό δελτίο"
        "|ایمیل|رایانامه|پست الکترونیک|پست الکترونیکی|خبرنامه"
    ),
    "letter": "letter|letters|post|postal|paper|επιστολή|επιστολές|γράμμα|ταχυδρομείο|نامه|پست",
    "visit": "visit|visits|in person|επίσκεψη|επισκέψεις|بازدید|حضوری|ملاقات",
    "message": (
        "message|messages|sms|text|text message|whatsapp|viber|telegram|push|chat|μήνυμα|μηνύματα|پیام|پیامک|اس ام اس"
        "|واتساپ|تلگرام"
    ),
    SERVICE: "service|service desk|support|helpdesk|εξυπηρέτηση|υποστήριξη|خدمات|پشتیبانی",
}
_BETWEEN = re.compile(r"[,;/|+&،؛·\n]|\band\b|\bκαι\b|\sو\s")


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(word) for word in text.split("|"))


_UNKNOWN_WORDS, _NO_WORDS, _YES_WORDS = _words(_UNKNOWN), _words(_NO), _words(_YES)
_CHANNEL_OF = {word: channel for channel, names in _NAMES.items() for word in _words(names)}
_SHOWN = ("yes", "no", *CHANNELS)


def allowed_channels(text: str | None) -> frozenset[str] | None:
    """Return the channels that a consent allows; None = nothing is known, which forbids none.

    Args:
        text: empty; a word for yes or no; or the allowed channels, with commas between.

    Raises:
        InputError: a word that says neither yes, nor no, nor a channel.

    >>> allowed_channels("No"), allowed_channels("") is None
    (frozenset(), True)
    >>> sorted(allowed_channels("mail, τηλέφωνο"))
    ['call', 'mail', 'service']
    >>> "visit" in allowed_channels("بله")
    True
    """
    written = (text or "").strip()
    # "n/a" and "opt-in / opted in" hold marks that separate channels elsewhere: a known text is not split.
    whole = plain(written)
    if written in _UNKNOWN.split("|") or (whole and whole in _UNKNOWN_WORDS):
        return None
    if whole in _NO_WORDS:
        return frozenset()
    if whole in _YES_WORDS:
        return frozenset(CHANNELS)
    return _named(written)


def _named(text: str) -> frozenset[str]:
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    strange = [part for part in parts if plain(part) not in _CHANNEL_OF]
    if strange or not parts:
        known = f"{REMEDY}.{suggest((strange or [''])[0].lower(), _SHOWN)}"
        raise InputError(f'consent: "{text}" is not {RULE}; {known}')
    return frozenset(_CHANNEL_OF[plain(part)] for part in parts) | {SERVICE}


def is_consent(text: str) -> bool:
    """Say whether a text is a consent that can be read.

    >>> is_consent("call, mail"), is_consent("maybe")
    (True, False)
    """
    try:
        allowed_channels(text)
    except InputError:
        return False
    return True

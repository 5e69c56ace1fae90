"""The model that serves an open shop, asked the question that it was trained for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.churn.horizon import LEAST_ACTIVE_DAYS
from features.errors import InputError, LostModels, ModelNotFound
from serving.config import Settings
from serving.shop.shop_book import ShopBook

if TYPE_CHECKING:  # a model takes seconds to import
    from training.bundle import Bundle


def champion_of(settings: Settings, held: ShopBook) -> tuple[Bundle, str]:
    """Return the model that serves a shop and its version, verified and asked the question that it was trained for.

    Args:
        settings: of the shop.
        held: its book, which knows whether a model has ever served.

    Raises:
        ModelNotFound: none serves yet.
        LostModels: the shop had models, and its registry is gone or empty.
        ModelRefused: it is corrupt or gone.
        InputError: it was trained for another question.
    """
    tracking = settings.tracking()
    try:
        bundle, version = tracking.champion()
    except ModelNotFound:
        if tracking.challenger_version() is None:
            _refuse_lost(held, tracking.store.place, tracking.store.lost)
        raise
    check_agrees(settings, bundle, version)
    return bundle, version


def _refuse_lost(held: ShopBook, place: str, problem: str) -> None:
    from serving.book.audit import served_last

    book = held.if_any()
    if book is not None and served_last(book):
        raise LostModels(place, problem)


def check_agrees(settings: Settings, bundle: Bundle, version: str) -> None:
    """Refuse a model that was trained for another question than the settings ask.

    Raises:
        InputError: another horizon, active window or currency.
    """
    asked, known = settings.churn, bundle.definition
    if not settings.agrees_with(known):
        raise InputError(
            f"version {version} was trained for a horizon of {known.horizon_days} days and {known.active_days} active "
            f"days, not {asked.horizon_days} and {asked.active_days or LEAST_ACTIVE_DAYS}: run regulars train with "
            "these, or ask for those"
        )
    if settings.money != bundle.money:
        known_in, asked_in = bundle.money.currency, settings.money.currency
        raise InputError(f"version {version} was trained in {known_in}, not {asked_in}: run regulars train")

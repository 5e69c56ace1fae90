"""A shop that has lost its registry: what remembers that there were models, and how somebody begins without them."""

from __future__ import annotations

from features.errors import Damaged, InputError, LostModels
from serving.book.audit import auditing, served_last
from serving.book.sql_rows import utc_now
from serving.shop import OpenShop
from training.tracking import Tracking

NEW_MODELS = "new-models"


def refuse_lost_models(shop: OpenShop, tracking: Tracking) -> None:
    """Refuse to go on where nothing serves and the book knows what did; the registry itself may be gone as a whole.

    Raises:
        LostModels: the registry holds no champion, and the shop had one.
    """
    if tracking.champion_version() or tracking.challenger_version():
        return
    if shop.book_if_any is not None and served_last(shop.book):
        raise LostModels(tracking.store.place, tracking.store.lost)


def begin_new_models(shop: OpenShop, by: str, why: str) -> str:
    """Move what is left of a lost or damaged registry aside, record who decided so, and return what was done.

    Args:
        shop: the open shop.
        by: who decides; kept in the book.
        why: the reason.

    Raises:
        InputError: who or why is missing, or the models are there.
    """
    if not (by.strip() and why.strip()):
        raise InputError("--new-models needs --by NAME and --why TEXT: who decides, and for what reason")
    tracking = shop.settings.tracking()
    try:
        refuse_lost_models(shop, tracking)
    except (LostModels, Damaged):
        with auditing(shop.book, NEW_MODELS, by.strip(), served_last(shop.book), "", why.strip(), forced=True):
            kept = tracking.set_aside(f"lost-{utc_now():%Y%m%d-%H%M%S}")
        return "the versions begin anew" + (f"; what was left of the former ones is kept as {kept}" if kept else "")
    raise InputError("the shop's models are there: there is nothing to begin anew")

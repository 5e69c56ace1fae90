"""Before anything was trained: what customers' rhythms alone tell serves, recorded and audited like any model."""

from __future__ import annotations

from serving.book.audit import auditing
from serving.commands.models.lost_models import refuse_lost_models
from serving.commands.models.promote import PROMOTE
from serving.commands.models.train import GATE
from serving.shop import OpenShop
from training.provisional import first_answer

UNTRAINED = "provisional: nothing was trained yet, so rhythms alone serve until it is"


def let_rhythms_serve(shop: OpenShop) -> str | None:
    """Let a provisional model serve where none was ever trained; return its version, None where one serves already.

    It is None too where the log is too short for any: whoever asks for scores is then told so.

    Args:
        shop: the open shop.

    Raises:
        LostModels: the shop had models, and its registry is gone or empty.
    """
    tracking = shop.settings.tracking()
    if tracking.champion_version() or tracking.challenger_version():
        return None
    refuse_lost_models(shop, tracking)
    version = first_answer(shop.log, shop.definition, shop.settings.shop, tracking, shop.until)
    if version is not None:
        with auditing(shop.book, PROMOTE, GATE, None, version, UNTRAINED):
            pass
    return version

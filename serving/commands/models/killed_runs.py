"""Runs in MLflow whose process is gone: the next command that looks at models closes them, and says so."""

from __future__ import annotations

import time

from serving.shop import OpenShop


def close_killed(shop: OpenShop) -> tuple[str, ...]:
    """Close runs that were killed, and say in words how many trainings were among them; nothing where none was.

    Args:
        shop: the open shop.

    Raises:
        LostModels: the registry is gone, or is empty, beside models.
    """
    killed = shop.settings.tracking().close_killed(time.time() * 1000)
    if not killed:
        return ()
    runs = "a former training was" if killed == 1 else f"{killed} former trainings were"
    return (f"{runs} killed: closed as KILLED in MLflow; what served then served on",)

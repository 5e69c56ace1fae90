"""A model that is asked about a day from before the end of its training knew what came then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from training.bundle import Bundle


def hindsight(bundle: Bundle, version: str, as_of: date) -> Iterator[str]:
    """Say in one line that the model knew the future of a day; nothing where it did not.

    Args:
        bundle: the model.
        version: of the model.
        as_of: the day that is looked from.
    """
    if as_of < bundle.trained_until:
        yield (
            f"careful: version {version} learnt from orders until {bundle.trained_until}, so it knew what came after "
            f"{as_of}: how right this is says nothing of how right it will be"
        )

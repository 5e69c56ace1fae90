"""What a report shows while its figures are counted for the first time, and when they were counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from starlette.responses import Response

from serving.pages.reports.kept import Counted
from serving.pages.visit import Visit

AGAIN_SECONDS = 3  # after so many a browser asks once more


def counting(visit: Visit, section: Literal["right", "pays"]) -> Response:
    """Return the page that says so, and asks once more by itself."""
    context = {"section": section, "again_seconds": AGAIN_SECONDS}
    return visit.page("reports/counting.html.jinja", context, status=202)


def counted_at(visit: Visit, found: Counted[Any]) -> datetime:
    """Return when a figure was counted, on the shop's clock."""
    return found.at.astimezone(visit.server.need_settings().shop.zone_info)

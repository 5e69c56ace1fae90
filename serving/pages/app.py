"""The routes of the pages: each room lists its views, and a new one is a line here."""

from __future__ import annotations

from itertools import groupby

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving.api.state import ServerState
from serving.pages import customer, desk, entry, export, languages, marking, my_list, upload, way_in
from serving.pages.endpoint import PageEndpoint
from serving.pages.refusals import no_page
from serving.pages.reports import pays, right
from serving.pages.static_files import static_file
from serving.pages.visit import Parts, View, Visit

VIEWS: tuple[View, ...] = (
    *my_list.VIEWS,
    *entry.VIEWS,
    *marking.VIEWS,
    *customer.VIEWS,
    *desk.VIEWS,
    *export.VIEWS,
    *upload.VIEWS,
    *right.VIEWS,
    *pays.VIEWS,
    *way_in.VIEWS,
    *languages.VIEWS,
    View("GET", "static/{digest}/{name}", lambda visit: static_file(visit.request), is_public=True),
)


def page_routes(server: ServerState) -> list[BaseRoute]:
    """Return the routes of the pages of a server.

    >>> [route.path for route in page_routes(ServerState())][:2]
    ['/pages/', '/pages/entries/{entry_id}']
    """
    parts = Parts()
    found: list[BaseRoute] = [
        Route(f"/pages/{path}", PageEndpoint(server, parts, _shown(path), {each.method: each for each in views}))
        for path, group in groupby(VIEWS, key=lambda each: each.path)
        for views in [list(group)]
    ]
    bare = View("GET", "", way_in.to_the_list, is_public=True)
    nowhere = View("GET", "", _nowhere, is_public=True)
    return [
        *found,
        Route("/pages", PageEndpoint(server, parts, "/pages", {"GET": bare})),
        Route("/pages/{rest:path}", PageEndpoint(server, parts, "/pages/…", {"GET": nowhere, "POST": nowhere})),
    ]


def _nowhere(visit: Visit) -> Response:
    raise no_page()


def _shown(path: str) -> str:
    """Return a path as logs show it, the kinds of its parts left out."""
    return f"/pages/{path.replace(':path', '')}"

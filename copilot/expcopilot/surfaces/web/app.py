"""The page as an ASGI app: its views, and what stands before them."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from copilot_tools.refusals import Refused
from expcopilot.outputs.report.html import TEMPLATES
from expcopilot.surfaces.web.failures import failed, gone, missing, refused
from expcopilot.surfaces.web.office import Office
from expcopilot.surfaces.web.rendering import ASSETS
from expcopilot.surfaces.web.safety import Safety
from expcopilot.surfaces.web.views import (
    batch,
    batch_review,
    board,
    brief,
    conversation,
    copy,
    copy_decisions,
    data,
    entering,
    experiment,
    gates,
    history,
    learned,
    planning,
    quick_look,
    readout,
    sharpening,
    sources,
)

__all__ = ["create_app"]

_VIEWS = (
    *(entering, board, experiment, conversation, gates, sharpening, planning, copy),
    *(data, quick_look, readout, batch, history, learned),
    *(copy_decisions, brief, sources, batch_review),
)


def create_app(office: Office, *, hosts: Iterable[str]) -> ASGIApp:
    """The app of one workspace.

    Args:
        office: The workspace, opened.
        hosts: Host headers it answers to, such as "127.0.0.1:8765".
    """
    routes: list[Route | Mount] = [route for view in _VIEWS for route in view.ROUTES]
    routes.append(Route("/assets/blocks.css", lambda _: FileResponse(TEMPLATES / "blocks.css")))
    routes.append(Mount("/assets", StaticFiles(directory=ASSETS)))
    app = Starlette(
        routes=routes,
        exception_handlers={Refused: refused, HTTPException: missing, ClientDisconnect: gone, Exception: failed},
    )
    app.state.office = office
    # Outside of everything, what answers a mistake of the program included: no answer goes out without its headers.
    return Safety(app, hosts=hosts, uploads=("/data", "/batch", "/sources", "/brief", "/own-variants"))

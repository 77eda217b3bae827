"""Coming in by a one-time link, as one of the workspace's people; and leaving."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from copilot_tools.refusals import Refused
from expcopilot.surfaces.web.identity import SESSION_SECONDS
from expcopilot.surfaces.web.office import Office
from expcopilot.surfaces.web.rendering import render
from expcopilot.surfaces.web.visit import Visit, does

__all__ = ["ROUTES"]


async def _ask(request: Request) -> Response:
    """Who are you? The key is used up only by the answer, so that no preview of the link uses it."""
    office: Office = request.app.state.office
    key = request.query_params.get("key", "")
    if not office.door.fits(key):
        if office.door.session(request.cookies.get(office.door.cookie, "")) is not None:
            return RedirectResponse("/", 303)  # the same link opened again in the browser that is in already
        return HTMLResponse(render("stranger.html.jinja"), 401)
    return HTMLResponse(render("entering.html.jinja", key=key, people=office.people, workspace=office.folder.name))


async def _enter(request: Request) -> Response:
    office: Office = request.app.state.office
    async with request.form(max_files=0, max_fields=5) as form:
        key, person = str(form.get("key", "")), str(form.get("person", ""))
    if person not in office.people:
        raise Refused.because(
            "workspace.nobody", "Nobody of that name works here.", "Choose a name from the list.", name="person"
        )
    answer = RedirectResponse("/", 303)
    cookie = office.door.enter(key, person)
    answer.set_cookie(office.door.cookie, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="strict", path="/")
    return answer


def _leave(visit: Visit) -> Response:
    visit.office.door.leave(visit.session)
    answer = HTMLResponse(render("stranger.html.jinja", left=True))
    answer.delete_cookie(visit.office.door.cookie, path="/", httponly=True, samesite="strict")
    return answer


ROUTES = [Route("/enter", _ask, methods=["GET"]), Route("/enter", _enter, methods=["POST"]), does("/leave", _leave)]

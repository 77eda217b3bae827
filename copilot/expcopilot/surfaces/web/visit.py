"""A visit: one request by a known person, with what a view needs to answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.surfaces.web.identity import Session
from expcopilot.surfaces.web.office import Office
from expcopilot.surfaces.web.rendering import render
from expcopilot.surfaces.web.safety import require_token
from expcopilot.surfaces.web.where import name_of

__all__ = ["View", "Visit", "does", "require_text", "shows", "visiting"]


REASON_CHARACTERS = 2_000
"""How long a reason may be."""


@dataclass(frozen=True)
class Visit:
    """One request.

    Attributes:
        request: As it came.
        session: Who asks.
        copilot: The workspace, with that person acting.
        office: What all visits share.
        form: What was sent; empty for a page that is only looked at.
    """

    request: Request
    session: Session
    copilot: Copilot
    office: Office
    form: FormData

    def said(self, field: str, default: str = "") -> str:
        """A field of the form (or, of a page, of its address) as text, without blanks around it."""
        found = self.form.get(field, self.request.query_params.get(field, default))
        return found.strip() if isinstance(found, str) else default

    def reason(self) -> str:
        """The reason that was given, whole: it stands beside a name, so nothing of it is cut.

        Raises:
            Refused: It is longer than is kept.
        """
        found = self.said("reason")
        if len(found) > REASON_CHARACTERS:
            raise Refused.because(
                "web.reason_too_long",
                f"The reason has {len(found):,} characters; at most {REASON_CHARACTERS:,} are kept. Nothing was done.",
                "Say it shorter, and name where the rest stands.",
                name="reason",
                value=len(found),
            )
        return found

    def file(self, field: str) -> UploadFile:
        """A file of the form.

        Raises:
            Refused: None was sent.
        """
        found = self.form.get(field)
        if not isinstance(found, UploadFile) or not found.filename:
            raise Refused.because("web.no_file", "No file was chosen.", "Choose a file, then send it.", name=field)
        return found

    @property
    def named(self) -> str:
        """The experiment in the address."""
        return self.of_address("name")

    def of_address(self, part: str) -> str:
        """A name in the address, as it is."""
        return name_of(self.request.path_params[part])

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page."""
        return HTMLResponse(self.html(template, **context), status)

    def html(self, template: str, **context: Any) -> str:
        """A template, filled; every value in it is escaped."""
        return render(template, session=self.session, copilot=self.copilot, path=self.request.url.path, **context)

    def go(self, path: str) -> Response:
        """Done: show that page."""
        return RedirectResponse(path, 303)


View = Callable[[Visit], Response]


def require_text(form: FormData) -> None:
    """Refuse a form that no record could hold: one may claim a charset in which half a character can be written.

    Raises:
        HTTPException: 400: some text in it is no Unicode.
    """
    for name, value in form.multi_items():
        try:
            f"{name}{value.filename if isinstance(value, UploadFile) else value}".encode()
        except UnicodeEncodeError:
            raise HTTPException(400, "Some of its text is no Unicode") from None


def shows(path: str, view: View) -> Route:
    """A route that shows something and changes nothing."""
    return Route(path, visiting(view), methods=["GET"])


def does(path: str, view: View) -> Route:
    """A route that changes something; what is sent must come from a page of the session."""
    return Route(path, visiting(view), methods=["POST"])


def visiting(view: View) -> Callable[[Request], Any]:
    """An endpoint for a view: the form is read, the token held against the session, the work done in a thread."""

    async def endpoint(request: Request) -> Response:
        office: Office = request.app.state.office
        session = office.door.session(request.cookies.get(office.door.cookie, ""))
        if session is None:
            return HTMLResponse(render("stranger.html.jinja"), 401)
        if request.method in {"GET", "HEAD"}:
            return await run_in_threadpool(_visit, view, request, session, office, FormData())
        async with request.form(max_files=1, max_fields=2000) as form:
            require_text(form)
            token = request.headers.get("x-csrf-token") or str(form.get("csrf", ""))
            require_token(session, request, token)
            return await run_in_threadpool(_visit, view, request, session, office, form)

    return endpoint


def _visit(view: View, request: Request, session: Session, office: Office, form: FormData) -> Response:
    return view(Visit(request, session, office.copilot(session.person), office, form))

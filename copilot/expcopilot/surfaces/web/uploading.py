"""A data file sent by the browser: straight into the workspace's folder as it comes, and only from a page of ours."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, aclosing
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from copilot_tools.refusals import Refused
from expcopilot.memory.data_files import DataFolder
from expcopilot.surfaces.web.identity import Session
from expcopilot.surfaces.web.office import Office
from expcopilot.surfaces.web.rendering import render
from expcopilot.surfaces.web.safety import require_token
from expcopilot.surfaces.web.visit import View, Visit, require_text

__all__ = ["receives"]


def receives(path: str, view: View) -> Route:
    """A route that takes a form with one data file; the path must be among those that ``Safety`` lets files through.

    The view finds the file in ``visit.form``: ``UploadFile.file`` is the stream to keep, and it is gone when the view
    returns without keeping it.
    """

    async def endpoint(request: Request) -> Response:
        office: Office = request.app.state.office
        session = office.door.session(request.cookies.get(office.door.cookie, ""))
        if session is None:
            return HTMLResponse(render("stranger.html.jinja"), 401)
        copilot = office.copilot(session.person)
        with ExitStack() as files:
            try:
                form = await _parsed(request, session, copilot.workspace.data, files)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it
            except MultiPartException as error:
                raise Refused.because(
                    "web.form", f"What was sent cannot be read: {error.message}", "Choose the file again, then send it."
                ) from None
            return await run_in_threadpool(view, Visit(request, session, copilot, office, form))

    return Route(path, endpoint, methods=["POST"])


async def _parsed(request: Request, session: Session, folder: DataFolder, files: ExitStack) -> FormData:
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind == b"multipart/form-data":
        async with aclosing(request.stream()) as stream:
            form = await _IntoFolder(request, session, folder, files, stream).parse()
    else:
        form = await request.form(max_files=0, max_fields=50)
    require_token(session, request, _token(request, form.multi_items()))
    require_text(form)
    return form


def _token(request: Request, items: Iterable[tuple[str, object]]) -> str:
    said = next((value for name, value in items if name == "csrf" and isinstance(value, str)), "")
    return request.headers.get("x-csrf-token") or said


class _IntoFolder(MultiPartParser):
    """Starlette's parser, whose file goes into a folder of ours, and not before the token beside it is known to fit."""

    def __init__(self, request: Request, session: Session, folder: DataFolder, files: ExitStack, stream: Any) -> None:
        super().__init__(request.headers, stream, max_files=1, max_fields=50, max_part_size=100_000)
        self._request, self._session, self._folder, self._files = request, session, folder, files

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        coming = self._current_part.file
        if coming is not None:
            require_token(self._session, self._request, _token(self._request, self.items))
            if coming.filename:
                DataFolder.safe_name(coming.filename)  # before its first byte is written
            coming.file.close()
            coming.file = self._files.enter_context(self._folder.coming())

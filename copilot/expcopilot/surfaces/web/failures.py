"""A refusal as a person reads it: what, why, what to do; in its place on the page, or as a page of its own."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from copilot_tools.refusals import Refusal, Refused
from expcopilot.surfaces.web.rendering import render
from expcopilot.surfaces.web.spelling import on_page

__all__ = ["failed", "gone", "missing", "refused"]

_LOG = logging.getLogger("expcopilot.web")

_STATUS = {
    "web.csrf": 403,
    "web.link_used": 403,
    "web.too_much": 413,
    "experiment.unknown": 404,
    "data.unknown_file": 404,
}


async def refused(request: Request, error: Exception) -> Response:
    """``Refused`` -> what was refused, why, and what to do. A form that was refused stays as it was filled in."""
    refusals = error.refusals if isinstance(error, Refused) else ()
    shown = tuple(
        Refusal(code=r.code, reason=on_page(r.reason), cure=on_page(r.cure), name=r.name, value=r.value)
        for r in refusals
    )
    status = next((_STATUS[r.code] for r in refusals if r.code in _STATUS), 422)
    return _answer(request, status, shown)


async def missing(request: Request, error: Exception) -> Response:
    """A page that is not there, or a form that cannot be read."""
    if isinstance(error, HTTPException) and error.status_code == 400:
        unread = Refusal(
            code="web.unreadable",
            reason=f"What was sent cannot be read: {error.detail.rstrip('.')}. Nothing was done.",
            cure="Load the page again and repeat it there; a long text goes in as a file.",
        )
        return _answer(request, 400, (unread,))
    refusal = Refusal(
        code="web.missing", reason="There is no such page.", cure="Go back to the board, and on from there."
    )
    return _answer(request, 404, (refusal,))


async def gone(_request: Request, _error: Exception) -> Response:
    """Whoever asked hung up in the middle: nobody is there to be answered, and nothing failed."""
    return Response(status_code=499)


async def failed(request: Request, error: Exception) -> Response:
    """A mistake of the program: said as such, with the words to search its log for; never a traceback.

    The traceback goes to the terminal: the server prints it right after this line.
    """
    _LOG.error("%s %s failed", request.method, request.url.path)
    refusal = Refusal(
        code="web.mistake",
        reason=f"This failed through a mistake of the program ({type(error).__name__}). What was recorded before it "
        "stands.",
        cure="Load the page again. The terminal in which `expcopilot web` runs tells what happened; please report it.",
    )
    return _answer(request, 500, (refusal,))


def _answer(request: Request, status: int, refusals: tuple[Refusal, ...]) -> Response:
    part = request.headers.get("hx-request") == "true"
    template = "refusal.html.jinja" if part else "refused.html.jinja"
    return HTMLResponse(render(template, refusals=refusals, status=status), status)

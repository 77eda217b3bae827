"""A running turn as server-sent events: each piece once, by number, so that whoever comes back gets only the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from expcopilot.surfaces.web.rendering import render
from expcopilot.surfaces.web.turns import Running
from expcopilot.surfaces.web.visit import Visit

__all__ = ["stream"]

_MOST_DIGITS = 9


def stream(visit: Visit) -> Response:
    """What comes of a turn from where the reader stands; "done" once it stands in the record, or where none runs.

    Raises:
        Refused: There is no such experiment.
    """
    visit.copilot.refuse_unknown(visit.named)
    running = visit.office.turns.of(visit.named)
    if running is None or running.turn != visit.request.path_params["turn"]:
        return EventSourceResponse(_over())
    # A browser that lost its connection says by itself what it had; one that loaded the page, what stood on it.
    had = visit.request.headers.get("last-event-id") or visit.said("after")
    known = had.isascii() and had.isdigit() and len(had) <= _MOST_DIGITS
    return EventSourceResponse(_pieces(running, int(had) if known else 0))


async def _pieces(running: Running, had: int) -> AsyncIterator[ServerSentEvent]:
    loop, fresh = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            loop.call_soon_threadsafe(fresh.set)

    with running.watched(wake):
        over = False
        while not over:
            fresh.clear()
            pieces, over = running.since(had)
            for piece in pieces:
                had += 1
                yield ServerSentEvent(
                    render("turn_piece.html.jinja", turn=running.turn, number=had, piece=piece), id=str(had)
                )
            if not over:
                await fresh.wait()
    async for last in _over():
        yield last


async def _over() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent("done", event="done")

"""What was learned: what every earlier test was to show, and what it showed; or those close to an idea."""

from __future__ import annotations

from starlette.responses import Response

from expcopilot.surfaces.web.visit import Visit, shows

__all__ = ["ROUTES"]


def _learned(visit: Visit) -> Response:
    idea = visit.said("idea")[:4000]
    return visit.page("learned.html.jinja", lessons=visit.copilot.learnings(idea), idea=idea)


ROUTES = [shows("/learned", _learned)]

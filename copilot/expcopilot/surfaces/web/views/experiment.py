"""One experiment: its conversation, and every part of its record, the newest stage first."""

from __future__ import annotations

from starlette.responses import Response

from expcopilot.flow.moves import next_step
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.views import conversation, copy, data, planning, readout
from expcopilot.surfaces.web.visit import Visit, shows
from expcopilot.surfaces.web.ways import STAGES

__all__ = ["ROUTES"]

_PARTS = (readout.part, data.part, planning.plan_part, planning.hypothesis_part, copy.part)
"""What has a panel in the record: each returns one, or None where there is nothing to show."""


def _experiment(visit: Visit) -> Response:
    state = visit.copilot.experiment(visit.named)
    record = tuple(part for part in (of(visit, state) for of in _PARTS) if part is not None)
    return visit.page(
        "experiment.html.jinja",
        state=state,
        stages=tuple(STAGES.items()),
        next=on_page(next_step(state)),
        talk=conversation.talk(visit, state),
        record=record,
    )


ROUTES = [shows("/e/{name}", _experiment)]

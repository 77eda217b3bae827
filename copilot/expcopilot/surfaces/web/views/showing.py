"""What is shown in a conversation when it is asked for, and changes nothing: why, the case, status, cost, help."""

from __future__ import annotations

from typing import Any, NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.flow.costs import by_role
from expcopilot.flow.status import status
from expcopilot.outputs.report.view import page
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.slash import SLASH
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.visit import Visit
from expcopilot.surfaces.web.ways import SHOWS

__all__ = ["Shown", "shown"]


class Shown(NamedTuple):
    """Something that was asked for.

    Attributes:
        kind: "why", "case", "pairs", "cost" or "refused".
        title: Its heading.
        told: What is shown, as its template takes it.
    """

    kind: str
    title: str
    told: Any


def shown(visit: Visit, state: Experiment, what: str) -> Shown | None:
    """What the address asks to be shown; None where it asks for nothing that there is."""
    if what not in SHOWS:
        return None
    try:
        return _shown(visit, state, what)
    except Refused as refused:
        first = refused.refusals[0]
        return Shown("refused", SHOWS[what], (on_page(first.reason), on_page(first.cure)))


def _shown(visit: Visit, state: Experiment, what: str) -> Shown:
    match what:
        case "why":
            return Shown("why", SHOWS[what], visit.copilot.why(state.name))
        case "case":
            sections = page(visit.copilot.readout(state.name)).sections
            return Shown("case", SHOWS[what], next(s for s in sections if s.id == "null"))
        case "status":
            return Shown("pairs", f"{state.name}: {state.stage}", status(state))
        case "cost":
            used = by_role(a.record for e in visit.copilot.experiments() for a in e.answers)
            return Shown("cost", "What the language model was used for, in all experiments", used)
        case _:
            typed = tuple((f"/{name}", SLASH[name].help) for name in SHOWS)
            return Shown("pairs", "What can be typed here; everything else has its button", typed)

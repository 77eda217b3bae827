"""Resources: experiments, plans, readouts and learnings, each in the words of the verbs; and names as addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp_types import Resource

from copilot_tools.refusals import Refused
from copilot_tools.wording.plain import shortened
from expcopilot.surfaces.mcp.answers import Ask, resource_text
from expcopilot.surfaces.mcp.room import Place, Room
from expcopilot.surfaces.mcp.summaries import looks_of, plan_of, readout_of, status_of

__all__ = ["FIXED", "MIME", "TEMPLATES", "listed", "read"]

MIME = "application/json"
_SCHEME = "expcopilot://"

FIXED = {
    "experiments": "The experiments of this workspace, each with its stage and last verdict",
    "learnings": "What was learned: question, belief and verdict of every experiment whose outcomes were read",
}
"""Address behind the scheme -> what it holds."""

TEMPLATES = {
    "experiments": "Where an experiment stands, and every look taken",
    "plans": "The registered plan of an experiment, and its amendments",
    "readouts": "The readout of an experiment's last look, in words and facts",
}
"""Kind of address, followed by an experiment's name -> what it holds."""


def listed(place: Place) -> list[Resource]:
    """Every resource there is now; [] where the workspace cannot be read."""
    found = [_resource(name, words) for name, words in FIXED.items()]
    try:
        with place.opened() as room:
            states = room.copilot.experiments()
    except Refused:
        return found
    for state in (s for s in states if s.name):
        has = {"experiments": True, "plans": state.plan is not None, "readouts": bool(state.looks)}
        found += [
            _resource(f"{kind}/{quote(state.name, safe='')}", f"{words}: {shortened(state.name, 80)}")
            for kind, words in TEMPLATES.items()
            if has[kind]
        ]
    return found


def _resource(path: str, words: str) -> Resource:
    return Resource(uri=f"{_SCHEME}{path}", name=path, title=words, mime_type=MIME)


def read(place: Place, kind: str, name: str = "") -> str:
    """A resource's text.

    Raises:
        ResourceNotFoundError: There is none; the message says why, in plain words.
    """
    try:
        with place.opened() as room:
            head, result, ask = _READ[kind](room, name)
            head = {"resource": f"{_SCHEME}{kind}" + (f"/{quote(name, safe='')}" if name else ""), **head}
            if name:
                head["looks"] = room.looks(name)
            return resource_text(head, result, ask)
    except Refused as refused:
        raise ResourceNotFoundError(str(refused)) from None


Told = tuple[dict[str, Any], Any, Ask]


def _experiments(room: Room, name: str) -> Told:
    if name:
        state = room.copilot.experiment(name)
        told = {**status_of(state), "looks": looks_of(state)}
        return {"said": TEMPLATES["experiments"]}, told, Ask("status", {"experiment": name})
    found = [
        {k: v for k, v in status_of(s).items() if k in {"experiment", "stage", "question", "verdict"}}
        for s in room.copilot.experiments()
        if s.name
    ]
    return {"said": FIXED["experiments"]}, {"experiments": found}, Ask("experiments", {})


def _plans(room: Room, name: str) -> Told:
    return {"said": TEMPLATES["plans"]}, plan_of(room.copilot.experiment(name)), Ask("show_plan", {"experiment": name})


def _readouts(room: Room, name: str) -> Told:
    return {"said": TEMPLATES["readouts"]}, readout_of(room, name, None), Ask("readout", {"experiment": name})


def _learnings(room: Room, _: str) -> Told:
    found = [lesson.to_json() for lesson in room.copilot.learnings()]
    return {"said": FIXED["learnings"]}, {"learnings": found}, Ask("learnings", {})


_READ: dict[str, Callable[[Room, str], Told]] = {
    "experiments": _experiments,
    "plans": _plans,
    "readouts": _readouts,
    "learnings": _learnings,
}

"""An idea sharpened on the page: a new experiment from the board, open questions as fields, fields said anew."""

from __future__ import annotations

import threading
import uuid
from typing import NamedTuple

from starlette.responses import Response

from copilot_tools.refusals import Refused
from expcopilot.flow.gates import pending
from expcopilot.flow.said_so_far import drafted, numbered, so_far
from expcopilot.flow.sharpening import require_open
from expcopilot.flow.steps.new_plan import CHANNELS, channel
from expcopilot.flow.steps.sharpen import idea_said
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.web import talking
from expcopilot.surfaces.web.visit import Visit, does
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["LONGEST", "ROUTES", "Draft", "Field", "draft", "lines_of"]

LONGEST = 4000
"""Characters of one line; as much as the record keeps of it."""
_FIELD_LONGEST = 1500

_one_idea = threading.Lock()


class Field(NamedTuple):
    """Something that is said, or to be said.

    Attributes:
        name: Of the field.
        label: As people call it.
        text: What stands in it; "" where it is open.
        question: What is asked, or "".
        choices: (value, words), where only these fit.
    """

    name: str
    label: str
    text: str
    question: str = ""
    choices: tuple[tuple[str, str], ...] = ()


class Draft(NamedTuple):
    """The hypothesis that is being worked on.

    Attributes:
        asked: Ledger position of its proposal.
        waits: Whether it stands at its gate; else it was put aside, and is put anew.
        open: Its questions.
        fields: Everything that can be said anew.
    """

    asked: int
    waits: bool
    open: tuple[Field, ...]
    fields: tuple[Field, ...]


def draft(state: Experiment) -> Draft | None:
    """The hypothesis that waits, or was put aside to be changed; None where none is."""
    stamped = drafted(state)
    if stamped is None:
        return None
    said = so_far(state, stamped)
    channels = (("", "not said"), *((name, channel(name).label) for name in CHANNELS))
    open_ = tuple(Field(name, _label(name), "", question) for name, question in said.questions.items())
    fields = tuple(
        Field(name, _label(name), _standing(text), "", channels if name == "channel" else ())
        for name, text in numbered(stamped).values()
    )
    waiting = pending(state)
    return Draft(stamped.position, waiting is not None and waiting.record.gate == "hypothesis", open_, fields)


def lines_of(text: str) -> str:
    """A field of a form as it is kept: the line ends of this house."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _idea(visit: Visit) -> Response:
    idea = idea_said(lines_of(visit.said("idea")))
    if len(idea) > LONGEST:
        raise _too_long("idea", len(idea), LONGEST)
    with _one_idea:  # two ideas sent at once get two names
        name = visit.copilot.free_name(idea)
        talking.take(visit, name, f"/sharpen {idea}", talking.begin_idea(name, idea))
    return visit.go(experiment_at(name))


def _say_anew(visit: Visit) -> Response:
    """Answers to open questions and fields said anew, each kept at once; then the hypothesis put anew."""
    name = visit.named
    state = visit.copilot.experiment(name)
    stamped = drafted(state)
    if stamped is None or str(stamped.position) != visit.said("asked"):
        raise Refused.because(
            "gate.changed",
            "The hypothesis you were working on is no longer the one that stands: it was put anew, or decided upon.",
            "Load the page again; what you typed is still in the field.",
            name="asked",
            value=visit.said("asked"),
        )
    require_open(state)
    standing = {field: _standing(text) for field, text in numbered(stamped).values()}
    questions = {q["field"] for q in stamped.record.content.get("questions", ())}
    given = {field: lines_of(visit.said(field)) for field in (*standing, *(q for q in questions if q not in standing))}
    said = {field: text for field, text in given.items() if text and text != standing.get(field)}
    for field, text in said.items():
        if len(text) > _FIELD_LONGEST:
            raise _too_long(_label(field), len(text), _FIELD_LONGEST)
    if said.get("channel"):
        channel(said["channel"])
    if not said and pending(state) is not None:
        raise Refused.because(
            "sharpen.nothing_said",
            "Nothing was said that does not stand there already.",
            "Answer one of the questions, or change a field, and send it again.",
            name="answers",
        )

    def keep() -> None:
        for field, text in said.items():
            visit.copilot.say(name, uuid.uuid4().hex[:12], "person", f"/sharpen {field}={text}")

    talking.take(visit, name, "/sharpen", talking.put_anew(name), before=keep)
    return visit.go(experiment_at(name, "now"))


def _standing(text: str) -> str:
    return "" if text == "(open)" else text


def _label(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _too_long(field: str, length: int, most: int) -> Refused:
    return Refused.because(
        "web.too_long",
        f"{field.capitalize()} has {length:,} characters, and {most:,} are read at most.",
        "Say it in fewer words; details belong to the plan.",
        name=field,
        value=length,
    )


ROUTES = [does("/ideas", _idea), does("/e/{name}/sharpen", _say_anew)]

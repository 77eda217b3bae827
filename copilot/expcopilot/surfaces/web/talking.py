"""A person's line answered as the terminal's chat answers it: recorded, spoken to, and its answer recorded."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow import sharpening
from expcopilot.flow.at_work import Stopped
from expcopilot.flow.helps import helps
from expcopilot.flow.said_so_far import drafted, so_far
from expcopilot.flow.spoken import Spoken, refused_line, stopped
from expcopilot.flow.worded import Chosen
from expcopilot.language.roles.guide import GUIDE
from expcopilot.surfaces.web.office import Office
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.turns import Running
from expcopilot.surfaces.web.visit import Visit
from expcopilot.surfaces.web.ways import HELPS, MOVES

__all__ = ["Answering", "ask", "begin_idea", "put_anew", "take", "take_down"]

_LOG = logging.getLogger("expcopilot.web")

Answering = Callable[[Copilot, Running, Chosen], Spoken | None]
"""Answers one turn: (the workspace, the turn, told what may be shown, the model) -> what is kept as the answer; None
where the record itself says what came of it."""


def take(
    visit: Visit,
    name: str,
    typed: str,
    answering: Answering,
    *,
    again: str = "",
    before: Callable[[], None] | None = None,
) -> None:
    """Record a person's line and have it answered: with a model in a turn that runs on, without one at once.

    Args:
        visit: Who says it.
        name: The experiment.
        typed: What they said, as it stands in the record.
        answering: Answers it.
        again: The turn that was left unanswered, where its line is on record already.
        before: Records what was said before that line, once it is sure that the turn may run.

    Raises:
        Refused: Another turn runs; or, without a model, it cannot be answered.
    """
    copilot, office = visit.copilot, visit.office
    turn = again or uuid.uuid4().hex[:12]

    def begin() -> None:
        if before is not None:
            before()
        if not again:
            copilot.say(name, turn, "person", typed)

    if copilot.workspace.settings.model.name:
        office.turns.start(name, turn, lambda running: _answer(copilot, running, answering, office), begin=begin)
        return
    begin()
    _said(copilot, name, turn, lambda: answering(copilot, Running(name, turn), None))


def take_down(visit: Visit, name: str, typed: str, answer: Callable[[Copilot], str]) -> None:
    """Record a person's command and what it answers, at once; a refusal is recorded, and raised.

    Raises:
        Refused: It cannot be answered.
    """
    turn = uuid.uuid4().hex[:12]
    visit.copilot.say(name, turn, "person", typed)
    _said(visit.copilot, name, turn, lambda: Spoken("code", answer(visit.copilot)))


def ask(name: str, question: str) -> Answering:
    """A free question: by the guide, or by code alone where there is no model."""

    def answer(copilot: Copilot, running: Running, model: Chosen) -> Spoken:
        if model is None:
            return _plainly(copilot, name, question)
        reply = copilot.ask(name, question, model=model, on_text=running.hear, spelled=lambda move: MOVES[move].label)
        return Spoken(reply.prose.role, reply.text, reply.words)

    return answer


def begin_idea(name: str, idea: str) -> Answering:
    """An idea sharpened: the hypothesis waits at its gate then."""

    def answer(copilot: Copilot, running: Running, model: Chosen) -> None:
        with copilot.lifecycle(model=model) as moves:
            sharpening.begin(moves, name, running.turn, idea)

    return answer


def put_anew(name: str) -> Answering:
    """The hypothesis put before the person with what was said since."""

    def answer(copilot: Copilot, running: Running, model: Chosen) -> None:
        state = copilot.experiment(name)
        stamped = drafted(state)
        if stamped is None:
            raise Refused.because(
                "gate.changed",
                "There is no hypothesis to put anew: it was decided upon in between.",
                "Read how it stands now.",
                name="experiment",
                value=name,
            )
        with copilot.lifecycle(model=model) as moves:
            sharpening.put_anew(moves, name, running.turn, so_far(state, stamped))

    return answer


def _answer(copilot: Copilot, running: Running, answering: Answering, office: Office) -> None:
    """In the turn's thread: whatever comes of it is said in the record, and nothing is raised."""
    name, turn = running.experiment, running.turn
    try:
        _said(
            copilot,
            name,
            turn,
            lambda: answering(copilot, running, office.model()),
            # A model cut off by the end of the server refused nothing: the line stands unanswered, to be asked again.
            keeps=lambda: not office.turns.closing,
        )
    except Stopped:
        if not office.turns.closing:
            kept = stopped(running.shown, GUIDE.name, running.stopped_by)
            copilot.say(name, turn, kept.speaker, kept.text)
    except Refused:
        pass  # said in the record
    except Exception as error:
        if office.turns.closing:
            raise
        _LOG.exception("A turn of %r failed", name, exc_info=error)
        failed = f"This failed through a mistake of the program ({type(error).__name__})."
        copilot.say(name, turn, "code", f"{failed} What was recorded before it stands.")


def _said(
    copilot: Copilot,
    name: str,
    turn: str,
    answer: Callable[[], Spoken | None],
    *,
    keeps: Callable[[], bool] = lambda: True,
) -> None:
    """Record what was answered, a refusal too, unless ``keeps`` says by then that it is none."""
    try:
        spoken = answer()
    except Refused as refused:
        if keeps():
            copilot.say(name, turn, "code", refused_line(refused))
        raise
    if spoken is not None and spoken.text:
        copilot.say(name, turn, spoken.speaker, spoken.text, spoken.prose)


def _plainly(copilot: Copilot, name: str, question: str) -> Spoken:
    """What the record says to it, and what helps here."""
    found = [on_page(sentence) for sentence in copilot.plain_answer(name, question)]
    ways = [HELPS[way] for way in helps(question, looked=bool(copilot.experiment(name).looks))]
    begins = "" if found else "I can answer that from the record alone, and it says nothing to these words. "
    return Spoken("code", "\n".join((*found, f"{begins}What helps here: {', '.join(ways)}.")))

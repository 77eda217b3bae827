"""A move put before a person from a view: the words on record, the graph at its gate, and where to answer it."""

from __future__ import annotations

import uuid
from typing import Any

from copilot_tools.refusals import Refused
from expcopilot.flow.moves import Move
from expcopilot.flow.proposing import waits_already
from expcopilot.flow.spoken import refused_line
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.web.visit import Visit
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["propose"]


def propose(visit: Visit, name: str, move: Move, given: dict[str, Any], *, words: str = "") -> str:
    """Make a move that may stop at a gate; a second click on the same finds the gate that the first one opened.

    Args:
        visit: Who asks.
        name: The experiment.
        move: What is wanted.
        given: The move's input, as plain JSON data.
        words: What the person would have typed in a conversation; it stands in the record.

    Returns:
        The address of the experiment's page: at its gate where one waits now, else at its record.

    Raises:
        Refused: The move is not legal now, or its step refuses.
    """
    copilot = visit.copilot
    if waits_already(_state(visit, name), move, given):
        return experiment_at(name, "gate")
    turn = uuid.uuid4().hex[:12]
    copilot.say(name, turn, "person", words or f"/{move.value}")
    try:
        with copilot.lifecycle() as moves:
            waiting = moves.move(name, turn, move, given)
    except Refused as refused:
        if waits_already(_state(visit, name), move, given):
            return experiment_at(name, "gate")  # two clicks at once: the other one's turn asked it
        copilot.say(name, turn, "code", refused_line(refused))
        raise
    return experiment_at(name, "gate" if waiting is not None else "record")


def _state(visit: Visit, name: str) -> Experiment:
    return Experiment.fold(name, visit.copilot.ledger.entries(name))

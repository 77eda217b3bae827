"""Sharpening in a conversation: an idea put before a person, and put anew with what was said since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expcopilot.flow.gates import pending
from expcopilot.flow.moves import Move, require
from expcopilot.flow.said_so_far import Draft
from expcopilot.records.experiment import Experiment

if TYPE_CHECKING:
    from expcopilot.flow.graph import Lifecycle, Waiting

__all__ = ["begin", "put_anew", "require_open"]


def begin(moves: Lifecycle, name: str, turn: str, idea: str) -> Waiting | None:
    """Sharpen an idea; where a killed turn left one on its way, that one is gone on with.

    Raises:
        Refused: The experiment is no idea any more, or its step refuses.
    """
    return moves.resume(name) or moves.move(name, turn, Move.SHARPEN, _input(Draft(idea, "", {}, {})))


def put_anew(moves: Lifecycle, name: str, turn: str, draft: Draft) -> Waiting | None:
    """Put a draft before a person, in the place of the one that waits, if one does.

    Raises:
        Refused: As ``begin``.
    """
    waiting = moves.resume(name)
    if waiting is not None:
        moves.answer(waiting, "edit", reason="More was said.")
    return moves.move(name, turn, Move.SHARPEN, _input(draft))


def require_open(state: Experiment) -> None:
    """Refuse while something else than a hypothesis waits.

    Raises:
        Refused: It has to be decided first.
    """
    waiting = pending(state)
    if waiting is None or waiting.record.gate != "hypothesis":
        require(state, Move.SHARPEN)


def _input(draft: Draft) -> dict[str, Any]:
    return {"idea": draft.idea, "channel": draft.channel, "answers": list(draft.answers.values())}

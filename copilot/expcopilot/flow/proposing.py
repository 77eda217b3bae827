"""A move put before a person from outside a conversation: asked once, found again, never answered here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copilot_tools.refusals import Refused
from expcopilot.flow.gate_text import turn_of
from expcopilot.flow.gates import pending
from expcopilot.flow.moves import Move
from expcopilot.records.digest import digest
from expcopilot.records.experiment import Experiment

if TYPE_CHECKING:
    from expcopilot.flow.graph import Lifecycle, Waiting

__all__ = ["put", "waits_already"]

_GATES = {Move.REGISTER: "plan", Move.AMEND: "amendment", Move.CLOSE: "early_close"}
"""Move -> the gate at which its input waits as it was given."""


def put(
    moves: Lifecycle, state: Experiment, move: Move, given: dict[str, Any], *, channel: str, again: bool = False
) -> Waiting | None:
    """Make a move, or find the gate at which the same request waits already.

    Args:
        moves: The lifecycle.
        state: The experiment as it stands.
        move: What is wanted.
        given: The move's input, as JSON data: the same input is the same request.
        channel: Through what the request came, such as "mcp".
        again: The request was put before and its answer has come: it is only looked for, never put anew.

    Returns:
        The gate that waits; None where the move needed none.

    Raises:
        Refused: The move is not legal now; its step refuses; or, with ``again``, it was decided upon elsewhere.
    """
    root = f"{channel}-{digest({'move': move.value, 'given': given})[:16]}"
    waiting = moves.resume(state.name)
    if waiting is not None and turn_of(state).rpartition(".")[0] == root:
        return waiting
    if again:
        raise Refused.because(
            "gate.nothing_waits",
            f"What was asked about {state.name!r} waits no longer: it was decided upon elsewhere in between.",
            f"See `expcopilot log {state.name}` for who answered what.",
            name="experiment",
            value=state.name,
        )
    taken = {t.record.turn for t in state.turns}
    number = 1
    while f"{root}.{number}" in taken:
        number += 1
    return moves.move(state.name, f"{root}.{number}", move, given)


def waits_already(state: Experiment, move: Move, given: dict[str, Any]) -> bool:
    """Whether exactly this waits for a decision already, whoever asked for it.

    Args:
        state: The experiment as it stands.
        move: To register, to amend or to close early.
        given: The move's input, as JSON data.
    """
    asked = pending(state)
    if asked is None or asked.record.gate != _GATES.get(move):
        return False
    content = asked.record.content
    match move:
        case Move.REGISTER:
            return digest(content) == digest(given["plan"])
        case Move.AMEND:
            same = digest(content["plan"]) == digest(given["plan"])
            return same and content["reason"] == str(given["reason"]).strip()
        case _:
            return bool(content["reason"] == str(given.get("reason", "")).strip())

"""Which moves are legal at which stage. The flow knows them, not a model."""

from __future__ import annotations

import enum

from copilot_tools.refusals import Refused
from expcopilot.flow.gates import pending
from expcopilot.records.experiment import Experiment

__all__ = ["Move", "by_stage", "legal_moves", "next_step", "require"]


class Move(enum.StrEnum):
    """What a person can do next."""

    SHARPEN = "sharpen"
    PLAN = "plan"
    REGISTER = "register"
    AMEND = "amend"
    ANALYZE = "analyze"
    CLOSE = "close"
    READOUT = "readout"
    ASK = "ask"
    DECIDE = "decide"


_BY_STAGE: dict[str, tuple[Move, ...]] = {
    "idea": (Move.SHARPEN, Move.PLAN, Move.REGISTER, Move.ASK),
    "registered": (Move.ANALYZE, Move.AMEND, Move.CLOSE, Move.ASK),
    "running": (Move.ANALYZE, Move.READOUT, Move.AMEND, Move.CLOSE, Move.ASK),
    "read": (Move.READOUT, Move.ANALYZE, Move.CLOSE, Move.AMEND, Move.ASK),
    "closed": (Move.READOUT, Move.ANALYZE, Move.ASK),
}

_NEXT: dict[str, str] = {
    "idea": "Say the idea in your words and sharpen it, or write its plan; then register the plan.",
    "registered": "Run the test; then read its data.",
    "running": "Outcomes are still closed. Read the data again when more is in.",
    "read": "Write the readout, then close the experiment.",
    "closed": "The readout stands. The next question is a new experiment.",
}


def by_stage() -> dict[str, tuple[Move, ...]]:
    """Stage -> the moves open in it while nothing waits for a decision."""
    return dict(_BY_STAGE)


def legal_moves(experiment: Experiment) -> tuple[Move, ...]:
    """The moves open now; while something waits for a decision, only that (and questions)."""
    if pending(experiment) is not None:
        return (Move.DECIDE, Move.ASK)
    return _BY_STAGE[experiment.stage]


def require(experiment: Experiment, move: Move) -> None:
    """Refuse a move that is not open now.

    Raises:
        Refused: It is not legal at this stage, or something waits for a decision first.
    """
    legal = legal_moves(experiment)
    if move not in legal:
        waiting = pending(experiment)
        where = f"stage: {experiment.stage}" if waiting is None else f"first decide: {waiting.record.question}"
        raise Refused.because(
            "move.illegal",
            f"{move.value!r} is no move now ({where}).",
            f"You can: {', '.join(m.value for m in legal)}.",
            name="move",
            value=move.value,
        )


def next_step(experiment: Experiment) -> str:
    """What to do next, in one sentence."""
    waiting = pending(experiment)
    if waiting is not None:
        return f"Decide: {waiting.record.question}"
    return _NEXT[experiment.stage]

"""Which moves are legal at which stage. The flow knows them, not a model."""

from __future__ import annotations

import enum

from copilot_tools.refusals import Refused
from expcopilot.flow.gates import approved, pending
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

_STANDS: dict[str, str] = {
    "idea": "{name} has no registered plan yet",
    "registered": "the plan of {name} is registered, and none of its data has been read",
    "running": "{name} is running, and its outcomes are closed until the committed end",
    "read": "the outcomes of {name} have been read",
    "closed": "{name} is closed",
}
_TO: dict[Move, str] = {
    Move.SHARPEN: "sharpen its idea",
    Move.PLAN: "write its plan",
    Move.REGISTER: "register a plan",
    Move.AMEND: "amend its plan",
    Move.ANALYZE: "read its data",
    Move.CLOSE: "close it",
    Move.READOUT: "show its readout",
    Move.ASK: "ask a question about it",
    Move.DECIDE: "decide",
}
_TYPED: dict[Move, str] = {
    Move.SHARPEN: "expcopilot sharpen {name} IDEA",
    Move.PLAN: "expcopilot new --name {name}",
    Move.REGISTER: "expcopilot register PLAN",
    Move.AMEND: "expcopilot register PLAN --amend --reason ...",
    Move.ANALYZE: "expcopilot analyze {name} DATA",
    Move.CLOSE: "expcopilot close {name}",
    Move.READOUT: "expcopilot readout {name}",
}
_INSTEAD: dict[str, tuple[Move, ...]] = {
    "idea": (Move.SHARPEN, Move.PLAN, Move.REGISTER),
    "registered": (Move.ANALYZE, Move.AMEND, Move.CLOSE),
    "running": (Move.ANALYZE, Move.AMEND, Move.CLOSE),
    "read": (Move.READOUT, Move.CLOSE),
    "closed": (Move.READOUT,),
}
"""Stage -> what is usually done in it, the next step first."""


def by_stage() -> dict[str, tuple[Move, ...]]:
    """Stage -> the moves open in it while nothing waits for a decision."""
    return dict(_BY_STAGE)


def legal_moves(experiment: Experiment) -> tuple[Move, ...]:
    """The moves open now; while something waits for a decision, only that (and questions)."""
    if pending(experiment) is not None:
        return (Move.DECIDE, Move.ASK)
    return tuple(m for m in _BY_STAGE[experiment.stage] if m is not Move.ANALYZE or not experiment.concluded)


def require(experiment: Experiment, move: Move) -> None:
    """Refuse a move that is not open now.

    Raises:
        Refused: It is not legal at this stage, or something waits for a decision first.
    """
    legal = legal_moves(experiment)
    if move not in legal:
        waiting, name = pending(experiment), experiment.name
        ways = [f"{_TO[m]} (`{_TYPED[m].format(name=name)}`)" for m in _INSTEAD[experiment.stage]]
        stands = f"{_STANDS[experiment.stage].format(name=name)}."
        cure = f"What can be done now: {'; '.join(ways)}."
        if waiting is not None:
            stands = f"{name} waits for a decision first. {waiting.record.question}"
            cure = "Decide where it is shown: y or n in `expcopilot chat`, or by the command that asked."
        raise Refused.because(
            "move.illegal",
            f"You cannot {_TO[move]} now: {stands}",
            cure,
            name="move",
            value=move.value,
        )


def next_step(experiment: Experiment) -> str:
    """What to do next, in one sentence."""
    waiting = pending(experiment)
    if waiting is not None:
        return f"Decide: {waiting.record.question}"
    written = {made.record.look for made in experiment.readouts}
    if experiment.stage == "read" and experiment.looks[-1].record.number in written:
        return "The readout is written. Close the experiment."
    if experiment.stage == "idea" and approved(experiment, "hypothesis") is not None:
        return "The hypothesis is approved. Write its plan, then register it."
    return _NEXT[experiment.stage]

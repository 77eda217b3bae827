"""Where an experiment stands, in pairs of words: what waits, what comes next, the looks so far."""

from __future__ import annotations

from expcopilot.flow import gates
from expcopilot.flow.moves import next_step
from expcopilot.records.experiment import Experiment

__all__ = ["status"]


def status(state: Experiment) -> tuple[tuple[str, str], ...]:
    """The pairs, what was asked first where a plan is registered."""
    pending = gates.pending(state)
    pairs = [("Waits for you", pending.record.question if pending else "nothing"), ("Next", next_step(state))]
    pairs.append(("Looks so far", _looks(state)))
    if state.plan is not None and state.registration is not None:
        pairs.insert(0, ("Question", state.plan.question))
        amended = f", amended {len(state.amendments)} times" if state.amendments else ""
        pairs.append(("Plan", f"registered {state.registration.time[:10]} by {state.registration.actor}{amended}"))
    if state.refused:
        pairs.append(("Refused attempts", f"{len(state.refused)}, on record"))
    return tuple(pairs)


def _looks(state: Experiment) -> str:
    if not state.looks:
        return "none"
    opened, last = len(state.outcome_looks), state.looks[-1].record
    return f"{len(state.looks)}, {opened} of them with outcomes; the last one: {last.verdict.phrase}"

"""What a gate shows, wherever it is shown: the plan in it, what an amendment changes, any content line by line."""

from __future__ import annotations

from typing import Any

from expcopilot.flow import gates
from expcopilot.flow.moves import Move
from expcopilot.records.experiment import Experiment
from expcopilot.records.gate import GateKind
from expcopilot.records.plan import Plan

__all__ = ["PLAN_MOVES", "changes", "lines", "plan_in", "turn_of"]

PLAN_MOVES: dict[str, Move] = {"plan": Move.REGISTER, "amendment": Move.AMEND}
"""Gates whose text is a plan -> the move that puts it before a person again."""


def plan_in(gate: GateKind | str, content: dict[str, Any]) -> Plan:
    """The plan that would be registered, or stand after the amendment."""
    return Plan.model_validate(content["plan"] if gate == "amendment" else content)


def changes(now: Plan | None, content: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What an amendment changes, field by field, then its reason.

    Args:
        now: The plan in force.
        content: Of the proposed amendment.
    """
    before = now.to_json() if now is not None else {}
    pairs = [(path, f"{_at(before, path)} → {_at(content['plan'], path)}") for path in content["changed"]]
    return (*pairs, ("reason", str(content["reason"])))


def lines(content: Any, indent: str = "") -> str:
    """Data as indented lines, each value in full."""
    if isinstance(content, dict):
        parts = list(content.items())
    elif isinstance(content, list):
        parts = [("-", item) for item in content]
    else:
        return f"{indent}{content}"
    rows = []
    for key, value in parts:
        label = key if key == "-" else f"{key}:"
        nested = isinstance(value, dict | list) and value
        rows.append(f"{indent}{label}\n{lines(value, indent + '  ')}" if nested else f"{indent}{label} {value}")
    return "\n".join(rows)


def turn_of(state: Experiment) -> str:
    """The turn in which the proposal that waits was made: the mark of its step follows it; "" where nothing waits."""
    asked = gates.pending(state)
    after = [t.record.turn for t in state.turns if asked is not None and t.position > asked.position]
    return after[0] if after else ""


def _at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data.get(key) if isinstance(data, dict) else None
    return "nothing" if data is None else data

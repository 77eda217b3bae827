"""The hypothesis card of the record: its fields, the author's own words, and its holes as questions."""

from __future__ import annotations

from typing import Any, NamedTuple

from expcopilot.flow import gates
from expcopilot.flow.moves import Move, legal_moves
from expcopilot.outputs.report.words import when
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.gate import Proposal
from expcopilot.surfaces.web.views.parts import Part
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["hypothesis_card"]

_LABELS = {
    "change": "Change",
    "audience": "For",
    "because": "Because",
    "metric": "Decided by",
    "direction": "Should",
    "size": "What would matter",
    "falsifier": "Proved wrong by",
    "north_star": "North Star",
    "guardrails": "Must not get worse",
    "holdout": "Who is left out",
    "assignment": "How units are assigned",
}


class Card(NamedTuple):
    """A hypothesis as it stands.

    Attributes:
        standing: "approved", "waits", "edit" or "reject".
        by: Who decided and when, or "".
        idea: In the author's words.
        fields: (label, text) of what it says.
        questions: What it leaves open, one question each.
        asked_at: Where they are answered: the conversation, or once it is approved the plan's form; "" where no more.
        removed: What a model wrote that nobody had said, and why it was taken out.
    """

    standing: str
    by: str
    idea: str
    fields: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]
    asked_at: str
    removed: tuple[str, ...]


def hypothesis_card(state: Experiment) -> Part | None:
    """The last hypothesis that was put before a person; None where none was."""
    last = gates.last_proposed(state, "hypothesis")
    if last is None:
        return None
    standing, by = _standing(state, last)
    content = last.record.content
    draft: dict[str, Any] = content["sharpened"]
    said = {str(a["field"]): str(a["answer"]) for a in content.get("answers", ())}
    fields = tuple(
        (label, text) for field, label in _LABELS.items() if (text := _told(draft.get(field)) or said.get(field, ""))
    )
    card = Card(
        standing=standing,
        by=by,
        idea=str(content["idea"]),
        fields=fields,
        questions=tuple(str(q["question"]) for q in content.get("questions", ())),
        asked_at=_asked_at(state, standing),
        removed=tuple(f"{r['text']} ({r['reason']})" for r in content.get("removed", ())),
    )
    return Part("hypothesis", "Hypothesis", "hypothesis.html.jinja", card)


def _standing(state: Experiment, asked: Stamped[Proposal]) -> tuple[str, str]:
    if (waits := gates.pending(state)) is not None and waits.position == asked.position:
        return "waits", ""
    decided = gates.decision_on(state, asked)
    if decided is None:
        return "edit", ""  # another proposal took its place before anybody decided
    action = "approved" if decided.record.action == "approve" else decided.record.action
    return action, f"{decided.actor}, {when(decided.time)}"


def _asked_at(state: Experiment, standing: str) -> str:
    moves = legal_moves(state)
    if standing == "approved" and Move.PLAN in moves:
        return experiment_at(state.name, below="plan/answers")
    return "#conversation" if Move.SHARPEN in moves or standing == "waits" else ""


def _told(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(f"{g['metric']}, at most {g['margin']}" if g["margin"] else str(g["metric"]) for g in value)
    return str(value or "")

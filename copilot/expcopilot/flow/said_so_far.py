"""What a person has said so far of an idea, read back from the record: the draft that waits, and the answers since."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from expcopilot.flow.gates import decision_on, last_proposed
from expcopilot.language.roles.sharpener import Sharpened, SharpenerField
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.gate import Proposal

__all__ = ["ANSWER", "SETTLED", "Draft", "drafted", "numbered", "rows", "so_far"]

_FIELDS = get_args(SharpenerField)
SETTLED = ("idea", "channel")
"""What is said first, and can be said anew at the gate like any field of the hypothesis."""
ANSWER = re.compile(rf"({'|'.join((*SETTLED, *_FIELDS))})\s*=\s*(.+)", re.DOTALL)
"""An answer as it is typed and kept."""
_STANDING = ("change", "audience", "because", "metric", "direction", "size", "falsifier", "north_star", "guardrails")
_LINE = re.compile(r"/sharpen\s+(.*)", re.DOTALL | re.IGNORECASE)


class Draft(NamedTuple):
    """What has been said so far.

    Attributes:
        idea: In the person's words.
        channel: Where it would run, or "".
        answers: Field -> question and answer.
        questions: Field -> question: what is still open.
    """

    idea: str
    channel: str
    answers: dict[str, dict[str, str]]
    questions: dict[str, str]


def drafted(state: Experiment) -> Stamped[Proposal] | None:
    """The hypothesis that waits, or was put aside to be changed; None once it was approved or dropped."""
    last = last_proposed(state, "hypothesis")
    if last is None:
        return None
    decided = decision_on(state, last)
    return last if decided is None or decided.record.action == "edit" else None


def so_far(state: Experiment, stamped: Stamped[Proposal]) -> Draft:
    """The draft as it was proposed, with the answers given since."""
    content = stamped.record.content
    questions = {str(q["field"]): str(q["question"]) for q in content.get("questions", ())}
    answers = {str(a["field"]): dict(a) for a in content.get("answers", ())}
    settled = {"idea": str(content["idea"]), "channel": str(content.get("channel", ""))}
    for said in state.turns:
        line = _LINE.fullmatch(said.record.text) if said.position > stamped.position else None
        found = ANSWER.fullmatch(line[1].strip()) if line and said.record.speaker == "person" else None
        if found:
            field, text = found[1], found[2].strip()
            if field in SETTLED:
                settled[field] = text
                continue
            answers[field] = {"field": field, "question": questions.get(field, field), "answer": text}
    left = {field: question for field, question in questions.items() if field not in answers}
    return Draft(settled["idea"], settled["channel"], answers, left)


def numbered(stamped: Stamped[Proposal]) -> dict[str, tuple[str, str]]:
    """Number -> field and what stands in it."""
    content = stamped.record.content
    said = {str(a["field"]): str(a["answer"]) for a in content.get("answers", ())}
    standing = {**said, "idea": str(content["idea"]), "channel": str(content.get("channel", ""))}
    draft = content["sharpened"]
    for field in _FIELDS:
        if draft.get(field):
            standing[field] = _told(draft[field])
    fields = (*SETTLED, *(f for f in _FIELDS if f in Sharpened.model_fields or standing.get(f)))
    return {str(n): (field, standing.get(field) or "(open)") for n, field in enumerate(fields, start=1)}


def rows(content: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a proposed hypothesis says: the field as people call it, and its text; holes are left out.

    Args:
        content: Of the proposal.
    """
    draft = content["sharpened"]
    found = [("idea", str(content["idea"])), ("channel", str(content["channel"]))]
    found += [(field.replace("_", " "), _at_most(draft.get(field))) for field in _STANDING]
    found += [(a["field"], a["answer"]) for a in content["answers"] if not draft.get(a["field"])]
    return tuple((field, text) for field, text in found if text)


def _at_most(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(f"{g['metric']}{', at most ' + g['margin'] if g['margin'] else ''}" for g in value)
    return str(value or "")


def _told(value: object) -> str:
    """A field's text; of guardrails all of them."""
    if not isinstance(value, list):
        return str(value)
    return "; ".join(f"{g['metric']}: {g['margin']}" if g["margin"] else str(g["metric"]) for g in value)

"""A gate as a card: exactly what would be approved, by whom; and the answer, which reaches that text or nothing."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any, Literal, NamedTuple, cast, get_args

from starlette.responses import Response

from copilot_tools.refusals import Refused
from expcopilot.flow import gates
from expcopilot.flow.gate_text import PLAN_MOVES, changes, lines, plan_in
from expcopilot.flow.moves import Move
from expcopilot.flow.said_so_far import rows
from expcopilot.memory import plan_files
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.gate import Decision, Proposal
from expcopilot.surfaces.web.proposing import propose
from expcopilot.surfaces.web.views.timeline import named
from expcopilot.surfaces.web.visit import Visit, does
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES", "Card", "card"]

Action = Literal["approve", "edit", "reject"]

_TITLES = {
    "hypothesis": "The hypothesis",
    "plan": "The plan",
    "amendment": "An amendment of the plan",
    "early_opening": "Opening the outcomes early",
    "early_close": "Stopping early",
}
_answering: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class Card(NamedTuple):
    """What waits for a decision.

    Attributes:
        gate: What is asked.
        title: In words.
        asked: Ledger position of the question: an answer goes to it alone.
        question: One sentence.
        author: Who drafted it; "" for a person.
        covers: Digest of the whole question: what an answer reaches.
        digest: Of the text, as the record names it.
        rows: What it says, by field.
        document: The whole text, where it is a file.
        changed: What an amendment changes.
        questions: What a hypothesis leaves open.
        removed: What was taken out of it, because nobody said it.
        note: What to know before answering, or "".
    """

    gate: str
    title: str
    asked: int
    question: str
    author: str
    covers: str
    digest: str
    rows: tuple[tuple[str, str], ...]
    document: str
    changed: tuple[tuple[str, str], ...]
    questions: tuple[dict[str, Any], ...]
    removed: tuple[dict[str, Any], ...]
    note: str


def card(visit: Visit, state: Experiment) -> Card | None:
    """The gate that waits in an experiment, as it would be approved."""
    asked = gates.pending(state)
    if asked is None:
        return None
    proposal = asked.record
    gate, content = proposal.gate, proposal.content
    a_plan, idea = gate in PLAN_MOVES, gate == "hypothesis"
    return Card(
        gate=gate,
        title=_TITLES.get(gate, gate),
        asked=asked.position,
        question=proposal.question,
        author="" if proposal.author == "person" else f"the {proposal.author.replace('_', ' ')}",
        covers=proposal.digest,
        digest=plan_in(gate, content).digest if a_plan else proposal.digest,
        rows=rows(content) if idea else (),
        document=plan_files.render(plan_in(gate, content)) if a_plan else "" if idea else lines(content),
        changed=changes(state.plan, content) if gate == "amendment" else (),
        questions=tuple(content["questions"]) if idea else (),
        removed=tuple(content["removed"]) if idea else (),
        note=_note(visit, asked) if a_plan else "",
    )


def _note(visit: Visit, asked: Stamped[Proposal]) -> str:
    """Whether the plan file has changed since this text was put here."""
    plan = plan_in(asked.record.gate, asked.record.content)
    file = visit.copilot.plan_file(plan.experiment)
    if file is None or (file.plan is not None and file.plan.digest == plan.digest):
        return ""
    return (
        f"The plan file {file.name} says something else by now. An approval covers exactly the text below; "
        "“Edit” shows the file."
    )


def _decide(visit: Visit) -> Response:
    name, action = visit.named, visit.said("action")
    if action not in get_args(Action):
        raise Refused.because(
            "gate.no_answer", "No answer was given.", "Approve, edit or reject it.", name="action", value=action
        )
    visit.copilot.experiment(name)  # there is one of this name
    with _answering[name]:  # a double click, or two people at once: one after the other
        return _answered(visit, name, cast("Action", action))


def _answered(visit: Visit, name: str, action: Action) -> Response:
    copilot = visit.copilot
    state = copilot.experiment(name)
    asked = gates.pending(state)
    if asked is None or str(asked.position) != visit.said("asked") or asked.record.digest != visit.said("digest"):
        given = _given(state, visit)
        if given is not None and given.record.action == action and given.actor == visit.session.person:
            return visit.go(experiment_at(name, "now"))  # the second half of a double click
        raise _too_late(given, visit)
    with copilot.lifecycle() as moves:
        waiting = moves.resume(name)  # by its id: a late answer can never reach the next gate
        if waiting is None or waiting.digest != asked.record.digest:
            raise _too_late(_given(copilot.experiment(name), visit), visit)
        moves.answer(waiting, action, reason=visit.reason())
    if action != "edit":
        return visit.go(experiment_at(name, "now"))
    return visit.go(_edited(visit, name, asked.record))


def _edited(visit: Visit, name: str, proposal: Proposal) -> str:
    """Where the text that was put aside is changed."""
    if proposal.gate in PLAN_MOVES:
        plan = plan_in(proposal.gate, proposal.content)
        file = visit.copilot.workspace.plans / f"{plan.experiment}.yaml"
        if not file.exists():
            plan_files.save(plan, file)
        return experiment_at(name, below="plan")
    if proposal.gate == "early_close" and (reason := visit.said("reason")):
        return propose(visit, name, Move.CLOSE, {"early": True, "reason": reason}, words=f"/close --early {reason}")
    return experiment_at(name, "now")


def _given(state: Experiment, visit: Visit) -> Stamped[Decision] | None:
    """The answer to exactly the question that this form showed; None where it has none."""
    shown = (visit.said("asked"), visit.said("digest"))
    asked = next((p for p in state.proposals if (str(p.position), p.record.digest) == shown), None)
    return gates.decision_on(state, asked) if asked is not None else None


def _too_late(given: Stamped[Decision] | None, visit: Visit) -> Refused:
    """Who answered it meanwhile; or that another text waits now."""
    if given is not None:
        by, did = named(given.actor, visit.session.person), given.record.action
        return Refused.because(
            "gate.answered",
            f"It was answered already by {by.replace('You', 'you')} ({did}); that answer stands.",
            "Load the page again: it shows how things stand now.",
            name="asked",
            value=visit.said("asked"),
        )
    return Refused.because(
        "gate.changed",
        "What waits for approval is no longer the text you saw: it was changed in between.",
        "Load the page again, read it as it is now, then decide.",
        name="digest",
        value=visit.said("digest")[:12],
    )


ROUTES = [does("/e/{name}/gate", _decide)]

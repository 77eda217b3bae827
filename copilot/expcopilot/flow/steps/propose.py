"""What is put before a person before it happens, and what happens once they approve exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copilot_tools.refusals import Refused
from expcopilot.flow.gates import propose
from expcopilot.flow.looks import planned_look
from expcopilot.flow.moves import Move
from expcopilot.flow.open_data import rows
from expcopilot.flow.steps import close as closing
from expcopilot.flow.steps import register as registering
from expcopilot.flow.steps.sharpen import sharpen
from expcopilot.records.entry import Draft
from expcopilot.records.experiment import Experiment
from expcopilot.records.gate import Proposal
from expcopilot.records.plan import Plan

if TYPE_CHECKING:
    from expcopilot.flow.graph import Deps, Step

__all__ = ["STEPS", "consequence"]


def _register(experiment: Experiment, deps: Deps, turn: str, given: dict[str, Any]) -> tuple[Draft, ...]:
    """Input: ``plan``, as JSON data."""
    plan = Plan.model_validate(given["plan"])
    registering.register(experiment, plan, actor=deps.actor, today=deps.today())  # refuses what cannot be registered
    question = "Freeze this plan? After that, every change is stamped."
    return _ask(
        experiment, deps, turn, Proposal(gate="plan", question=question, content=plan.to_json(), author="person")
    )


def _amend(experiment: Experiment, deps: Deps, turn: str, given: dict[str, Any]) -> tuple[Draft, ...]:
    """Input: ``plan`` and ``reason``."""
    plan, reason = Plan.model_validate(given["plan"]), str(given["reason"])
    draft = registering.amend(experiment, plan, actor=deps.actor, reason=reason, today=deps.today())
    content = {"plan": plan.to_json(), "reason": reason, "changed": draft.payload["changed"]}
    late = " Outcomes were seen already: every later reading is then post hoc." if experiment.outcome_looks else ""
    question = f"Change the registered plan in the open?{late}"
    return _ask(experiment, deps, turn, Proposal(gate="amendment", question=question, content=content, author="person"))


def _close(experiment: Experiment, deps: Deps, turn: str, given: dict[str, Any]) -> tuple[Draft, ...]:
    """Input: ``early`` and ``reason``. Only an early end needs a person's approval."""
    early, reason = bool(given.get("early")), str(given.get("reason", ""))
    draft = closing.close(experiment, actor=deps.actor, early=early, reason=reason)
    if not early:
        return (draft,)
    question = "Stop before the committed end? The result is then shown, and never counts as supported."
    return _ask(
        experiment, deps, turn, Proposal(gate="early_close", question=question, content=draft.payload, author="person")
    )


def _analyze(experiment: Experiment, deps: Deps, turn: str, given: dict[str, Any]) -> tuple[Draft, ...]:
    """Input: ``data``, path of a file with one row a unit; ``cuts``, columns. One look, counted; it needs no gate."""
    del turn  # the mark beside the look says which turn took it
    entries = tuple(deps.ledger.entries())
    others = [Experiment.fold(name, entries) for name in deps.ledger.experiments() if name != experiment.name]
    source, cuts = rows(str(given.get("data", ""))), tuple(map(str, given.get("cuts", ())))
    return (planned_look(experiment, source, others, actor=deps.actor, today=deps.today(), cuts=cuts),)


def consequence(experiment: Experiment, deps: Deps, proposal: Proposal) -> tuple[Draft, ...]:
    """What follows when a person approves a proposal.

    Raises:
        Refused: What was proposed can no longer be done.
    """
    content = proposal.content
    match proposal.gate:
        case "plan":
            return (
                registering.register(experiment, Plan.model_validate(content), actor=deps.actor, today=deps.today()),
            )
        case "amendment":
            plan = Plan.model_validate(content["plan"])
            reason = str(content["reason"])
            return (registering.amend(experiment, plan, actor=deps.actor, reason=reason, today=deps.today()),)
        case "early_close":
            return (closing.close(experiment, actor=deps.actor, early=True, reason=str(content["reason"])),)
        case "hypothesis":
            return ()  # the approved proposal itself is the record
        case _:
            raise Refused.because(
                "gate.unknown", f"Nothing follows from approving {proposal.gate!r}.", "Update Experiment Copilot."
            )


STEPS: dict[Move, Step] = {
    Move.SHARPEN: sharpen,
    Move.REGISTER: _register,
    Move.AMEND: _amend,
    Move.ANALYZE: _analyze,
    Move.CLOSE: _close,
}
"""Moves that change the record; all but a look and an orderly close stop at a gate."""


def _ask(experiment: Experiment, deps: Deps, turn: str, proposal: Proposal) -> tuple[Draft, ...]:
    return (propose(experiment, proposal, actor=deps.actor, turn=turn),)

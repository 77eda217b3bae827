"""What an assistant is told of an experiment, as JSON data: where it stands, its looks, its plan, a readout, a fact."""

from __future__ import annotations

from typing import Any

from expcopilot.flow.gates import pending
from expcopilot.flow.moves import legal_moves, next_step
from expcopilot.flow.told import rests_on_enough
from expcopilot.memory import plan_files
from expcopilot.records.experiment import Experiment
from expcopilot.records.fact import Fact
from expcopilot.surfaces.mcp.room import Room

__all__ = ["looks_of", "plan_of", "readout_of", "seen", "status_of"]


def seen(fact: Fact) -> dict[str, Any]:
    """A fact as an assistant needs it: its name, how it reads, what it is about."""
    about = {"metric": fact.metric, "arm": fact.arm, "part": fact.part, "unit": fact.unit}
    told = {"id": fact.id, "kind": fact.kind, "reads": fact.text, **{k: v for k, v in about.items() if v}}
    return told if fact.planned else {**told, "planned": False}


def status_of(state: Experiment) -> dict[str, Any]:
    """Where an experiment stands."""
    waiting = pending(state)
    last = state.looks[-1].record if state.looks else None
    return {
        "experiment": state.name,
        "stage": state.stage,
        "question": state.plan.question if state.plan else "",
        "verdict": last.verdict.phrase if last else "",
        "next": next_step(state),
        "moves": [m.value for m in legal_moves(state)],
        "waits_for_a_person": None
        if waiting is None
        else {"gate": waiting.record.gate, "question": waiting.record.question, "digest": waiting.record.digest},
        "plan_digest": state.plan.digest if state.plan else None,
        "registered": f"{state.registration.time[:10]} by {state.registration.actor}" if state.registration else None,
        "post_hoc": state.registration.record.post_hoc if state.registration else "",
        "closed": f"{state.closing.time[:10]} by {state.closing.actor}" if state.closing else None,
    }


def looks_of(state: Experiment) -> list[dict[str, Any]]:
    """Every look, in order: a look that was taken never goes from this list."""
    return [
        {
            "look": s.record.number,
            "time": s.time[:16],
            "by": s.actor,
            "kind": s.record.kind,
            "units": s.record.evidence.total_units if rests_on_enough(s.record) else None,
            "verdict": s.record.verdict.phrase,
            **({"cuts": list(s.record.cuts)} if s.record.cuts else {}),
            **({"reason": s.record.reason} if s.record.reason else {}),
        }
        for s in state.looks
    ]


def plan_of(state: Experiment) -> dict[str, Any]:
    """The plan in force as YAML, and how it came to stand; {} without one."""
    if state.plan is None:
        return {}
    return {
        "digest": state.plan.digest,
        "amendments": [
            {"time": a.time[:10], "by": a.actor, "reason": a.record.reason, "after_outcomes": a.record.after_outcomes}
            for a in state.amendments
        ],
        "plan": plan_files.render(state.plan),
    }


def readout_of(room: Room, name: str, number: int | None) -> dict[str, Any]:
    """A readout in words and facts; every number in it is a fact about enough units."""
    readout = room.copilot.readout(name, look=number)
    known = room.copilot.told(name, look=readout.look.number)
    facts = [f for f in known.facts.values() if f.kind not in {"definition", "text", "objection"}]
    objections = [f.text for f in known.facts.values() if f.id.startswith(("stamp.", "caveat.", "objection."))]
    look = readout.look
    return {
        "experiment": name,
        "question": readout.question,
        "verdict": look.verdict.phrase,
        "why": look.verdict.sentence if rests_on_enough(look) else "",
        "look": {"number": look.number, "kind": look.kind, "time": readout.looked_at[:16], "by": readout.looked_by},
        "looks_taken": len(readout.looks),
        "objections": objections,
        "facts": {f.id: f.text for f in sorted(facts, key=_main_first)},
        "prose": [s.text for p in readout.prose for s in p.sentences],
        "closed": readout.closed,
        "head": f"{readout.ledger_position}:{readout.ledger_head}",
        "recompute": list(readout.recompute),
    }


def _main_first(fact: Fact) -> int:
    order = ("verdict.", "primary.", "plan.minimum", "guardrail.")
    return next((n for n, start in enumerate(order) if fact.id.startswith(start)), len(order))

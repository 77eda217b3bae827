"""What needs a person, and who answered. An approval covers the exact content by digest: a change re-opens the gate."""

from __future__ import annotations

import math
from typing import Literal

from copilot_tools.refusals import Refused
from expcopilot.records.entry import Draft
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.gate import Decision, GateKind, Proposal

__all__ = ["COPY_GATES", "approved", "decide", "decision_on", "last_proposed", "pending", "propose", "settle"]

COPY_GATES: frozenset[GateKind] = frozenset({"variants", "waiver"})
"""Gates of copy: one a variant and one a mark, many open at once, each answered where it is asked. None of them holds
up the experiment's own moves, and none of those holds up copy."""


def pending(experiment: Experiment) -> Stamped[Proposal] | None:
    """The proposal that waits for a person: the last one, unless it was decided upon or replaced."""
    own = [p for p in experiment.proposals if p.record.gate not in COPY_GATES]
    if not own:
        return None
    return own[-1] if decision_on(experiment, own[-1]) is None else None


def last_proposed(experiment: Experiment, gate: GateKind) -> Stamped[Proposal] | None:
    """The last proposal at a gate, decided upon or not; None where nothing was ever asked there."""
    return next((p for p in reversed(experiment.proposals) if p.record.gate == gate), None)


def decision_on(experiment: Experiment, asked: Stamped[Proposal]) -> Stamped[Decision] | None:
    """What a person decided about a proposal; None where nobody did before the same content was put anew."""
    digest = asked.record.digest
    anew = (p.position for p in experiment.proposals if p.position > asked.position and p.record.digest == digest)
    end = min(anew, default=math.inf)
    return next(
        (d for d in reversed(experiment.decisions) if asked.position < d.position < end and d.record.digest == digest),
        None,
    )


def approved(experiment: Experiment, gate: GateKind) -> Stamped[Proposal] | None:
    """The last proposal at a gate, if a person approved exactly it."""
    last = last_proposed(experiment, gate)
    decided = decision_on(experiment, last) if last is not None else None
    return last if decided is not None and decided.record.action == "approve" else None


def propose(experiment: Experiment, proposal: Proposal, *, actor: str, turn: str) -> Draft:
    """Put something before a person. The same turn proposes once, however often it runs."""
    return Draft(
        experiment=experiment.name,
        kind="proposed",
        actor=actor,
        payload=proposal.to_json(),
        key=f"propose/{experiment.name}/{turn}",
    )


def decide(
    experiment: Experiment,
    digest: str,
    action: Literal["approve", "edit", "reject"],
    *,
    actor: str,
    reason: str = "",
) -> Draft:
    """A person's answer to the gate that waits.

    Args:
        experiment: The experiment.
        digest: Of the content the person saw.
        action: What they decided.
        actor: Who they are, as the workspace knows them.
        reason: In their words.

    Raises:
        Refused: Nothing waits, or what waits is no longer what the person saw.
    """
    waiting = pending(experiment)
    if waiting is None:
        raise Refused.because(
            "gate.nothing_waits",
            f"Nothing waits for a decision in {experiment.name!r}: it was answered already, or never asked.",
            "See `expcopilot log` for who answered what.",
            name="experiment",
            value=experiment.name,
        )
    if waiting.record.digest != digest:
        raise Refused.because(
            "gate.changed",
            "What waits for approval is no longer the text you saw: it was changed in between.",
            "Read it again, then decide.",
            name="digest",
            value=digest[:12],
        )
    record = Decision(gate=waiting.record.gate, digest=digest, action=action, reason=reason.strip())
    return Draft(
        experiment=experiment.name,
        kind="decided",
        actor=actor,
        payload=record.to_json(),
        # One answer a proposal: a second click, or a second terminal, finds the first one's entry and is told so.
        key=f"decide/{experiment.name}/{waiting.position}",
    )


def settle(
    experiment: str,
    proposal: Proposal,
    action: Literal["approve", "reject"],
    *,
    answered: tuple[int, str],
    actor: str,
    by: str = "",
    reason: str = "",
) -> tuple[Draft, ...]:
    """A gate of copy asked and answered at once: the person had the exact content before them when they decided.

    The same answer given again changes nothing; another answer to the same content stands from then on.

    Args:
        experiment: Whose record it belongs to.
        proposal: What was decided upon, at a gate of ``COPY_GATES``.
        action: What they decided.
        answered: How often exactly this content was decided upon before, and how last.
        actor: Who writes it down, as the workspace knows them.
        by: Who decided, where that is somebody else.
        reason: In their words.
    """
    count, last = answered
    if last == action:
        return ()
    said = reason.strip()
    decision = Decision(
        gate=proposal.gate, digest=proposal.digest, action=action, reason=said, by="" if by == actor else by
    )
    asked = Draft(
        experiment=experiment,
        kind="proposed",
        actor=actor,
        payload=proposal.to_json(),
        key=f"propose/{experiment}/{proposal.digest}",
    )
    answer = Draft(
        experiment=experiment,
        kind="decided",
        actor=actor,
        payload=decision.to_json(),
        key=f"decide/{experiment}/{proposal.digest}/{count}",
    )
    return (asked, answer)

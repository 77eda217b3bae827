"""Decisions on copy: a claim or a sentence waived, a text approved; a person takes them, on exactly what is shown."""

from __future__ import annotations

from typing import Any, Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import refuse_if_any
from expcopilot.flow.steps.approve_copy import find_mark
from expcopilot.flow.steps.leaving import open_marks
from expcopilot.flow.typed import typed
from expcopilot.surfaces.mcp.copywork import OfBrief, OfMark, OfVariant, review_of
from expcopilot.surfaces.mcp.gates import Asked, Gate
from expcopilot.surfaces.mcp.room import Room
from expcopilot.surfaces.mcp.shown import variant_shown
from expcopilot.surfaces.mcp.verbs import Answer, Verb

__all__ = ["COPY_GATES"]


def _put_variant(room: Room, wanted: OfVariant, again: bool) -> Asked:
    del again  # the answer names the digest that was shown: another text is refused, not approved
    review = review_of(room, wanted)
    refuse_if_any(open_marks(review))
    question = f"Approve exactly this text of {wanted.variant} of {wanted.brief}?"
    elsewhere = typed("approve", wanted.brief, wanted.variant, experiment=wanted.experiment)
    return Asked("variants", _whose(room, wanted), question, variant_shown(review), review.digest, elsewhere, wanted)


def _settle_variant(room: Room, asked: Asked, action: Literal["approve", "reject"], reason: str) -> Answer:
    of: OfVariant = asked.token
    room.copilot.approve_variant(of.brief, of.variant, asked.digest, action, reason=reason, experiment=of.experiment)
    return _told(room, asked, of, "approved" if action == "approve" else "rejected")


def _put_mark(room: Room, wanted: OfMark, again: bool) -> Asked:
    del again
    review = review_of(room, wanted)
    mark = find_mark(review, wanted.mark)
    claim = mark.place.kind != "unclassified"
    question = (
        "Let this claim stand without a source? You take responsibility for it, with a reason."
        if claim
        else "Nobody could say what this sentence is. Do you take responsibility for it as it stands, with a reason?"
    )
    elsewhere = typed(
        "mark",
        wanted.brief,
        wanted.variant,
        wanted.mark,
        options=f"--{'waive' if claim else 'tick'} REASON",
        experiment=wanted.experiment,
    )
    text = variant_shown(review, mark)
    return Asked("waiver", _whose(room, wanted), question, text, review.digest, elsewhere, (wanted, claim), signed=True)


def _settle_mark(room: Room, asked: Asked, action: Literal["approve", "reject"], reason: str) -> Answer:
    of: OfMark
    of, claim = asked.token
    if action == "reject":
        return _told(room, asked, of, "left open")
    settle = room.copilot.waive if claim else room.copilot.tick
    settle(of.brief, of.variant, of.mark, asked.digest, reason=reason, experiment=of.experiment)
    return _told(room, asked, of, "waived" if claim else "ticked")


def _told(room: Room, asked: Asked, of: OfVariant, state: str) -> Answer:
    review = review_of(room, of)
    told = {
        "state": state,
        "gate": asked.gate,
        "brief": of.brief,
        "variant": of.variant,
        "digest": asked.digest,
        "by": room.copilot.workspace.actor,
        "standing": review.standing,
        "open": review.open_marks,
    }
    return Answer(f"A person has decided on exactly the text shown: {state}.", told, asked.experiment)


def _whose(room: Room, wanted: OfBrief) -> str:
    return room.copilot.copy(wanted.brief, experiment=wanted.experiment).experiment


_V1 = {"brief": "spring", "variant": "v1"}
_ASKS = "A person is asked, and only they can answer."


def _gate(name: str, summary: str, when: str, arguments: type[Frozen], put: Any, settle: Any, example: Any) -> Gate:
    verb = Verb(name, f"{summary} {_ASKS}", when, arguments, lambda *_: Answer("", {}), (example,), writes=True)
    return Gate(verb, put, settle)


COPY_GATES: tuple[Gate, ...] = (
    _gate("approve_variant", "Put a variant's exact text before a person.", "Nothing in it is open any more.",
          OfVariant, _put_variant, _settle_variant, _V1),
    _gate("waive_mark", "Ask a person to take responsibility for a claim or a sentence, with a reason of their own.",
          "No source says it, and the person wants to keep it.", OfMark, _put_mark, _settle_mark,
          {**_V1, "mark": "C1"}),
)  # fmt: skip
"""Copy's decisions, which are a person's."""

"""The claim checker: adds the claims the scanner has missed; it can take none away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_tools.base import Frozen
from copilot_tools.wording.claims.marks import ClaimKind
from expcopilot.language.roles.role import Inputs, Role

__all__ = [
    "CLAIM_CHECKER",
    "AddedClaim",
    "AddedClaims",
    "ClaimCheckerInputs",
    "CopySentence",
    "Mark",
    "usable",
]


class Mark(Frozen):
    """A claim the scanner has marked.

    Attributes:
        span: The words marked.
        kind: What kind of claim it takes them for.
    """

    span: str
    kind: str


class CopySentence(Frozen):
    """One sentence of copy.

    Attributes:
        sentence: Its number, from 0.
        text: The sentence.
        marks: What the scanner has marked in it.
    """

    sentence: int
    text: str
    marks: tuple[Mark, ...] = ()


class ClaimCheckerInputs(Inputs):
    """What the claim checker is told.

    Attributes:
        sentences: The copy, sentence by sentence.
        style_guide: The house's style guide; may be empty.
    """

    sentences: tuple[CopySentence, ...]
    style_guide: str = ""


class AddedClaim(Frozen):
    """A claim to be marked beside those of the scanner.

    Attributes:
        sentence: Number of its sentence.
        span: The words that carry it, as they stand there.
        kind: What kind of claim it is.
        why: What would have to be shown for it to stand.
    """

    sentence: int
    span: str
    kind: ClaimKind
    why: str


class AddedClaims(Frozen):
    """What the claim checker adds; possibly nothing."""

    added: tuple[AddedClaim, ...] = ()


def usable(inputs: ClaimCheckerInputs, answer: AddedClaims) -> tuple[AddedClaim, ...]:
    """The claims that can be marked: their words stand in their sentence. The others name no place in the copy."""
    return tuple(claim for claim in answer.added if not any(_faults(inputs, claim)))


def _faults(inputs: ClaimCheckerInputs, claim: AddedClaim) -> Iterator[str]:
    sentence = next((s for s in inputs.sentences if s.sentence == claim.sentence), None)
    if sentence is None:
        yield f"There is no sentence {claim.sentence}."
    elif not claim.span.strip() or claim.span not in sentence.text:
        yield f"{claim.span!r} does not stand word for word in sentence {claim.sentence}: {sentence.text!r}"
    elif any(mark.span == claim.span for mark in sentence.marks):
        yield f"{claim.span!r} in sentence {claim.sentence} is marked already; leave it out."


def _complaints(inputs: ClaimCheckerInputs, answer: AddedClaims) -> Sequence[str]:
    return tuple(fault for claim in answer.added for fault in _faults(inputs, claim))


CLAIM_CHECKER = Role(
    name="claim_checker", inputs=ClaimCheckerInputs, answer=AddedClaims, max_tokens=4000, complaints=_complaints
)
"""Adds claims to the scanner's."""

"""Gates: what needs a person, and who answered. Approval covers the exact text, by digest."""

from __future__ import annotations

from typing import Any, Literal

from copilot_tools.base import Frozen
from expcopilot.records.digest import digest

__all__ = ["Decision", "GateKind", "Proposal"]

GateKind = Literal["hypothesis", "plan", "amendment", "early_opening", "early_close", "variants", "waiver"]


class Proposal(Frozen):
    """Something that waits for a person.

    Attributes:
        gate: What is asked.
        question: The question, one sentence.
        content: Exactly what would be approved, as JSON data.
        author: "person" or the role that drafted it.
    """

    gate: GateKind
    question: str
    content: dict[str, Any]
    author: str

    @property
    def digest(self) -> str:
        """What an approval covers: any change of the content re-opens it."""
        return digest({"gate": self.gate, "content": self.content})


class Decision(Frozen):
    """A person's answer to one gate.

    Attributes:
        gate: What was asked.
        digest: Of the content that was decided upon.
        action: "approve", "edit" (a changed content follows as a new proposal) or "reject".
        reason: In their words.
        by: Who decided, where the answer came in writing through somebody else, such as a review file; else "".
    """

    gate: GateKind
    digest: str
    action: Literal["approve", "edit", "reject"]
    reason: str = ""
    by: str = ""

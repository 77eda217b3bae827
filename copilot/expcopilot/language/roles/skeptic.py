"""The skeptic: the strongest honest case that this is noise, by one who has not seen the hopeful reading."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import field_validator

from expcopilot.language.firewall.check import slots
from expcopilot.language.roles.role import Inputs, Role
from expcopilot.language.roles.statements import Texts, blocked, by_id
from expcopilot.records.fact import Fact, FactKind
from expcopilot.records.prose import Statement

__all__ = ["MAY_SEE", "SKEPTIC", "CaseForNoise", "SkepticInputs"]

MAY_SEE: frozenset[FactKind] = frozenset({"objection", "name", "text", "count", "date", "definition"})
"""Kinds of fact the skeptic is shown: nothing that says how the test came out."""


class SkepticInputs(Inputs):
    """What the skeptic is told.

    Attributes:
        question: The plan's question.
        facts: Objections, worst first, and names they may be tied to; none that says how the test came out.
    """

    question: str
    facts: tuple[Fact, ...]

    @field_validator("facts")
    @classmethod
    def _no_result(cls, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        shown = [f.id for f in facts if f.kind not in MAY_SEE]
        if shown:
            raise ValueError(f"the skeptic must not see results: {', '.join(shown)}")
        return facts

    @property
    def objections(self) -> tuple[str, ...]:
        """Ids of the objections, worst first."""
        return tuple(f.id for f in self.facts if f.kind == "objection")


class CaseForNoise(Texts):
    """What the skeptic wrote."""

    def spoken(self) -> tuple[Statement, ...]:
        """Its statements, in order."""
        return tuple(Statement(text=text, section="skeptic") for text in self.statements)


def _complaints(inputs: SkepticInputs, answer: CaseForNoise) -> Sequence[str]:
    said = {name for text in answer.statements for name in slots(text)}
    missing = [f"The objection {{{name}}} is not spoken; give it a statement." for name in inputs.objections]
    left = [text for name, text in zip(inputs.objections, missing, strict=True) if name not in said]
    if not answer.statements:
        left.append("Nothing is said; write at least one statement.")
    return (*left, *blocked(answer, by_id(inputs.facts)))


SKEPTIC = Role(name="skeptic", inputs=SkepticInputs, answer=CaseForNoise, max_tokens=3000, complaints=_complaints)
"""Makes the case for the null."""

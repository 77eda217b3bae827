"""The narrator: the readout's prose, tied to the hypothesis, in the names of facts."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_tools.base import Frozen
from expcopilot.language.roles.role import Inputs, Role
from expcopilot.language.roles.statements import blocked, by_id
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Section, Statement

__all__ = ["NARRATOR", "Narration", "NarratorInputs"]

_SECTIONS: tuple[Section, ...] = ("finding", "exploratory", "next")


class NarratorInputs(Inputs):
    """What the narrator is told.

    Attributes:
        facts: Everything that may be named; only such as a model may see (``flow.facts.for_model``).
        verdict_row: The row of the verdict table the experiment stands on; "" without a plan.
    """

    facts: tuple[Fact, ...]
    verdict_row: str = ""


class Narration(Frozen):
    """What the narrator wrote: statements, by where they stand.

    Attributes:
        finding: On the question that was registered.
        exploratory: On what was not planned.
        next: What to ask, measure or register next.
    """

    finding: tuple[str, ...] = ()
    exploratory: tuple[str, ...] = ()
    next: tuple[str, ...] = ()

    def spoken(self) -> tuple[Statement, ...]:
        """Its statements, in the order of the page, each with its section."""
        return tuple(Statement(text=text, section=section) for section in _SECTIONS for text in getattr(self, section))


def _complaints(inputs: NarratorInputs, answer: Narration) -> Sequence[str]:
    if not answer.spoken():
        return ("Nothing is said; write at least one statement.",)
    return tuple(blocked(answer, by_id(inputs.facts), verdict_row=inputs.verdict_row))


NARRATOR = Role(name="narrator", inputs=NarratorInputs, answer=Narration, max_tokens=4000, complaints=_complaints)
"""Writes the prose of a readout."""

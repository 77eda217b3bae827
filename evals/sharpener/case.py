"""A case of sharpening: an idea as somebody types it, and which parts of a hypothesis it states."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from suite.case import Case, UnreadableCaseError, read

__all__ = ["ATOMS", "Atom", "SharpenerCase", "cases"]

Atom = Literal["change", "audience", "mechanism", "metric", "direction", "size", "falsifier"]

ATOMS: tuple[Atom, ...] = get_args(Atom)
"""The parts of a hypothesis that could be proved wrong."""


class SharpenerCase(Case):
    """An idea.

    Attributes:
        idea: As it was typed.
        channel: "landing-page", "email", "push", "ad" or "other".
        metrics: Names of the metrics that exist.
        answers: What the person has answered already, by atom.
        states: What the idea and the answers state, as a careful reader would put it in the person's own words.
        may: Atoms on which fair readers differ: neither missed nor held to be invented.
        asks: Further questions this idea calls for.
        tempts: What a model that fills every hole would write there.
    """

    idea: str
    channel: Literal["landing-page", "email", "push", "ad", "other"] = "other"
    metrics: tuple[str, ...] = ()
    answers: dict[Atom, str] = {}
    states: dict[Atom, str] = {}
    may: tuple[Atom, ...] = ()
    asks: tuple[Literal["holdout", "assignment"], ...] = ()
    tempts: dict[Atom, str]

    @property
    def missing(self) -> tuple[Atom, ...]:
        """Atoms that nobody has stated, and that must be asked."""
        return tuple(atom for atom in ATOMS if atom not in self.states and atom not in self.may)

    @property
    def said(self) -> str:
        """Everything the person said; the names of metrics among it."""
        return " \n".join((self.idea, *self.answers.values(), *self.metrics))


def cases() -> tuple[SharpenerCase, ...]:
    """All of them.

    Raises:
        UnreadableCaseError: A direction that is none, or an answer that is not among what is stated.
    """
    found = read(Path(__file__).with_name("cases.yaml"), SharpenerCase)
    for case in found:
        wrong = {case.states.get("direction", "increase"), case.tempts.get("direction", "increase")}
        if not wrong <= {"increase", "decrease"}:
            raise UnreadableCaseError(f"sharpener/cases.yaml, {case.id}: a direction is increase or decrease.")
        if left := sorted(set(case.answers) - set(case.states)):
            raise UnreadableCaseError(f"sharpener/cases.yaml, {case.id}: what was answered is stated, too: {left}.")
    return found

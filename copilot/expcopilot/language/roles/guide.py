"""The guide: answers free questions in the chat, with a bounded use of tools and in the names of facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from copilot_tools.base import Frozen
from expcopilot.language.firewall.check import slots
from expcopilot.language.roles.role import Inputs, Role
from expcopilot.language.roles.statements import Texts, blocked, by_id
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Statement

__all__ = ["GUIDE", "EarlierTurn", "Guidance", "GuideInputs", "complaints_with"]


class EarlierTurn(Frozen):
    """A question answered before in the same conversation.

    Attributes:
        question: As it was put, or its beginning.
        shown: What the reader was shown of the guide's answer; never what was kept back.
    """

    question: str
    shown: str


class GuideInputs(Inputs):
    """What the guide is told.

    Attributes:
        question: What the person asks.
        stage: Where the experiment stands, in plain words.
        facts: What may be named from the start; tools bring more. What the person can do now comes as facts of kind
            "name" whose id begins with ``move.``.
        verdict_row: The row of the verdict table the experiment stands on; "" where there is none.
        earlier: The last turns of the conversation, oldest first: they say what "it" and "there" mean.
    """

    question: str
    stage: str
    facts: tuple[Fact, ...] = ()
    verdict_row: str = ""
    earlier: tuple[EarlierTurn, ...] = ()


class Guidance(Texts):
    """What the guide answers."""

    def spoken(self, facts: Mapping[str, Fact] | None = None) -> tuple[Statement, ...]:
        """Its statements, in order; what names an unplanned fact stands as exploratory, by code and not by the model.

        Args:
            facts: Every fact it may name, by id.
        """
        known = facts or {}
        return tuple(
            Statement(text=text, section="exploratory" if _unplanned(text, known) else "answer")
            for text in self.statements
        )


def _unplanned(text: str, facts: Mapping[str, Fact]) -> bool:
    return any(name in facts and not facts[name].planned for name in slots(text))


class _Placed:
    """An answer with its statements already in their sections."""

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self._statements = statements

    def spoken(self) -> tuple[Statement, ...]:
        return self._statements


def complaints_with(facts: Mapping[str, Fact], verdict_row: str = "") -> Callable[[Guidance], Sequence[str]]:
    """Complaints against facts that grow while tools are used.

    Args:
        facts: The mapping that the tools' runner adds to; read when the answer is there.
        verdict_row: Row of the verdict table.

    Returns:
        What to put in the place of a question's ``complaints``, by ``dataclasses.replace``.
    """

    def complaints(answer: Guidance) -> Sequence[str]:
        if not answer.statements:
            return ("Nothing is said; write at least one statement.",)
        return tuple(blocked(_Placed(answer.spoken(facts)), facts, verdict_row=verdict_row))

    return complaints


def _complaints(inputs: GuideInputs, answer: Guidance) -> Sequence[str]:
    return complaints_with(by_id(inputs.facts), inputs.verdict_row)(answer)


GUIDE = Role(name="guide", inputs=GuideInputs, answer=Guidance, max_tokens=2000, complaints=_complaints)
"""Answers in the chat."""

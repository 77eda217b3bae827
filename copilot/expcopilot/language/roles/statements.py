"""Answers made of statements: the firewall's reasons go into the repair turn, so that prose is mended, not cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from copilot_tools.base import Frozen
from expcopilot.language.firewall.prose import checked_prose
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Statement

__all__ = ["Spoken", "Texts", "blocked", "by_id"]


class Spoken(Protocol):
    """An answer that holds statements."""

    def spoken(self) -> tuple[Statement, ...]:
        """Its statements, in the order of the page, each with its section."""
        ...


class Texts(Frozen):
    """A list of statements, all of one section, which the role fixes.

    Attributes:
        statements: Sentences with slots, in the order of the page.
    """

    statements: tuple[str, ...]


def blocked(answer: Spoken, facts: Mapping[str, Fact], *, verdict_row: str = "") -> Iterator[str]:
    """What the firewall would keep back, one sentence a statement, addressed to the model.

    Args:
        answer: What the role wrote.
        facts: Every fact it may name, by id.
        verdict_row: Row of the verdict table.
    """
    for kept_back in checked_prose("", answer.spoken(), facts, verdict_row=verdict_row).blocked:
        yield f"The statement {kept_back.statement.text!r} does not pass the gate: {' '.join(kept_back.reasons)}"


def by_id(facts: tuple[Fact, ...]) -> dict[str, Fact]:
    """Facts by id."""
    return {fact.id: fact for fact in facts}

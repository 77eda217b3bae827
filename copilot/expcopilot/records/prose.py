"""Prose that may reach a reader. The report accepts nothing else from a model."""

from __future__ import annotations

from typing import Literal

from copilot_tools.base import Frozen

__all__ = ["Blocked", "CheckedProse", "CheckedSentence", "Section", "Statement"]

Section = Literal["finding", "skeptic", "exploratory", "next", "answer"]
"""Where a statement would stand; facts from unplanned cuts stand only in "exploratory" and "next"."""


class Statement(Frozen):
    """One sentence as a model proposes it: words between slots, slots named after facts, as ``{primary.b.effect}``.

    Attributes:
        text: The sentence.
        section: Where it would stand.
    """

    text: str
    section: Section = "finding"


class CheckedSentence(Frozen):
    """One sentence that passed, or that code put in the place of one that did not.

    Attributes:
        text: As it stands on the page, slots filled.
        section: Where it stands.
        facts: Ids of the facts in it.
        author: "model" when a model's words passed, "code" when a plain sentence stands in.
    """

    text: str
    section: Section
    facts: tuple[str, ...]
    author: Literal["model", "code"]


class Blocked(Frozen):
    """A statement that did not pass, kept for the appendix.

    Attributes:
        statement: As proposed.
        reasons: Why, one plain sentence each.
    """

    statement: Statement
    reasons: tuple[str, ...]


class CheckedProse(Frozen):
    """What one role wrote, after the firewall. Only ``language.firewall`` builds it; a test holds that.

    Attributes:
        role: Who wrote it.
        sentences: What may be shown, in order.
        blocked: What was kept back.
    """

    role: str
    sentences: tuple[CheckedSentence, ...]
    blocked: tuple[Blocked, ...] = ()

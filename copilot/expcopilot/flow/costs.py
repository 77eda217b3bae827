"""What the language model was used for, and what it cost: in a line, and by role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from copilot_tools.stats import formats
from expcopilot.records.answer import Answered, Usage

__all__ = ["Used", "by_role", "cost_line"]


class Used(NamedTuple):
    """What one role, or all of them, used, as people read it.

    Attributes:
        role: Its name, or "all".
        answers: How many came.
        read: Tokens read, cached ones included.
        written: Tokens written.
        money: US dollars, and whether some of it has no known price.
    """

    role: str
    answers: str
    read: str
    written: str
    money: str


def cost_line(answers: Iterable[Answered]) -> str:
    """The use of the model in a line; "" when it was not used."""
    kept = tuple(answers)
    if not kept:
        return ""
    used = _used("", kept)
    roles = ", ".join(dict.fromkeys(a.role for a in kept))
    many = "answer" if len(kept) == 1 else "answers"
    return f"{roles}: {used.answers} {many}, {used.read} tokens read, {used.written} written, US$ {used.money}"


def by_role(answers: Iterable[Answered]) -> tuple[Used, ...]:
    """Each role's use of the model, then all of it; nothing when it was not used."""
    kept = tuple(answers)
    if not kept:
        return ()
    roles = dict.fromkeys(a.role for a in kept)
    return (*(_used(role, tuple(a for a in kept if a.role == role)) for role in roles), _used("all", kept))


def _used(role: str, kept: tuple[Answered, ...]) -> Used:
    total = sum((a.usage for a in kept), Usage())
    read = total.input_tokens + total.cache_read_tokens + total.cache_write_tokens
    known = [a.cost for a in kept if a.cost is not None]
    unknown = len(known) < len(kept)
    money = f"{sum(known):.4f}" + (" and more, unpriced" if unknown else "") if known else "not priced"
    return Used(role, formats.count(len(kept)), formats.count(read), formats.count(total.output_tokens), money)

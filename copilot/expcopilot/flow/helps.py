"""What helps with a question nobody words an answer to: found by its words, else by where things stand."""

from __future__ import annotations

import enum

__all__ = ["Help", "helps"]


class Help(enum.StrEnum):
    """Something that answers a question without a language model."""

    SIZE = "size"
    STOP = "stop"
    WHY = "why"
    CASE = "case"
    CUT = "cut"
    SHARPEN = "sharpen"
    PLAN = "plan"
    READOUT = "readout"
    STATUS = "status"


_WORDS: tuple[tuple[tuple[str, ...], Help], ...] = (
    (("how long", "how many", "size", "power", "weeks", "traffic"), Help.SIZE),
    (("stop", "early", "peek", "wait"), Help.STOP),
    (("why", "win", "won", "significan", "better", "verdict", "mean"), Help.WHY),
    (("noise", "sure", "trust", "chance", "luck", "wrong"), Help.CASE),
    (("mobile", "segment", "device", "country", "cut"), Help.CUT),
    (("idea", "hypothes", "try"), Help.SHARPEN),
    (("test", "plan"), Help.PLAN),
    (("report", "slide", "share", "send", "readout", "board"), Help.READOUT),
)
"""Words in a question -> what answers it."""


def helps(question: str, *, looked: bool) -> tuple[Help, ...]:
    """What helps with a question, at most three things.

    Args:
        question: In the person's words.
        looked: Whether the experiment's data was read.

    Example:
        >>> helps("How many weeks will it take?", looked=False)
        (<Help.SIZE: 'size'>,)
    """
    asked = question.lower()
    found = tuple(answer for words, answer in _WORDS if any(word in asked for word in words))[:3]
    return found or ((Help.WHY, Help.CASE) if looked else (Help.PLAN, Help.STATUS))

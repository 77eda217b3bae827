"""What stands beside every decision on copy: a name, and a reason, each on one line that reads as it is written."""

from __future__ import annotations

import unicodedata

from copilot_tools.refusals import Refused

__all__ = ["named", "said"]

_REASON_AT_MOST = 2000
_NAME_AT_MOST = 200
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters to Unicode, and blank to everybody else: the fillers of Hangul."""
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def named(by: str, actor: str) -> str:
    """Who decided, where that is not the actor: one line with a letter or digit that is seen.

    Args:
        by: As given; "" for the actor.
        actor: Whom the workspace knows.

    Raises:
        Refused: ``copy.no_name``.
    """
    name = by.strip() or by
    given = name or actor
    if not _visible(given) or len(given) > _NAME_AT_MOST:
        raise Refused.because(
            "copy.no_name",
            f"{given[:60]!r} is nobody's name, and a decision on copy stands beside one.",
            f"Give a name on one line, with a letter or digit, of at most {_NAME_AT_MOST} characters.",
            name="by",
            value=given[:60],
        )
    return name


def said(reason: str) -> str:
    """A reason on one line.

    Raises:
        Refused: ``copy.no_reason``.
    """
    line = " ".join(reason.split())
    if not _visible(line) or len(line) > _REASON_AT_MOST:
        fault = (
            "this one is empty"
            if not line
            else f"this one has {len(line):,} characters"
            if len(line) > _REASON_AT_MOST
            else "this one holds no letter or digit, or a sign that cannot be shown"
        )
        raise Refused.because(
            "copy.no_reason",
            f"A decision stands beside a reason a person can read; {fault}.",
            f"Say why in your own words, in at most {_REASON_AT_MOST:,} characters: it stands beside the name.",
            name="reason",
            value=line[:60],
        )
    return line


def _visible(text: str) -> bool:
    """Whether a text is one line that reads as it is written, with a letter or digit somebody can see."""
    broken = any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _REORDERING for c in text)
    return not broken and any(c.isalnum() and c not in _UNSEEN for c in text)

"""What a person is shown in a client's form: exactly what would be approved, as plain text, with its digest."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from expcopilot.flow.gate_text import PLAN_MOVES, changes, lines, plan_in
from expcopilot.flow.steps.review import OpenMark
from expcopilot.memory import plan_files
from expcopilot.records.copy import Review
from expcopilot.records.plan import Plan

if TYPE_CHECKING:
    from expcopilot.flow.graph import Waiting

__all__ = ["gate_shown", "spelled_out", "variant_shown"]

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def gate_shown(waiting: Waiting, plan: Plan | None) -> str:
    """A gate's content, whole.

    Args:
        waiting: The gate.
        plan: The plan in force, for what an amendment changes.
    """
    parts = []
    if waiting.gate == "amendment":
        what = "\n".join(f"- {field}: {change}" for field, change in changes(plan, waiting.content))
        parts = [f"What changes:\n{what}", "The whole plan as it would stand:"]
    if waiting.gate in PLAN_MOVES:
        parts.append(plan_files.render(plan_in(waiting.gate, waiting.content)).rstrip())
    else:
        parts.append(lines(waiting.content))
    return spelled_out("\n".join([*parts, "", f"Digest {waiting.digest}"]))


def variant_shown(review: Review, mark: OpenMark | None = None) -> str:
    """A variant's exact text, field by field, and the mark in question.

    Args:
        review: The variant as it stands.
        mark: The claim or sentence to be settled; None where the whole text is.
    """
    parts = [f"Mechanism: {review.variant.mechanism}"]
    parts += [f"[{field.name}]\n{field.text}" for field in review.variant.fields]
    if mark is not None:
        parts.append(f"{mark.label}, {mark.status}: “{mark.words}”\n{mark.why}")
    return spelled_out("\n".join([*parts, "", f"Digest {review.digest}"]))


def spelled_out(text: str) -> str:
    r"""Text in which nothing is hidden: a control, directional or invisible character stands as its code point.

    Example:
        >>> spelled_out("a\u202eb\nc")
        'a[U+202E]b\nc'
    """
    return "".join(f"[U+{ord(c):04X}]" if c not in "\n\t" and unicodedata.category(c) in _HIDDEN else c for c in text)

"""What was answered in one turn of a conversation, by whom, and what is kept of it in the record."""

from __future__ import annotations

from typing import NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.flow.why import Why
from expcopilot.records.look import Look

__all__ = ["Spoken", "case_in_short", "reason_in", "refused_line", "stopped", "why_in_short"]

_REFUSED = "Refused: "


class Spoken(NamedTuple):
    """What was answered.

    Attributes:
        speaker: "code", or the role whose words passed the firewall.
        text: All of it, as it stood on the screen.
        prose: The part of it in the role's own words; "" where code said it all.
    """

    speaker: str
    text: str
    prose: str = ""


def stopped(shown: str, role: str, by: str) -> Spoken:
    """What is kept of an answer that a person stopped: what had been shown, marked; it is never told again as said.

    Args:
        shown: What stood on the screen by then.
        role: Whose words they are.
        by: Who stopped it.
    """
    mark = f"Stopped here by {by}."
    return Spoken(role, f"{shown.strip()} ({mark})") if shown.strip() else Spoken("code", mark)


def refused_line(reason: str | Refused) -> str:
    """What the conversation keeps of a refusal: its first reason."""
    return f"{_REFUSED}{reason.refusals[0].reason if isinstance(reason, Refused) else reason}"


def reason_in(text: str) -> str:
    """The reason in a line that ``refused_line`` made; "" in any other."""
    return text.removeprefix(_REFUSED) if text.startswith(_REFUSED) else ""


def why_in_short(found: Why) -> str:
    """What the conversation keeps of an explanation that was shown."""
    return f"Look {found.look}: {found.phrase}. {found.sentence}"


def case_in_short(look: Look) -> str:
    """What the conversation keeps of a case for the null that was shown."""
    serious = [o.title for o in look.objections if o.severity in {"serious", "blocking"}]
    return f"Look {look.number}, serious objections: {'; '.join(serious) or 'none'}."

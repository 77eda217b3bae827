"""An answer read as the record it must be; where it cannot be, the reason, addressed to the model that may mend it."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from expcopilot.language.model.failures import failed
from expcopilot.language.model.protocol import Failure, Message, ModelFailed
from expcopilot.records.answer import Answered
from expcopilot.records.digest import canonical

__all__ = ["Unusable", "loop_is_over", "read", "repair_turn"]

T = TypeVar("T", bound=BaseModel)

_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*)\n```\Z", re.DOTALL)
_MOST_REASONS = 12
_LONGEST_ECHO = 8000
_LONGEST_REASON = 300

_AGAIN = "Ask again for a fresh answer, or go on without the model: every step works without one."


class Unusable(Exception):  # noqa: N818 - an outcome
    """An answer that is not the record asked for.

    Attributes:
        kind: How it counts if it stays so.
        reason: What is wrong, addressed to the model.
        worth_repairing: Whether asking once more could help.
    """

    def __init__(self, kind: Failure, reason: str, *, worth_repairing: bool = True) -> None:
        super().__init__(reason)
        self.kind: Failure = kind
        self.reason = reason
        self.worth_repairing = worth_repairing

    def failure(self, role: str) -> ModelFailed:
        """The failure it ends in."""
        match self.kind:
            case "refused":
                return failed("refused", "refused", f"The model declined to answer as {role}.", _AGAIN)
            case "truncated":
                reason = f"The model's answer as {role} was longer than it may be, also at the second attempt."
                return failed("truncated", "too_long", reason, _AGAIN)
            case _:
                reason = f"The model's answer as {role} could not be used, also after one repair: {self.reason}"
                return failed("malformed", "unusable", reason, _AGAIN)


def read(answered: Answered, wanted: type[T]) -> T:
    """The answer as the record it must be.

    A fence of code around the JSON is taken off: servers that do not constrain answers let models write one.

    Raises:
        Unusable: It was declined, cut, empty, or is not what was asked for.
    """
    if answered.stop == "refusal":
        raise Unusable("refused", "It was declined.", worth_repairing=False)
    if answered.stop == "length":
        raise Unusable("truncated", "It was cut off at its greatest length.")
    if answered.stop == "tools":
        raise Unusable("malformed", "It asked for a tool where an answer was due.")
    text = answered.text.strip().removeprefix("\ufeff")
    if not text:
        raise Unusable("malformed", "It was empty.")
    if fence := _FENCE.match(text):
        text = fence[1]
    try:
        return wanted.model_validate_json(text)
    except ValidationError as error:
        raise Unusable("malformed", _reasons(error)) from None


def _reasons(error: ValidationError) -> str:
    found = [f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {e['msg']}" for e in error.errors(include_input=False)]
    more = f" (and {len(found) - _MOST_REASONS} more)" if len(found) > _MOST_REASONS else ""
    said = (one if len(one) <= _LONGEST_REASON else one[:_LONGEST_REASON] + "..." for one in found[:_MOST_REASONS])
    return "; ".join(said) + more


def repair_turn(said: Message, reason: str, schema: dict[str, Any]) -> tuple[Message, ...]:
    """The turns that ask for a better answer: what was said, where it is worth repeating, and what is wrong with it."""
    user = Message(
        speaker="user",
        text=f"That answer cannot be used as it is:\n{reason}\n\nGive the whole answer again, mended: one JSON value, "
        f"nothing before or after it, that fits this JSON schema:\n{canonical(schema)}",
    )
    # Tool calls may not stand without results, and neither nothing nor ten pages of it help the model.
    echoed = not said.tool_calls and said.text.strip() and len(said.text) <= _LONGEST_ECHO
    return (said, user) if echoed else (user,)


def loop_is_over(role: str, rounds: int) -> ModelFailed:
    """The failure when a model asks for tools without end."""
    return failed(
        "malformed",
        "no_end_of_tools",
        f"The model as {role} asked for tools {rounds} times and then again, where an answer was due.",
        "Ask something narrower, or use the slash commands: they need no model.",
    )

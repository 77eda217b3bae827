"""What a language model is, whoever serves it: a request in, an answer or a typed failure out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from expcopilot.records.answer import ToolCall, Usage
from expcopilot.records.digest import digest

__all__ = ["Answer", "Failure", "Message", "Model", "ModelFailed", "Request", "SystemPart", "ToolOffer"]

Failure = Literal["refused", "truncated", "unreachable", "over_budget", "malformed", "not_configured"]


class SystemPart(Frozen):
    """One part of the system prompt.

    Attributes:
        text: Its text.
        stable: The same for every request of a role, so that the provider may cache everything up to here.
    """

    text: str
    stable: bool = False


class Message(Frozen):
    """One turn.

    Attributes:
        speaker: "user" or "assistant".
        text: What was said; may be empty beside tool calls or results.
        context: What stands before the text and stays the same from question to question, so that the provider may
            cache everything up to its end; "" where there is none.
        tool_calls: Tools the assistant asked for.
        tool_results: Call id -> JSON text of its result.
        blocks: The assistant's turn exactly as its server gave it (``Answer.blocks``), or empty; where present it is
            sent back in place of ``text`` and ``tool_calls``.
    """

    speaker: Literal["user", "assistant"]
    text: str = ""
    context: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_results: dict[str, str] = {}
    blocks: tuple[dict[str, Any], ...] = ()


class ToolOffer(Frozen):
    """A tool the model may ask for."""

    name: str
    description: str
    schema_: dict[str, Any]


class Request(Frozen):
    """Everything that is sent.

    Attributes:
        role: Who is asked; never sent, for the books.
        system: Stable parts first.
        messages: The conversation so far; the last is the user's.
        tools: Tools on offer.
        answer_schema: JSON schema the answer must have, or None for free text.
        max_tokens: Upper bound of the answer's length, at most 21,000.
    """

    role: str
    system: tuple[SystemPart, ...]
    messages: tuple[Message, ...]
    tools: tuple[ToolOffer, ...] = ()
    answer_schema: dict[str, Any] | None = None
    max_tokens: int = 2000

    def digest(self, model: str) -> str:
        """What makes this request this request, for one model."""
        return digest({"model": model, **self.to_json()})


class Answer(Frozen):
    """What came back, whole.

    Attributes:
        text: Its words.
        tool_calls: Tools it asks for.
        stop: Why it ended.
        usage: Tokens, those of attempts that were cut included as far as the server told them.
        model: The model, as it names itself.
        blocks: The turn exactly as the server gave it, kept only where it holds more than words and tool calls (signed
            thinking): some models accept the next turn of a conversation only with it.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    stop: Literal["end", "tools", "length", "refusal"]
    usage: Usage
    model: str
    blocks: tuple[dict[str, Any], ...] = ()


class ModelFailed(Refused):
    """A request that brought no usable answer; ``kind`` says which way, the refusal says what to do.

    Attributes:
        kind: Which way it failed.
        usage: Tokens spent on it, as far as the server told them.
    """

    def __init__(self, kind: Failure, refusal: Refusal, usage: Usage | None = None) -> None:
        super().__init__(refusal)
        self.kind = kind
        self.usage = usage or Usage()


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """The model's name, as asked for."""
        ...

    def answer(self, request: Request, *, on_text: Callable[[str], None] | None = None) -> Answer:
        """Send a request and wait for the whole answer.

        Args:
            request: What to send.
            on_text: Called with pieces of the text as they arrive; the answer is complete only when this returns. An
                empty piece means that the stream was cut and begins anew: forget what came before.

        Raises:
            ModelFailed: "unreachable" after the client's own retries, "truncated" for a stream that was cut,
                "malformed" for an answer that is none.
        """
        ...

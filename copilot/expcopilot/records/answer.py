"""An answer of a model, kept the moment it arrives: what was asked, by which prompt, what came back, what it cost."""

from __future__ import annotations

from typing import Any, Literal

from copilot_tools.base import Frozen

__all__ = ["Answered", "ToolCall", "Usage"]


class Usage(Frozen):
    """Tokens of one call, as the provider counts them.

    Attributes:
        input_tokens: Read in full price.
        output_tokens: Written.
        cache_read_tokens: Read from the provider's cache.
        cache_write_tokens: Written to it.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
        )


class ToolCall(Frozen):
    """A tool a model asks for."""

    id: str
    name: str
    input: dict[str, object]


class Answered(Frozen):
    """One completed request and its answer.

    Attributes:
        request: Digest of everything that was sent: the same request is never sent twice.
        role: Who was asked: "sharpener", "narrator", ...
        prompt: Name and version of the prompt, such as "narrator/v1".
        prompt_digest: Digest of the prompt file's text and its shared part.
        model: The model that answered, as it names itself.
        text: The answer's text.
        tool_calls: Tools it asked for.
        stop: Why it ended.
        usage: Tokens.
        cost: Money in US dollars by the price table named in ``prices``; None where the model is not in it.
        prices: Date of the price table, or "".
        seconds: How long it took.
        blocks: The turn exactly as the server gave it, where it holds more than words and tool calls (signed thinking
            that the next turn of the conversation must give back unchanged).
    """

    request: str
    role: str
    prompt: str
    prompt_digest: str
    model: str
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    stop: Literal["end", "tools", "length", "refusal"]
    usage: Usage = Usage()
    cost: float | None = None
    prices: str = ""
    seconds: float = 0.0
    blocks: tuple[dict[str, Any], ...] = ()

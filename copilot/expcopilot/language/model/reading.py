"""What a Messages API server sent, as an ``Answer``: checked field by field, because any server may stand there."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ValidationError

from expcopilot.language.model.failures import not_an_answer
from expcopilot.language.model.protocol import Answer, Request
from expcopilot.records.answer import ToolCall, Usage
from expcopilot.records.digest import canonical

__all__ = ["longest_text", "read_answer", "read_usage"]

Stop = Literal["end", "tools", "length", "refusal"]

_STOPS: dict[object, Stop] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tools",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


def longest_text(request: Request) -> int:
    """Characters an answer may have at most: far more than its tokens can spell."""
    return 32 * request.max_tokens + 1000


def read_usage(message: Any) -> Usage:
    """Tokens as the server counts them; a count it does not give is 0."""
    usage = getattr(message, "usage", None)

    def count(name: str) -> int:
        value = getattr(usage, name, None)
        return value if isinstance(value, int) and value > 0 else 0

    return Usage(
        input_tokens=count("input_tokens"),
        output_tokens=count("output_tokens"),
        cache_read_tokens=count("cache_read_input_tokens"),
        cache_write_tokens=count("cache_creation_input_tokens"),
    )


def read_answer(message: Any, request: Request, *, server: str, model: str, before: Usage) -> Answer:
    """The answer in a message of the SDK's.

    Text longer than the request allows is cut and counts as truncated, so that it can be kept.

    Args:
        message: ``anthropic.types.Message``, unchecked.
        request: What was asked.
        server: How the server is named to a person.
        model: The model asked for.
        before: Tokens of attempts that were cut.

    Raises:
        ModelFailed: "malformed", naming what is wrong.
    """
    usage = read_usage(message) + before
    blocks = getattr(message, "content", None)
    if not isinstance(blocks, list):
        raise not_an_answer(server, "it has no content", usage)
    text = _clean("".join(_text(block) for block in blocks))
    calls = _calls(blocks, server, usage)
    stop = _STOPS.get(getattr(message, "stop_reason", None))
    if stop is None:
        raise not_an_answer(server, "it does not say why it ended", usage)
    if calls and stop == "end":
        stop = "tools"
    if stop == "tools" and not calls:
        raise not_an_answer(server, "it asks for tools but names none", usage)
    kept = _whole(blocks)
    longest = longest_text(request)
    if len(text) > longest or len(canonical([call.to_json() for call in calls])) > longest:
        text, calls, kept, stop = text[:longest], (), (), "length"
    name = getattr(message, "model", None)
    named = name if isinstance(name, str) and name else model
    return Answer(text=text, tool_calls=calls, stop=stop, usage=usage, model=named, blocks=kept)


def _text(block: Any) -> str:
    text = getattr(block, "text", None)
    return text if getattr(block, "type", None) == "text" and isinstance(text, str) else ""


def _calls(blocks: list[Any], server: str, usage: Usage) -> tuple[ToolCall, ...]:
    calls = []
    for block in blocks:
        if getattr(block, "type", None) != "tool_use":
            continue
        try:
            data = _clean({"id": block.id, "name": block.name, "input": block.input})
            canonical(data)  # NaN and the like cannot be kept in a ledger
            calls.append(ToolCall.model_validate(data))
        except (AttributeError, TypeError, ValueError, ValidationError) as error:
            raise not_an_answer(server, "it asks for a tool with arguments that are no JSON object", usage) from error
    ids = [call.id for call in calls]
    if "" in ids or len(set(ids)) < len(ids):
        raise not_an_answer(server, "it asks for several tools under one id", usage)
    return tuple(calls)


def _whole(blocks: list[Any]) -> tuple[dict[str, Any], ...]:
    """The turn as it came, where it holds more than words and tool calls: thinking goes back signed and unchanged."""
    if all(getattr(block, "type", None) in {"text", "tool_use"} for block in blocks):
        return ()
    kept = [block.to_dict() for block in blocks if _text(block) or getattr(block, "type", None) != "text"]
    for block in kept:
        for absent in [name for name, value in block.items() if value is None]:
            del block[absent]
    return tuple(_clean(kept))


def _clean(value: Any) -> Any:
    """Without unpaired surrogates: JSON may spell them, but no ledger can keep them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return value

"""A request as the Messages API wants it: system parts with their cache mark, turns, tools, the answer's schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from expcopilot.language.model.protocol import Message, Request, ToolOffer

__all__ = ["payload"]

Json = dict[str, Any]

MOST_TOKENS = 21_000
"""Above this the SDK refuses an answer that is not streamed (it would take longer than ten minutes)."""

_CACHE: Json = {"type": "ephemeral"}


def payload(request: Request, model: str, transform: Callable[[Json], Json], effort: str | None = None) -> Json:
    """The body to send.

    No ``thinking``, ``tool_choice`` or ``temperature``: current models reject one or the other.

    Args:
        request: What to send.
        model: The model's name.
        transform: Brings a JSON schema into the form the API accepts (``anthropic.transform_schema``).
        effort: How much the model should think, for models that know it; None to leave it to the model.

    Raises:
        ValueError: The request asks for more tokens than an answer may have, has no last turn of the user's, or its
            schema cannot be sent.
    """
    if not 1 <= request.max_tokens <= MOST_TOKENS:
        raise ValueError(f"max_tokens is {request.max_tokens}, but must be between 1 and {MOST_TOKENS}")
    if not request.messages or request.messages[-1].speaker != "user":
        raise ValueError("the last message must be the user's")
    body: Json = {"model": model, "max_tokens": request.max_tokens, "messages": _messages(request)}
    if system := _system(request):
        body["system"] = system
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    output: Json = {"effort": effort} if effort else {}
    if request.answer_schema is not None:
        output["format"] = {"type": "json_schema", "schema": transform(request.answer_schema)}
    if output:
        body["output_config"] = output
    return body


def _system(request: Request) -> list[Json]:
    """Everything up to a mark is cached, tools included: it stands on the last of the leading stable parts."""
    parts = [part for part in request.system if part.text.strip()]
    blocks: list[Json] = [{"type": "text", "text": part.text} for part in parts]
    stable = next((place for place, part in enumerate(parts) if not part.stable), len(parts))
    if stable:
        blocks[stable - 1]["cache_control"] = _CACHE
    return blocks


def _messages(request: Request) -> list[Json]:
    turns: list[Json] = [{"role": message.speaker, "content": _content(message)} for message in request.messages]
    opened = [turn for message, turn in zip(request.messages, turns, strict=True) if message.context.strip()]
    if opened:
        # A glossary, or the facts of a look, are the same for many questions. One mark: the API takes four in all.
        opened[-1]["content"][0]["cache_control"] = _CACHE
    if request.tools and turns[-1]["content"]:
        # In a loop of tools each request repeats the one before and adds a little: cache what is repeated.
        turns[-1]["content"][-1]["cache_control"] = _CACHE
    return turns


def _content(message: Message) -> list[Json]:
    if message.blocks:
        return [dict(block) for block in message.blocks]
    # Results come first in a turn, and the API takes no empty text.
    results: list[Json] = [
        {"type": "tool_result", "tool_use_id": call, "content": result} for call, result in message.tool_results.items()
    ]
    text: list[Json] = [{"type": "text", "text": said} for said in (message.context, message.text) if said.strip()]
    calls: list[Json] = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input} for call in message.tool_calls
    ]
    content = [*results, *text, *calls]
    if not content:
        raise ValueError(f"a turn of the {message.speaker} is empty")
    return content


def _tool(tool: ToolOffer) -> Json:
    # Not "strict": that closes every object and bounds how many tools and options there may be; each tool checks its
    # arguments itself, and says what is wrong with them.
    return {"name": tool.name, "description": tool.description, "input_schema": json.loads(json.dumps(tool.schema_))}

"""A model of any provider that Inspect knows, as a script of the loopback server: the product still speaks Messages.

The body of the Messages API becomes Inspect's messages, tools and response schema, and what the model said becomes a
turn. Where a provider cannot hold an answer to a schema, the product's own check and repair turn do, as ever.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    ModelUsage,
    ResponseSchema,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolInfo, ToolParams
from inspect_ai.util import JSONSchema

from copilot_tools.refusals import Refused
from loopback.replies import Said
from suite.schemas import inlined

__all__ = ["Through", "through"]

_STOPS = {"max_tokens": "max_tokens", "model_length": "max_tokens", "content_filter": "refusal"}
_PATIENCE = 600


class Through:
    """The model; call it with a request's body for the turn that answers it."""

    def __init__(self, model: Model, loop: asyncio.AbstractEventLoop) -> None:
        self._model, self._loop = model, loop
        self._said: dict[str, ChatMessageAssistant] = {}

    def __call__(self, body: dict[str, Any]) -> Said:
        """The model's turn.

        Raises:
            Exception: Whatever the provider's client raised; the server then closes the connection.
        """
        asked = self._model.generate(
            self._messages(body),
            tools=[_tool(tool) for tool in body.get("tools", ())],
            config=GenerateConfig(
                max_tokens=int(body["max_tokens"]), response_schema=_schema(body), max_retries=3, timeout=_PATIENCE
            ),
        )
        return self._turn(asyncio.run_coroutine_threadsafe(asked, self._loop).result())

    def _messages(self, body: Mapping[str, Any]) -> list[ChatMessage]:
        system = "\n\n".join(part["text"] for part in body.get("system", ()))
        found: list[ChatMessage] = [ChatMessageSystem(content=system)] if system else []
        for turn in body["messages"]:
            content = turn["content"]
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            found += self._assistant(blocks) if turn["role"] == "assistant" else _user(blocks)
        return found

    def _assistant(self, blocks: Sequence[Mapping[str, Any]]) -> list[ChatMessage]:
        calls = [block for block in blocks if block["type"] == "tool_use"]
        for call in calls:
            if whole := self._said.get(call["id"]):  # with its reasoning, which some providers want back unchanged
                return [whole]
        return [
            ChatMessageAssistant(
                content=_text(blocks),
                tool_calls=[ToolCall(id=c["id"], function=c["name"], arguments=c["input"]) for c in calls] or None,
            )
        ]

    def _turn(self, answered: ModelOutput) -> Said:
        if answered.error:
            raise RuntimeError(answered.error)
        calls = answered.message.tool_calls or []
        self._said |= {call.id: answered.message for call in calls}
        return Said(
            text=answered.completion,
            tools=tuple((call.id, call.function, call.arguments) for call in calls),
            stop=_STOPS.get(answered.stop_reason),
            usage=_usage(answered.usage),
        )


@contextmanager
def through(name: str) -> Iterator[Through]:
    """The model of that name ("openai/gpt-5"), ready to be asked from any thread while the block lasts.

    Raises:
        Refused: ``evals.no_model``: Inspect knows no such provider, or its package or key is missing.
    """
    try:
        model = get_model(name)
    except Exception as error:  # Inspect's own, of several kinds
        raise Refused.because(
            "evals.no_model",
            f"Inspect cannot open {name!r}: {' '.join(str(error).split())}",
            "Name it as provider/model; its package and its key are needed, as Inspect's documentation says.",
            name="through",
            value=name,
        ) from error
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Through(model, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _user(blocks: Sequence[Mapping[str, Any]]) -> list[ChatMessage]:
    results: list[ChatMessage] = [
        ChatMessageTool(content=_result(block["content"]), tool_call_id=block["tool_use_id"])
        for block in blocks
        if block["type"] == "tool_result"
    ]
    said = _text(blocks)
    return [*results, ChatMessageUser(content=said)] if said else results


def _text(blocks: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(block["text"] for block in blocks if block["type"] == "text")


def _result(content: Any) -> str:
    return content if isinstance(content, str) else _text(content)


def _tool(tool: Mapping[str, Any]) -> ToolInfo:
    parameters = ToolParams.model_validate(inlined(tool["input_schema"], _known))
    return ToolInfo(name=tool["name"], description=tool["description"], parameters=parameters)


def _schema(body: Mapping[str, Any]) -> ResponseSchema | None:
    form = body.get("output_config", {}).get("format")
    if form is None:
        return None
    return ResponseSchema(name="answer", json_schema=JSONSchema.model_validate(inlined(form["schema"], _known)))


def _known(words: dict[str, Any]) -> dict[str, Any]:
    """In the words Inspect knows: no ``const``, no ``oneOf``."""
    found = {{"oneOf": "anyOf"}.get(name, name): given for name, given in words.items()}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    return found


def _usage(taken: ModelUsage | None) -> dict[str, int] | None:
    if taken is None:
        return None
    return {
        "input_tokens": taken.input_tokens,
        "output_tokens": taken.output_tokens,
        "cache_read_input_tokens": taken.input_tokens_cache_read or 0,
        "cache_creation_input_tokens": taken.input_tokens_cache_write or 0,
    }

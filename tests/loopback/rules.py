"""What a real Messages API checks of a request, and how it counts its tokens and its cache."""

from __future__ import annotations

import json
from typing import Any

MOST_CACHE_MARKS = 4

_KEYS = {
    "rejected-key": (401, "authentication_error", "invalid key"),
    "unpaid-key": (402, "billing_error", "credit balance too low"),
    "narrow-key": (403, "permission_error", "not for this model"),
}


class Rejected(Exception):  # noqa: N818 - an outcome, not an error of the server
    """The request is not one the API takes."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


def check(body: dict[str, Any], headers: dict[str, str], thoughts: set[str], path: str) -> None:
    """Raise what the API would.

    Args:
        body: The request.
        headers: Its headers, names in lower case.
        thoughts: Signatures of thinking given out before.
        path: Where it was sent.
    """
    if path != "/v1/messages":
        raise Rejected(404, "not_found_error", f"no such path: {path}")
    _check_key(headers)
    if "anthropic-version" not in headers:
        _bad("anthropic-version: header is required")
    if str(body.get("model", "")).startswith("unknown"):
        raise Rejected(404, "not_found_error", f"model: {body['model']}")
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        _bad("max_tokens: required")
    unsupported = {"temperature", "top_p", "top_k", "tool_choice", "thinking"} & body.keys()
    if unsupported:
        _bad(f"{unsupported.pop()}: not supported for this model")
    if len(json.dumps(body)) > 32_000_000:
        raise Rejected(413, "request_too_large", "request too large")
    _check_format(body)
    _check_turns(body, thoughts)
    if json.dumps(body).count('"cache_control"') > MOST_CACHE_MARKS:
        _bad("a maximum of 4 blocks with cache_control may be provided")


def _check_key(headers: dict[str, str]) -> None:
    key = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key", "")
    if not key:
        raise Rejected(401, "authentication_error", "no credentials")
    if key in _KEYS:
        status, kind, message = _KEYS[key]
        raise Rejected(status, kind, f"{message}: {key}")


def _bad(message: str) -> None:
    raise Rejected(400, "invalid_request_error", message)


def _check_format(body: dict[str, Any]) -> None:
    form = body.get("output_config", {}).get("format")
    if form is None:
        return
    if form.get("type") != "json_schema":
        _bad("output_config.format.type: must be json_schema")

    def closed(node: Any) -> bool:
        if isinstance(node, list):
            return all(map(closed, node))
        if not isinstance(node, dict):
            return True
        open_object = node.get("type") == "object" and node.get("additionalProperties") is not False
        bounded = {"minimum", "maximum", "pattern", "maxItems", "minLength", "maxLength"} & node.keys()
        return not open_object and not (bounded and "type" in node) and all(map(closed, node.values()))

    if not closed(form["schema"]):
        _bad("output_config.format.schema: objects must set additionalProperties to false, and have no bounds")


def _check_turns(body: dict[str, Any], thoughts: set[str]) -> None:
    turns = body.get("messages") or _bad("messages: at least one message is required")
    if turns[-1]["role"] != "user":
        _bad("messages: this model does not support prefilling")
    asked: set[str] = set()
    for turn in turns:
        text = [{"type": "text", "text": turn["content"]}]
        asked = _check_turn(turn["content"] if isinstance(turn["content"], list) else text, asked, thoughts)
        if asked and not body.get("tools"):
            _bad("tools: required where messages contain tool_use")
    for part in body.get("system", []):
        if not part["text"].strip():
            _bad("system: text content blocks must contain non-whitespace text")


def _check_turn(blocks: list[dict[str, Any]], asked: set[str], thoughts: set[str]) -> set[str]:
    """Check one turn; return the ids of the tools it asks for, whose results must come next."""
    if not blocks:
        _bad("messages: content is empty")
    results = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
    if asked != results:
        _bad(f"messages: tool_use ids without tool_result blocks after them: {sorted(asked ^ results)}")
    if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
        _bad("messages: text content blocks must contain non-whitespace text")
    signed = [block["signature"] for block in blocks if block["type"] == "thinking"]
    if not thoughts.issuperset(signed):
        _bad("messages: thinking blocks cannot be modified")
    uses = {block["id"] for block in blocks if block["type"] == "tool_use"}
    if uses and thoughts and not signed:
        _bad("messages: a turn that uses tools must begin with its thinking")
    return uses


def tokens(value: Any) -> int:
    """Four characters a token."""
    return len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) // 4


def laid_out(body: dict[str, Any]) -> tuple[str, list[str]]:
    """The whole request as the model reads it (tools, system, messages), and what of it may be cached: up to a mark."""
    blocks = [*body.get("tools", []), *body.get("system", [])]
    blocks += [block for turn in body["messages"] for block in turn["content"]]
    found, before = [], str(body["model"])
    for block in blocks:
        before += "\n" + json.dumps({k: v for k, v in block.items() if k != "cache_control"}, sort_keys=True)
        if "cache_control" in block:
            found.append(before)
    return before, found

"""The facts a model was told, read off its requests as they were sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Told", "facts_told"]

Told = dict[str, dict[str, Any]]
"""Facts as the model was told them: id -> kind, text, metric, arm, part, planned."""


def facts_told(conversations: Iterable[Any]) -> Told:
    """Every fact that stands in what was sent, by id; the last word counts.

    Args:
        conversations: The messages of each request, as JSON data; what a system prompt tells of are examples.
    """
    found: Told = {}
    for text in (text for messages in conversations for text in _texts(messages)):
        for line in text.splitlines():
            if line.startswith('{"id": '):
                fact = json.loads(line)
                found[fact["id"]] = {
                    "kind": fact["kind"],
                    "text": fact["reads"],
                    "metric": fact.get("metric"),
                    "arm": fact.get("arm"),
                    "part": fact.get("part", ""),
                    "planned": fact.get("planned", True),
                }
    return found


def _texts(data: Any) -> Iterator[str]:
    """Every text in it, wherever it stands; of a tool's result, the facts in it."""
    if isinstance(data, str):
        yield _facts_in(data) if data.startswith('{"') and '"facts":' in data else data
    values = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    for value in values:
        yield from _texts(value)


def _facts_in(result: str) -> str:
    try:
        return str(json.loads(result).get("facts", ""))
    except ValueError:
        return result

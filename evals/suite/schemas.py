"""JSON schemas put into the words another reader of them knows; what a field is called is never taken for a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["inlined"]

Node = dict[str, Any]


def inlined(schema: Mapping[str, Any], worded: Callable[[Node], Node]) -> Node:
    """The schema with every ``#/$defs/...`` put in its place, so that it may stand inside another one.

    Args:
        schema: Of a request's tool or answer.
        worded: Given the words of the schema and of each one in it, those to keep; the keys of ``properties`` are
            names of fields and never come to it.
    """
    definitions = schema.get("$defs", {})

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [put(item) for item in node]
        if not isinstance(node, dict):
            return node
        if isinstance(named := node.get("$ref"), str):
            return put(definitions[named.removeprefix("#/$defs/")])
        words = {
            name: {field: put(of) for field, of in given.items()} if name == "properties" else put(given)
            for name, given in node.items()
            if name != "$defs"
        }
        return worded(words)

    found: Node = put(dict(schema))
    return found

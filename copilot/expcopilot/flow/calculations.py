"""A calculator's result as facts that say where they come from: a model chose what went in, so that stands beside it.

Only numbers pass. Words in a result could carry words of the model's own, or a phrase of the verdict table that no
verdict decided; a number names its calculation wherever it stands, and counts as unplanned.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from copilot_tools.base import Frozen
from copilot_tools.stats import formats
from copilot_tools.tool import Tool
from expcopilot.records.fact import Fact

__all__ = ["calculation_facts", "what_went_in"]

_FACTS_AT_MOST = 40


def calculation_facts(number: int, tool: Tool[Any, Any], result: Any) -> dict[str, Fact]:
    """The numbers of a result, by id ``tool.N.*``, with a name that has to stand beside them.

    Args:
        number: Of the calculation within its answer, from 1.
        tool: What was run.
        result: What came of it, as JSON data.
    """
    part = f"calculation {number}"
    name = Fact(id=f"tool.{number}.name", kind="name", text=f"{part} ({tool.name})", part=part, planned=False)
    found = {name.id: name}
    fields = _names(tool.result, "serialization")  # type: ignore[arg-type]  # mypy: no class it knows is hashable
    for path, value in list(_numbers(result, fields))[:_FACTS_AT_MOST]:
        label = " ".join(p.replace("_", " ") for p in path)
        id_ = ".".join(("tool", str(number), *(p.lower() for p in path)))
        text = f"{_said(value)} ({label} in {part})"
        found[id_] = Fact(id=id_, kind="level", text=text, value=float(value), part=part, planned=False, tool=tool.name)
    return found


def what_went_in(number: int, tool: Tool[Any, Any], given: Any) -> str:
    """One sentence for the reader: what was calculated, from which numbers."""
    fields = _names(tool.arguments, "validation")  # type: ignore[arg-type]  # as above
    inputs = "; ".join(
        f"{' '.join(p.replace('_', ' ') for p in path)} {_said(v)}" for path, v in _numbers(given, fields)
    )
    return f"Calculation {number} is {tool.name}, from figures given in this conversation: {inputs or 'none'}."


@cache
def _names(record: type[Frozen], mode: Literal["validation", "serialization"]) -> frozenset[str]:
    return _fields(record.model_json_schema(mode=mode))


def _fields(schema: object) -> frozenset[str]:
    """Every field name in a schema: whatever else stands as a key came from outside."""
    if isinstance(schema, list):
        return frozenset(name for item in schema for name in _fields(item))
    if not isinstance(schema, dict):
        return frozenset()
    own = schema.get("properties")
    names = frozenset(own) if isinstance(own, dict) else frozenset()
    return names | frozenset(name for item in schema.values() for name in _fields(item))


def _numbers(
    data: object, fields: frozenset[str], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key in fields:
                yield from _numbers(value, fields, (*path, key))
    elif isinstance(data, list | tuple):
        for place, value in enumerate(data, start=1):
            yield from _numbers(value, fields, (*path, str(place)))
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield path, data


def _said(value: float) -> str:
    if float(value).is_integer() and abs(value) < 1e15:
        return formats.count(int(value)) if value >= 0 else f"{formats.MINUS}{formats.count(-int(value))}"
    return f"{value:,.4g}".replace("-", formats.MINUS)

"""The catalogue's tools as MCP offers them: their own names, words, schemas and examples; nothing is opened by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copilot_tools.tool import Tool
from expcopilot.api.tools import tools
from expcopilot.surfaces.mcp.room import Place, Room
from expcopilot.surfaces.mcp.verbs import Answer, Offered, Verb, unquoted

__all__ = ["catalogue"]


class _Calculator(Offered):
    """A tool of the catalogue: it checks its own arguments, and needs nothing but them."""

    def _checked(self, given: Mapping[str, Any]) -> Any:
        return unquoted(given, self.parameters)


def catalogue(place: Place) -> tuple[Offered, ...]:
    """Every tool of the catalogue."""
    return tuple(_offered(tool, place) for tool in tools())


def _offered(tool: Tool[Any, Any], place: Place) -> Offered:
    def run(_: Room, given: Mapping[str, Any]) -> Answer:
        said = f"{tool.summary} Worked out from what was given: no data was opened, no look counted."
        return Answer(said, tool.run(given).to_json())

    verb = Verb(tool.name, tool.summary, tool.when, tool.arguments, run, tool.examples)
    return _Calculator.of(verb, place, result=tool.result.model_json_schema(mode="serialization"))

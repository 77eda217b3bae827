"""What a verb is: a tool of the catalogue's shape that works in a workspace; and how any tool becomes one of MCP's.

Arguments are checked by the catalogue's own rule, refusals come back as values, and a mistake of the program as one
plain sentence. The schemas are those of the records themselves.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool as McpTool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import PrivateAttr

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.tool import Tool
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.surfaces.mcp.answers import Ask, answered, refusal
from expcopilot.surfaces.mcp.room import Place, Room, client_name

__all__ = ["Answer", "Offered", "Verb", "input_schema", "output_schema", "paged", "unquoted"]

log = logging.getLogger(__name__)

_PAGE: dict[str, Any] = {
    "part": {
        "type": "string",
        "default": "",
        "description": "Only this part of the answer, as a dotted path: what `more` of an earlier answer named.",
    },
    "skip": {"type": "integer", "default": 0, "minimum": 0, "description": "Items of that part to leave out first."},
}


@dataclass(frozen=True)
class Answer:
    """What a verb says.

    Attributes:
        said: One sentence: what this is.
        result: JSON data.
        experiment: Whose looks are told with it; "" for none.
        rest: How what does not fit is asked for; None for the same call again.
    """

    said: str
    result: Any
    experiment: str = ""
    rest: Ask | None = None


@dataclass(frozen=True)
class Verb:
    """One verb.

    Attributes:
        name: Lower-case words joined by underscores.
        summary: What it does, in one line.
        when: When to use it.
        arguments: What it takes.
        run: The work, in a room.
        examples: Arguments as JSON data, for the schema.
        writes: Whether it adds to the record; then what does not fit is asked for elsewhere, never by doing it again.
    """

    name: str
    summary: str
    when: str
    arguments: type[Frozen]
    run: Callable[[Room, Any], Answer]
    examples: tuple[dict[str, Any], ...] = field(default=({},))
    writes: bool = False

    @property
    def tool(self) -> Tool[Any, Any]:
        """Its words and arguments in the catalogue's shape; it is run in a room, not by this."""
        return Tool(self.name, self.summary, self.when, self.arguments, Frozen, _in_a_room, self.examples)


def _in_a_room(_: Any) -> Any:
    raise AssertionError("a verb is run in a room")


def paged(given: Mapping[str, Any]) -> tuple[dict[str, Any], str, int]:
    """The arguments without those that choose a part of the answer, and these.

    Raises:
        Refused: They are no path and no count.
    """
    rest = {k: v for k, v in given.items() if k not in _PAGE}
    part, skip = given.get("part", ""), given.get("skip", 0)
    if not isinstance(part, str) or isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
        raise Refused.because(
            "input.wrong_type",
            "part must be a dotted path as text, and skip a whole number of at least 0.",
            "Copy them from `more` of the earlier answer.",
            name="part",
        )
    return rest, part, skip


def input_schema(tool: Tool[Any, Any], *, pages: bool) -> dict[str, Any]:
    """The schema of a tool's arguments, with its examples; with those that choose a part of a long answer."""
    schema: dict[str, Any] = _bare(tool.arguments.model_json_schema())
    schema["examples"] = list(tool.examples)
    if pages:
        schema["properties"] = {**schema.get("properties", {}), **_PAGE}
    return schema


def output_schema(result: dict[str, Any] | None) -> dict[str, Any]:
    """The schema of an answer: its result whole, or a part of it and what was left out.

    Args:
        result: The schema of the result; None where it is free.
    """
    inner = _bare(dict(result or {}))
    definitions = inner.pop("$defs", {})
    listed = {"type": "array", "items": {"type": "object"}}
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["tool"],
        "properties": {
            "tool": {"type": "string"},
            "said": {"type": "string", "description": "What this is, in one sentence."},
            "looks": {"description": "Looks taken at the experiment so far, or why none was counted."},
            "result": inner,
            "part": {"description": "What fitted, or the part asked for, in place of result."},
            "of": {"type": "string", "description": "Which part; empty for the whole, cut."},
            "more": {**listed, "description": "What was left out, and how to ask for it."},
            "refused": {**listed, "description": "Why it cannot be done: code, reason, cure."},
        },
    }
    return {**schema, "$defs": definitions} if definitions else schema


def _bare(schema: Any) -> Any:
    """A schema without the titles that repeat its names."""
    if isinstance(schema, dict):
        return {
            k: {n: _bare(s) for n, s in v.items()} if k in {"properties", "$defs"} else _bare(v)
            for k, v in schema.items()
            if k != "title"
        }
    return [_bare(s) for s in schema] if isinstance(schema, list) else schema


class Offered(McpTool):
    """A verb as MCP offers it. The catalogue's tools and the gates are kinds of it."""

    _verb: Verb = PrivateAttr()
    _place: Place = PrivateAttr()

    @classmethod
    def of(cls, verb: Verb, place: Place, *, result: dict[str, Any] | None = None) -> Offered:
        """Offer a verb in a workspace.

        Args:
            verb: The verb.
            place: Where it works.
            result: The schema of its result, where that is fixed.
        """
        offered = cls(
            fn=_in_a_room,
            name=verb.name,
            title=verb.summary.rstrip("."),
            description=f"{verb.summary} When: {verb.when}",
            parameters=input_schema(verb.tool, pages=not verb.writes),
            fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=output_schema(result)),
            is_async=True,
            annotations=ToolAnnotations(
                read_only_hint=not verb.writes, destructive_hint=False, idempotent_hint=False, open_world_hint=False
            ),
        )
        offered._verb = verb
        offered._place = place
        return offered

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult:
        """Run it; refusals are values, and nothing is raised but what the protocol itself needs."""
        del convert_result  # what comes back is the wire's own shape already
        client = client_name(context)
        return await anyio.to_thread.run_sync(self._answered, arguments, client)

    def _answered(self, arguments: dict[str, Any], client: str) -> CallToolResult:
        try:
            with self._place.opened(client) as room:
                return self._in(room, arguments)
        except Refused as refused:
            return refusal(self.name, refused)
        except Exception as error:  # noqa: BLE001 - every mistake becomes one plain sentence
            return self._mistake(error)

    def _in(self, room: Room, arguments: dict[str, Any]) -> CallToolResult:
        named = ""
        try:
            given, part, skip = (arguments, "", 0) if self._verb.writes else paged(arguments)
            wanted = self._checked(given)
            named = str(getattr(wanted, "experiment", "") or "")
            answer = self._verb.run(room, wanted)
        except Refused as refused:
            return refusal(self.name, self._plain(refused), room.looks(named) if named else None)
        return self._fitted(room, answer, part, skip)

    def _checked(self, given: Mapping[str, Any]) -> Any:
        """The arguments as a record.

        Raises:
            Refused: They do not fit; every problem together.
        """
        return self._verb.tool.validated(unquoted(given, self.parameters))

    def _fitted(self, room: Room, answer: Answer, part: str, skip: int) -> CallToolResult:
        head: dict[str, Any] = {"tool": self.name, "said": answer.said}
        if answer.experiment:
            head["looks"] = room.looks(answer.experiment)
        try:
            return answered(head, answer.result, answer.rest or Ask(self.name), part=part, skip=skip)
        except Refused as refused:
            return refusal(self.name, refused, head.get("looks"))

    @staticmethod
    def _plain(refused: Refused) -> Refused:
        """A model that failed is a refusal like any other."""
        return Refused(*refused.refusals) if isinstance(refused, ModelFailed) else refused

    def _mistake(self, error: Exception) -> CallToolResult:
        log.error("Tool %s failed", self.name, exc_info=error)
        said = Refusal(
            code="program.mistake",
            reason=f"This is a mistake in Experiment Copilot, not yours ({type(error).__name__}).",
            cure="Do something else, and report it; the server's log says where.",
        )
        return refusal(self.name, Refused(said))


def unquoted(given: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with lists and objects that a host has sent as JSON text read as what they are.

    Example:
        >>> unquoted({"units": "[1, 2]", "name": "[x]"}, {"properties": {"units": {"type": "array"}}})
        {'units': [1, 2], 'name': '[x]'}
    """
    properties = schema.get("properties", {})
    return {k: _read(v) if _structured(properties.get(k, {"type": "string"})) else v for k, v in given.items()}


def _structured(schema: Mapping[str, Any]) -> bool:
    if schema.get("type") in {"array", "object"} or "$ref" in schema:
        return True
    options = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    return bool(options) and all(_structured(o) or o.get("type") == "null" for o in options)


def _read(value: Any) -> Any:
    if not isinstance(value, str) or value.lstrip()[:1] not in {"[", "{"}:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value

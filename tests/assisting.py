"""An assistant at the copilot: a real MCP client on a thread of its own, a workspace, and every call once."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult, Implementation

from chatting import plan_text
from copilot_tools.tool import Tool
from expcopilot import Copilot
from expcopilot.api.tools import tools
from tests_plan import FINISHED

__all__ = ["APPROVE", "CALLS", "COMMAND", "Assistant", "Call", "calculator_calls", "lab", "size", "stdio"]

COMMAND = str(Path(sys.executable).with_name("expcopilot"))

APPROVE = {"decision": "approve", "reason": "Read and meant so"}

Call = tuple[str, dict[str, Any], dict[str, Any], str]
"""A tool, arguments that are right, arguments that are not, and the code of the refusal."""

_SURVEY = "---\nowner: Ada\nkind: survey\nexpires: 2099-01-01\n---\nNine in ten subscribers plant in April.\n"
_IDEA = {"experiment": "short-form", "idea": "A shorter form in the checkout should bring more orders"}
_BRIEF = {"brief": "spring", "channel": "email", "change": "The subject names the season", "audience": "Subscribers",
          "because": "Readers plan by season"}  # fmt: skip
_WRITTEN = {"id": "v1", "mechanism": "recognition", "fields": {
    "subject": "Is your garden ready for spring?",
    "preheader": "The best list of the season.",
    "body": "Nine in ten subscribers plant in April. Here is what to plant first.",
}}  # fmt: skip
_V1 = {"brief": "spring", "variant": "v1"}
_OF = {"experiment": "checkout"}
_NO = {"experiment": "chekout"}
_UNKNOWN = "experiment.unknown"
_PLAN_FILE = {"file": "plans/checkout.yaml"}
_ANSWERS = {"change": "The form has three fields instead of nine", "audience": "Everybody who reaches the checkout",
            "because": "Interviews say that the long form scares people away", "metric": "orders",
            "matters": {"size": 0.1, "scale": "relative"}, "baseline": 0.05, "traffic_per_week": 20000,
            "start": "2100-01-04"}  # fmt: skip

CALLS: tuple[Call, ...] = (
    ("experiments", {}, {"stage": "read"}, "input.unknown_key"),
    ("sharpen", _IDEA, {"experiment": "short-form", "idea": ""}, "input.wrong_form"),
    ("propose_hypothesis", _IDEA, {"experiment": "short-form"}, "input.missing"),
    ("new_plan", {"name": "short-form", **_ANSWERS}, {"name": "Not A Name", **_ANSWERS}, "input.wrong_form"),
    ("check_plan", _PLAN_FILE, {"plan": "x: [", "file": ""}, "plan.not_yaml"),
    ("register_plan", _PLAN_FILE, {"plan": "a: b", **_PLAN_FILE}, "input.inconsistent"),
    ("amend_plan", {"plan": plan_text("running", 30_000), "reason": "Traffic is more than we thought"},
     {"plan": plan_text("running", 30_000), "reason": "Once more"}, "plan.unchanged"),
    ("analyze", {**_OF, "counts": ["control=10000:520", "one-page=10100:640"]}, {**_OF, "counts": ["control=1"]},
     "counts.value_missing"),
    ("status", _OF, _NO, _UNKNOWN),
    ("show_plan", _OF, _NO, _UNKNOWN),
    ("facts", {**_OF, "about": "primary"}, {**_OF, "look": 7}, "readout.unknown_look"),
    ("readout", _OF, {**_OF, "look": 0}, "input.out_of_range"),
    ("why", _OF, {"experiment": "short-form"}, "readout.no_look"),
    ("case_for_null", _OF, _NO, _UNKNOWN),
    ("answer_question", {**_OF, "question": "Did it win?"}, {**_OF, "question": ""}, "input.wrong_form"),
    ("check_draft", {**_OF, "draft": "The verdict is {verdict.phrase}. It clearly won."}, {**_OF, "draft": ""},
     "input.wrong_form"),
    ("learnings", {"idea": "One page instead of three pages in the checkout"}, {"idea": 7}, "input.wrong_type"),
    ("log", _OF, _NO, _UNKNOWN),
    ("verify", {}, {"experiment": "checkout"}, "input.unknown_key"),
    ("write_readout", _OF, {"experiment": "short-form"}, "readout.no_look"),
    ("quick_look", {"counts": ["control=10000:520", "b=10100:581"]}, {}, "data.one_source"),
    ("close_experiment", _OF, {"experiment": "running", "early": True}, "close.no_reason"),
    ("pending_approval", _OF, _NO, _UNKNOWN),
    ("bring_variants", {**_BRIEF, "variants": [_WRITTEN]},
     {**_BRIEF, "variants": [{**_WRITTEN, "fields": {"headline": "Spring"}}]}, "copy.fields"),
    ("copy_status", {"brief": "spring"}, {"brief": "sping"}, "experiment.unknown_brief"),
    ("sources", {}, {"all": True}, "input.unknown_key"),
    ("source_claim", {**_V1, "mark": "C1", "source": "survey", "quotation": "Nine in ten subscribers plant in April."},
     {**_V1, "mark": "C1", "source": "survey", "quotation": "All subscribers plant in April."},
     "copy.not_sourced"),
    ("waive_mark", {**_V1, "mark": "S1"}, {**_V1, "mark": "C9"}, "copy.no_mark"),
    ("approve_variant", _V1, {**_V1, "variant": "v9"}, "copy.no_variant"),
    ("export_copy", {"brief": "spring"}, {"brief": "spring", "form": "pdf"}, "input.not_a_choice"),
)  # fmt: skip
"""Every verb and gate once, in an order in which each is possible."""


def calculator_calls() -> list[tuple[Tool[Any, Any], dict[str, Any]]]:
    """Every tool of the catalogue with each of its own examples."""
    return [(tool, example) for tool in tools() for example in tool.examples]


def lab(folder: Path) -> Path:
    """A workspace of Ada's: a finished plan to register, one that runs and is blinded, its data, and a source."""
    copilot = Copilot.init(folder, person="Ada", email="ada@example.com")
    (folder / "plans" / "checkout.yaml").write_text(FINISHED, encoding="utf-8")
    running = folder / "plans" / "running.yaml"
    running.write_text(plan_text("running"), encoding="utf-8")
    from expcopilot import load_plan  # noqa: PLC0415 - the workspace comes first

    copilot.register(load_plan(running))
    rows = [f"u{n},{'control' if n % 2 else 'one-page'},{int(n % 5 == 0 or n % 7 == 2)}" for n in range(400)]
    (folder / "running.csv").write_text("\n".join(["user,arm,orders", *rows, ""]), encoding="utf-8")
    (folder / "sources" / "survey.md").write_text(_SURVEY, encoding="utf-8")
    copilot.workspace.close()
    return folder


def size(result: CallToolResult) -> int:
    """Bytes of an answer: its text, and its structured content as compact JSON, in UTF-8."""
    texts = sum(len(content.text.encode()) for content in result.content if content.type == "text")
    structured = json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":"))
    return texts + len(structured.encode())


def stdio(folder: Path, *options: str) -> StdioServerParameters:
    """The real command, over standard streams."""
    return StdioServerParameters(command=COMMAND, args=["-C", str(folder), "mcp", *options])


class Assistant:
    """A client session that stays open for many calls; forms are filled in by ``person``.

    Args:
        server: As ``mcp.Client`` takes it; or what makes one, on the session's own loop.
        person: Fills in a form; None for a client that cannot ask anybody.
        mode: The protocol: "auto" is the newest, "legacy" the handshake of old.
        name: What the client calls itself.
    """

    def __init__(
        self,
        server: Any,
        person: Callable[[ElicitRequestFormParams], ElicitResult] | None = None,
        *,
        mode: str = "auto",
        name: str = "Test Desktop",
    ) -> None:
        self.person = person
        self.asked: list[ElicitRequestFormParams] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server, self._mode, self._name = server, mode, name

    def __enter__(self) -> Self:
        self._thread.start()
        self._over = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(120)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)
        asyncio.run_coroutine_threadsafe(self._closed(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    async def _open(self) -> asyncio.Task[None]:
        self._leave, ready = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def session() -> None:
            try:
                server = self._server() if callable(self._server) else self._server
                async with Client(
                    server,
                    elicitation_callback=None if self.person is None else self._elicited,
                    client_info=Implementation(name=self._name, version="1"),
                    mode=self._mode,
                    cache=None,
                ) as self.client:
                    ready.set_result(None)
                    await self._leave.wait()
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                    return
                raise

        task = asyncio.create_task(session())
        await ready
        return task

    async def _closed(self) -> None:
        await self._over

    async def _elicited(self, _context: Any, params: ElicitRequestFormParams) -> ElicitResult:
        self.asked.append(params)
        assert self.person is not None
        return self.person(params)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something on the session's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        """Call a tool; the SDK checks the answer against the tool's output schema."""
        found: CallToolResult = self.do(self.client.call_tool(tool, arguments))
        return found

    def told(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must not refuse; what it says."""
        found = self.call(tool, **arguments)
        assert not found.is_error, found.content
        assert found.structured_content is not None
        return found.structured_content

    def refused(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """Call a tool that must refuse; the typed refusals."""
        found = self.call(tool, **arguments)
        assert found.is_error, found.content
        assert found.structured_content is not None
        return found.structured_content["refused"]

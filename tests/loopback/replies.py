"""What the loopback server says, and the faults it can commit while saying it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Fault = Literal[
    "rate_limited",  # 429 with retry-after
    "overloaded",  # 529
    "server_error",  # 500
    "silent",  # says nothing for longer than the client waits
    "dropped",  # hangs up without an answer
    "cut",  # hangs up in the middle of one
    "cut_cleanly",  # ends the stream in the middle of one, as if nothing were missing
    "failed_midway",  # an error event in the middle of a stream
    "truncated",  # stop_reason max_tokens
    "refusal",  # stop_reason refusal
    "not_json",  # words where JSON is due
    "wrong_schema",  # JSON of another shape
    "empty",  # no text at all
    "huge",  # 10 MB of text
    "html",  # a proxy's page, status 200
    "endless",  # signs of life for ever, and no answer
]
FAULTS: tuple[Fault, ...] = tuple(fault for fault in get_args(Fault) if fault != "endless")
"""What may be drawn at random; an endless answer costs a test the client's whole patience."""

NEVER_COMPLETED: frozenset[Fault] = frozenset(
    {"rate_limited", "overloaded", "server_error", "silent", "dropped", "cut", "cut_cleanly", "failed_midway", "html"}
    | {"endless"}
)
"""After these the client has no answer of the Messages API in hand."""


@dataclass(frozen=True)
class Said:
    """One turn of the model."""

    text: str = ""
    tools: tuple[tuple[str, str, dict[str, Any]], ...] = ()  # (id, name, input)
    stop: str | None = None
    thinking: str | None = None  # the signature of a block of thinking that comes first
    usage: dict[str, int] | None = None  # what it took, where the script knows; counted by the server else
    pause: float = 0.0  # seconds before each piece of a streamed text, as a model that thinks while it writes
    size: int = 0  # characters of such a piece; a twentieth of the text by default
    told: Callable[[str], None] | None = None  # called with each piece once it is on its way

    def content(self) -> list[dict[str, Any]]:
        thought = [{"type": "thinking", "thinking": "", "signature": self.thinking}] if self.thinking else []
        words = [{"type": "text", "text": self.text}] if self.text else []
        calls = [{"type": "tool_use", "id": i, "name": n, "input": given} for i, n, given in self.tools]
        return [*thought, *words, *calls]

    def stop_reason(self) -> str:
        return self.stop or ("tool_use" if self.tools else "end_turn")

    def with_fault(self, fault: Fault) -> Said:
        """The turn as it looks under a fault of the model's (not of the wire)."""
        changed = {
            "truncated": Said(text=self.text[: len(self.text) // 2], stop="max_tokens"),
            "refusal": Said(text="I would rather not.", stop="refusal"),
            "not_json": Said(text="Sure! Here is what you asked for:"),
            "wrong_schema": Said(text=json.dumps({"verdict": "it won", "lift": 99})),
            "empty": Said(text=""),
            "huge": Said(text="x" * 10_000_000 if fault == "huge" else ""),
        }
        return changed.get(fault, self)


Script = Callable[[dict[str, Any]], Said]
"""From a request's body to the turn that answers it."""


@dataclass
class Faults:
    """Which request meets which fault; ``None`` is a request that goes well.

    Args:
        planned: Faults of the first requests, in order.
        seed: Draws further ones.
        rate: Share of further requests that meet one.
        among: Which are drawn.
    """

    planned: Sequence[Fault | None] = ()
    seed: int = 0
    rate: float = 0.0
    among: Sequence[Fault] = FAULTS
    committed: list[Fault | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - drawn again from its seed, not a secret

    def next(self) -> Fault | None:
        place = len(self.committed)
        if place < len(self.planned):
            fault = self.planned[place]
        else:
            fault = self._random.choice(list(self.among)) if self._random.random() < self.rate else None
        self.committed.append(fault)
        return fault

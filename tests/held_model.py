"""A model that holds its breath: a guide on the wire that stops after a sentence until the test lets it go on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loopback.replies import Said
from speaking import on_the_wire
from webbing import Visitor

__all__ = ["SENTENCES", "Held", "events"]

SENTENCES = (
    "The verdict is {verdict.phrase}.",
    "On {primary.metric}, the estimate for {arm.b} is {primary.b.effect}.",
    "The difference could be noise.",
)


class Held:
    """The script of a loopback server; the guide says ``SENTENCES`` and waits after the first until it is let go.

    Attributes:
        reached: Set when the first sentence is out, or another role was asked.
        go_on: Set by the test.
        first: Says something else where it says something.
    """

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.first: Callable[[dict], Said | None] = lambda _: None
        self._honest = on_the_wire(self.guide)

    def again(self, first: Callable[[dict], Said | None] = lambda _: None) -> None:
        """For the next test: hold again, and say something else first where ``first`` does."""
        self.go_on.set()  # whoever still waits
        self.reached, self.go_on, self.first = threading.Event(), threading.Event(), first

    def script(self, body: dict) -> Said:
        """Answer as an honest model; every other role than the guide is held before it says a word."""
        if "Your role: the guide" not in " ".join(part["text"] for part in body["system"]):
            self.reached.set()
            self.go_on.wait(60)
        return self._honest(body)

    def guide(self, body: dict) -> Said:
        """What ``first`` says where it says something, else the sentences, held after the first."""
        said: list[str] = []
        reached, go_on = self.reached, self.go_on

        def told(piece: str) -> None:
            said.append(piece)
            if SENTENCES[0] + '"' in "".join(said) and not reached.is_set():
                reached.set()
                go_on.wait(60)

        text = json.dumps({"statements": SENTENCES})
        return self.first(body) or Said(text=text, size=4, told=told)


@contextmanager
def events(visitor: Visitor, path: str, *, had: str = "") -> Iterator[Iterator[tuple[str, str, str]]]:
    """The server-sent events at a path as (id, event, data), read as they come."""
    headers = {"last-event-id": had} if had else {}
    with visitor.client.stream("GET", path, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _read(answer.iter_lines())


def _read(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and event:
            yield event.get("id", ""), event.get("event", ""), event.get("data", "")
            event = {}
        elif name in {"id", "event", "data"}:
            event[name] = event[name] + "\n" + value if name == "data" and "data" in event else value

"""A Messages API on the loopback interface: real HTTP, JSON and SSE, scripted answers, faults on demand.

with Loopback(lambda body: Said(text="{}")) as server:
    model = MessagesApi("claude-test", base_url=server.url)
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from loopback.batches import BatchDesk, CallFault
from loopback.replies import NEVER_COMPLETED, Fault, Faults, Said, Script
from loopback.rules import Rejected, check, laid_out, tokens


class Loopback:
    """The server; stops when the ``with`` block ends.

    Args:
        script: Answers each request.
        faults: What goes wrong; nothing by default.
        silence: Seconds a silent server keeps silent; give the client less patience.
        cache_minimum: Tokens below which a prefix is not cached.
        lean: Keep no body and no header, only digests: for many thousands of requests.

    Attributes:
        batches: The endpoints of Message Batches.
        answers: Digest of a body -> how often it was answered to the end.
        arrivals: Digest of a body -> how often it came once more after a usable answer to it had gone out.
        requests: Every body received, in order.
        headers: Every request's headers, names in lower case.
        completed: Bodies answered to the end, as canonical JSON without the streaming flag.
        usable: Those of them whose answer was the script's own, spoilt by no fault.
    """

    def __init__(
        self,
        script: Script,
        *,
        faults: Faults | None = None,
        silence: float = 1.0,
        cache_minimum: int = 512,
        lean: bool = False,
    ) -> None:
        self.lean = lean
        self.answers: Counter[str] = Counter()
        self.usable_digests: set[str] = set()
        self.arrivals: Counter[str] = Counter()
        self.batches = BatchDesk(script, self.counted)
        self.script = script
        self.faults = faults or Faults()
        self.silence = silence
        self.cache_minimum = cache_minimum
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.completed: list[str] = []
        self.usable: list[str] = []
        self.usage: list[dict[str, int]] = []
        self.thoughts: set[str] = set()
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self._cached: set[str] = set()
        self._again: set[str] = set()
        self._http = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"loopback": self}))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def received(self) -> str:
        """Everything any request held, as one text: where a canary must not be found."""
        return json.dumps(self.requests, ensure_ascii=False)

    def sent_twice(self) -> list[str]:
        """Bodies that were sent again after they had been answered to the end."""
        return sorted({body for body in self.completed if self.completed.count(body) > 1})

    def asked_again(self) -> list[str]:
        """Bodies received once more after a usable answer to them had gone out, whatever came of it then."""
        return sorted(self._again | {body for body in self.usable if self.usable.count(body) > 1})

    def counted(self, body: dict[str, Any], said: Said) -> dict[str, int]:
        """Usage as the API counts it: what is cached is read or written there, the rest is read in full price."""
        whole, marked = laid_out(body)
        longest = [prefix for prefix in marked if tokens(prefix) >= self.cache_minimum]
        with self.lock:
            read = max((tokens(prefix) for prefix in longest if prefix in self._cached), default=0)
            written = max((tokens(prefix) for prefix in longest), default=0) - read
            self._cached.update(longest)
        return self._noted(
            {
                "input_tokens": tokens(whole) - read - written,
                "cache_read_input_tokens": read,
                "cache_creation_input_tokens": written,
                "output_tokens": min(tokens(json.dumps(said.content())) + 1, body["max_tokens"]),
            }
        )

    def _noted(self, usage: dict[str, int]) -> dict[str, int]:
        with self.lock:
            self.usage.append(usage)
        return usage


_BATCHES = "/v1/messages/batches"


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # many clients come at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, as one with a timeout does, is no error of the server's."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def log_message(self, *_: Any) -> None:
        """Say nothing on standard error."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"] or 0)) or b"{}")
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = self.loopback
        if self.path.startswith(_BATCHES):
            with suppress(BrokenPipeError, ConnectionResetError):
                self._batch(body, headers)
            return
        with server.lock:
            bare = _bare(body)
            if server.lean:
                server.arrivals[_digest(bare)] += _digest(bare) in server.usable_digests
            else:
                server.requests.append(body)
                server.headers.append(headers)
                if bare in server.usable:
                    server._again.add(bare)
            fault = server.faults.next()
        try:
            check(body, headers, server.thoughts, self.path)
        except Rejected as rejected:
            self._error(rejected.status, rejected.kind, rejected.message)
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            self._answer(body, fault)

    def do_GET(self) -> None:
        """Batches, one or many, and their results."""
        desk, url = self.loopback.batches, urlsplit(self.path)
        name, _, what = url.path.removeprefix(_BATCHES).strip("/").partition("/")
        with suppress(BrokenPipeError, ConnectionResetError):
            if not name:
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                self._data(desk.page(int(query.get("limit", 20)), query.get("after_id", "")))
            elif (seen := desk.view(name)) is None:
                self._error(404, "not_found_error", f"no batch {name}")
            elif what != "results":
                self._data(seen)
            elif seen["results_url"] is None:
                self._error(404, "not_found_error", "not ended")
            else:
                self._results(*desk.results(name))

    def _results(self, lines: list[str], cut: bool) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()
        self._head(200, "application/binary", {"content-length": str(len(data))})
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self._hang_up()

    def _batch(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        desk = self.loopback.batches
        name, _, what = self.path.removeprefix(_BATCHES).strip("/").partition("/")
        if name:
            seen = desk.cancel(name) if what == "cancel" else None
            return self._data(seen) if seen else self._error(404, "not_found_error", f"no batch {name}")
        try:
            for request in body.get("requests", []):
                check(request["params"], headers, self.loopback.thoughts, "/v1/messages")
        except Rejected as rejected:
            return self._error(rejected.status, rejected.kind, rejected.message)
        if problem := desk.problem(body):
            return self._error(400, "invalid_request_error", problem)
        fault = desk.fault()
        seen = None if fault in {"rate_limited", "overloaded", "server_error", "dropped"} else desk.make(body)
        self.loopback.stopping.wait(desk.hold)
        return self._made(seen, fault)

    def _made(self, seen: dict[str, Any] | None, fault: CallFault | None) -> None:
        """Tell of a batch that was made, or not."""
        if fault == "rate_limited":
            self._error(429, "rate_limit_error", "slow down", {"retry-after": "0.01"})
        elif fault == "overloaded":
            self._error(529, "overloaded_error", "overloaded")
        elif fault in {"server_error", "made_and_failed"}:
            self._error(500, "api_error", "internal")
        elif seen is None or fault == "made_and_dropped":
            self._hang_up()
        else:
            self._data(seen)

    def _data(self, data: dict[str, Any]) -> None:
        self._send(200, json.dumps(data).encode(), "application/json")

    def _answer(self, body: dict[str, Any], fault: Fault | None) -> None:
        match fault:
            case "rate_limited":
                self._error(429, "rate_limit_error", "slow down", {"retry-after": "0.01"})
            case "overloaded":
                self._error(529, "overloaded_error", "overloaded", {"retry-after-ms": "5"})
            case "server_error":
                self._error(500, "api_error", "internal", {"retry-after-ms": "5"})
            case "silent":
                self.loopback.stopping.wait(self.loopback.silence)
                self._hang_up()
            case "dropped":
                self._hang_up()
            case "endless":
                self._endless()
            case "html":
                self._send(200, b"<html><body>Sign in to the network</body></html>", "text/html")
            case _:
                self._say(body, fault)

    def _say(self, body: dict[str, Any], fault: Fault | None) -> None:
        said = self.loopback.script(body)
        said = said.with_fault(fault) if fault else said
        if said.thinking:
            self.loopback.thoughts.add(said.thinking)
        usage = said.usage or self.loopback.counted(body, said)
        (self._stream if body.get("stream") else self._json)(body, said, usage, fault)

    def _json(self, body: dict[str, Any], said: Said, usage: dict[str, int], fault: Fault | None) -> None:
        if fault == "failed_midway":
            return self._error(529, "overloaded_error", "overloaded", {"retry-after-ms": "5"})
        message = {**_message(body, usage), "content": said.content(), "stop_reason": said.stop_reason()}
        data = json.dumps(message).encode()
        if fault in {"cut", "cut_cleanly"}:
            self._head(200, "application/json", {"content-length": str(len(data))})
            self.wfile.write(data[: len(data) // 2])
            return self._hang_up()
        self._send(200, data, "application/json")
        return self._complete(body, fault)

    def _stream(self, body: dict[str, Any], said: Said, usage: dict[str, int], fault: Fault | None) -> None:
        self._head(200, "text/event-stream", {"connection": "close", "cache-control": "no-cache"})
        self.close_connection = True
        events = list(_events(body, said, usage))
        broken = fault in {"cut", "cut_cleanly", "failed_midway"}
        for event in events[: len(events) // 2] if broken else events:
            piece = event.get("delta", {}).get("text", "")
            if piece and said.pause:
                self.wfile.flush()
                self.loopback.stopping.wait(said.pause)
            self._event(event)
            if piece and said.told is not None:
                said.told(piece)
        if fault == "failed_midway":
            self._event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
        if fault == "cut":
            self.wfile.write(b'event: content_block_delta\ndata: {"type": "content_bl')
        self.wfile.flush()
        if not broken:
            self._complete(body, fault)

    def _endless(self) -> None:
        """Never silent, never done."""
        self._head(200, "text/event-stream", {"connection": "close"})
        self.close_connection = True
        while not self.loopback.stopping.wait(0.02):
            self.wfile.write(b'event: ping\ndata: {"type": "ping"}\n\n')
            self.wfile.flush()

    def _complete(self, body: dict[str, Any], fault: Fault | None) -> None:
        if fault not in NEVER_COMPLETED:
            with self.loopback.lock:
                self.loopback.answers[_digest(_bare(body))] += 1
                if self.loopback.lean:
                    self.loopback.usable_digests |= {_digest(_bare(body))} if fault is None else set()
                    return
                self.loopback.completed.append(_bare(body))
                if fault is None:
                    self.loopback.usable.append(_bare(body))

    def _event(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def _error(self, status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> None:
        data = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_loopback"}
        self._send(status, json.dumps(data).encode(), "application/json", headers)

    def _send(self, status: int, data: bytes, content: str, headers: dict[str, str] | None = None) -> None:
        self._head(status, content, {"content-length": str(len(data)), **(headers or {})})
        self.wfile.write(data)

    def _head(self, status: int, content: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("content-type", content)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _bare(body: dict[str, Any]) -> str:
    """What was asked, however its answer travels."""
    return json.dumps({name: value for name, value in body.items() if name != "stream"}, sort_keys=True)


def _message(body: dict[str, Any], usage: dict[str, int]) -> dict[str, Any]:
    return {
        "id": f"msg_{time.monotonic_ns()}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def _events(body: dict[str, Any], said: Said, usage: dict[str, int]) -> Any:
    yield {"type": "message_start", "message": _message(body, {**usage, "output_tokens": 1})}
    yield {"type": "ping"}
    for index, block in enumerate(said.content()):
        yield from _block(index, block, said.size)
    delta = {"stop_reason": said.stop_reason(), "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}


def _block(index: int, block: dict[str, Any], size: int) -> Any:
    match block["type"]:
        case "text":
            start, text = {"type": "text", "text": ""}, block["text"]
            size = size or max(len(text) // 20, 7)
            deltas = [{"type": "text_delta", "text": text[i : i + size]} for i in range(0, len(text), size)]
        case "tool_use":
            start, text = {**block, "input": {}}, json.dumps(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": text[i : i + 9]} for i in range(0, len(text), 9)]
        case _:
            start = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "signature_delta", "signature": block["signature"]}]
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}

"""Message Batches at the loopback server: made, listed, canceled, ended after a while and read, with faults."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from loopback.replies import Fault, Said

__all__ = ["CALL_FAULTS", "ITEM_FAULTS", "BatchDesk", "CallFault", "ItemFault"]

ItemFault = Literal[
    "invalid_request_error",  # errored for good
    "api_error",  # errored, and passes
    "overloaded_error",
    "expired",
    "canceled",
    "absent",  # not among the results
    "truncated",
    "refusal",
    "not_json",
    "wrong_schema",
    "empty",
    "huge",
]
ITEM_FAULTS: tuple[ItemFault, ...] = get_args(ItemFault)

CallFault = Literal[
    "rate_limited",
    "overloaded",
    "server_error",  # nothing was made
    "made_and_failed",  # it was made, and the answer is a 500
    "made_and_dropped",  # it was made, and nobody is told
    "dropped",  # nothing was made, and nobody is told
]
CALL_FAULTS: tuple[CallFault, ...] = get_args(CallFault)

_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass
class _Batch:
    id: str
    made: float
    requests: dict[str, dict[str, Any]]
    canceled: bool = False
    lines: list[str] | None = None


@dataclass
class BatchDesk:
    """The endpoints under ``/v1/messages/batches``.

    Args:
        script: Answers each request.
        usage: Counts a request's tokens.
        seconds: How long a batch takes.
        rate: Share of requests that meet a fault.
        among: Which.
        calls: Faults of the first calls that make a batch, in order; None for one that goes well.
        hold: Seconds between making a batch and telling of it: when a client dies, it is here.
        cut_results: How many readings of results break off in the middle.
        seed: Draws the faults.

    Attributes:
        made: Ids of batches, in order.
        holders: Request id -> how many batches hold it.
        answered: Request id -> how often it was answered to the end.
        again: Request ids that were handed in once more after they had been answered and read.
    """

    script: Callable[[dict[str, Any]], Said]
    usage: Callable[[dict[str, Any], Said], dict[str, int]]
    seconds: float = 0.05
    rate: float = 0.0
    among: Sequence[ItemFault] = ITEM_FAULTS
    calls: list[CallFault | None] = field(default_factory=list)
    hold: float = 0.0
    cut_results: int = 0
    seed: int = 0
    made: list[str] = field(default_factory=list)
    holders: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._batches: dict[str, _Batch] = {}
        self._random = random.Random(self.seed)  # noqa: S311 - drawn again from its seed, not a secret

    def fault(self) -> CallFault | None:
        """What befalls the next call that makes a batch."""
        with self.lock:
            return self.calls.pop(0) if self.calls else None

    def problem(self, body: dict[str, Any]) -> str:
        """What the API would say of a body, or ""."""
        ids = [request.get("custom_id") for request in body.get("requests", [])]
        if not ids:
            return "requests: at least one is required"
        if any(not isinstance(i, str) or not _CUSTOM_ID.fullmatch(i) for i in ids):
            return "requests.custom_id: must match ^[a-zA-Z0-9_-]{1,64}$"
        return "requests.custom_id: must be unique" if len(set(ids)) < len(ids) else ""

    def make(self, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            name = f"msgbatch_{len(self.made):06d}"
            requests = {request["custom_id"]: request["params"] for request in body["requests"]}
            for request in requests:
                self.holders[request] += 1
                self.again[request] += self.answered[request] > 0
            self._batches[name] = _Batch(name, time.time(), requests)
            self.made.append(name)
            return self._view(self._batches[name])

    def view(self, name: str) -> dict[str, Any] | None:
        with self.lock:
            return self._view(self._batches[name]) if name in self._batches else None

    def cancel(self, name: str) -> dict[str, Any] | None:
        with self.lock:
            if name not in self._batches:
                return None
            if not self._ended(self._batches[name]):
                self._batches[name].canceled = True
            return self._view(self._batches[name])

    def page(self, limit: int, after: str) -> dict[str, Any]:
        with self.lock:
            names = self.made[::-1]
            names = names[names.index(after) + 1 :] if after else names
            data = [self._view(self._batches[name]) for name in names[:limit]]
        ids = [batch["id"] for batch in data]
        more = len(names) > limit
        return {
            "data": data,
            "has_more": more,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        }

    def results(self, name: str) -> tuple[list[str], bool]:
        """The lines, and whether they break off in the middle."""
        with self.lock:
            batch = self._batches[name]
            if batch.lines is None:
                batch.lines = [
                    line for key, params in batch.requests.items() if (line := self._line(batch, key, params))
                ]
                self._random.shuffle(batch.lines)
            self.cut_results -= 1
            return batch.lines, self.cut_results >= 0

    def _line(self, batch: _Batch, key: str, params: dict[str, Any]) -> str:
        fault = self._random.choice(list(self.among)) if self._random.random() < self.rate else None
        fault = "canceled" if batch.canceled else fault
        result: dict[str, Any]
        match fault:
            case "absent":
                return ""
            case "expired" | "canceled":
                result = {"type": fault}
            case "invalid_request_error" | "api_error" | "overloaded_error":
                error = {"type": fault, "message": "as planned"}
                result = {"type": "errored", "error": {"type": "error", "error": error, "request_id": None}}
            case _:
                result = {"type": "succeeded", "message": self._message(key, params, fault)}
        return json.dumps({"custom_id": key, "result": result})

    def _message(self, key: str, params: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        said = self.script(params)
        said = said.with_fault(fault) if fault else said
        self.answered[key] += 1
        return {
            "id": f"msg_{key[:12]}",
            "type": "message",
            "role": "assistant",
            "model": params["model"],
            "content": said.content(),
            "stop_reason": said.stop_reason(),
            "stop_sequence": None,
            "usage": self.usage(params, said),
        }

    def _ended(self, batch: _Batch) -> bool:
        return batch.canceled or time.time() >= batch.made + self.seconds

    def _view(self, batch: _Batch) -> dict[str, Any]:
        ended, moment = self._ended(batch), dt.datetime.fromtimestamp(batch.made, dt.UTC).isoformat()
        counts = dict.fromkeys(("canceled", "errored", "expired", "processing", "succeeded"), 0)
        counts["canceled" if batch.canceled else "succeeded" if ended else "processing"] = len(batch.requests)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts,
            "created_at": moment,
            "expires_at": moment,
            "ended_at": moment if ended else None,
            "cancel_initiated_at": moment if batch.canceled else None,
            "archived_at": None,
            "results_url": f"/v1/messages/batches/{batch.id}/results" if ended else None,
        }

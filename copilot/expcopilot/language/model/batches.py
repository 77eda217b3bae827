"""The Message Batches API: many requests handed in together and answered within a day, at half the price.

References:
    Message Batches API, https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from expcopilot.language.model import failures
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import Answer, ModelFailed, Request
from expcopilot.language.model.reading import read_answer
from expcopilot.language.model.wire import is_network_error
from expcopilot.records.answer import Usage

__all__ = ["DISCOUNT", "MOST_BYTES", "MOST_REQUESTS", "BatchItem", "BatchSeen", "MaybeCreated", "MessageBatches"]

DISCOUNT = 0.5
"""What a request costs in a batch, as a share of its price alone."""

MOST_REQUESTS = 1000
"""Requests put into one batch. The API takes 100,000; smaller ones keep memory flat and lose less to a fault."""

MOST_BYTES = 16_000_000
"""Bytes put into one batch. The API takes 256 MB."""

_PAGE = 100


class MaybeCreated(Exception):  # noqa: N818 - an outcome
    """The connection broke, or the server failed, while a batch was handed in: it may exist or not.

    Attributes:
        failure: What went wrong.
    """

    def __init__(self, failure: ModelFailed) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True)
class BatchSeen:
    """A batch as the server lists it.

    Attributes:
        id: The server's name for it.
        ended: Whether its results can be read.
        requests: How many it holds.
        waiting: How many of them are not done.
    """

    id: str
    ended: bool
    requests: int
    waiting: int


@dataclass(frozen=True)
class BatchItem:
    """What became of one request of a batch.

    Attributes:
        request: Its digest: its ``custom_id``.
        outcome: "answered", or how it ended without an answer. "failed" is for good, the others may be asked again.
        answer: When answered.
        failure: Otherwise; also for an answer that is none.
    """

    request: str
    outcome: Literal["answered", "failed", "passing", "expired", "canceled"]
    answer: Answer | None = None
    failure: ModelFailed | None = None


class MessageBatches:
    """Batches at a Messages API.

    Args:
        api: Server, key, model and bounds.
    """

    def __init__(self, api: MessagesApi) -> None:
        self._api = api
        self._client: Any = api.asynchronous(4)

    async def create(self, requests: Sequence[tuple[str, Request]]) -> BatchSeen:
        """Hand requests in, once: the SDK's own retries are off, because a second try could make a second batch.

        Args:
            requests: Digest (at most 64 of A-Z a-z 0-9 _ -) and request.

        Raises:
            MaybeCreated: The server may have made it all the same.
            ModelFailed: It certainly did not.
            ValueError: A request that cannot be sent.
        """
        body = [{"custom_id": key, "params": self._api.body(request)} for key, request in requests]
        once = self._client.with_options(max_retries=0)
        try:
            return _seen(await once.messages.batches.create(requests=body))
        except Exception as error:  # noqa: BLE001 - failure() raises again what it does not know
            failure = self._api.failure(error)
            status = getattr(error, "status_code", None)
            if status is None or status >= 500 or status in {408, 409} or status < 300:
                raise MaybeCreated(failure) from None
            raise failure from None

    async def retrieve(self, batch: str) -> BatchSeen:
        """How a batch stands.

        Raises:
            ModelFailed: It cannot be asked, or is not known.
        """
        try:
            return _seen(await self._client.messages.batches.retrieve(batch))
        except Exception as error:  # noqa: BLE001 - as above
            raise self._api.failure(error) from None

    async def newest(self) -> str:
        """Id of the batch made last, or "" when there is none.

        Raises:
            ModelFailed: The server cannot be asked.
        """
        async for seen in self.listed(limit=1):
            return seen.id
        return ""

    async def listed(self, *, until: str = "", limit: int = _PAGE) -> AsyncIterator[BatchSeen]:
        """Batches, newest first, up to but not including ``until``.

        Raises:
            ModelFailed: The server cannot be asked.
        """
        try:
            async for batch in self._client.messages.batches.list(limit=limit):
                if batch.id == until:
                    return
                yield _seen(batch)
        except Exception as error:  # noqa: BLE001 - as above
            raise self._api.failure(error) from None

    async def cancel(self, batch: str) -> BatchSeen:
        """Ask for a batch to be ended; what is done of it by then is kept, and paid for.

        Raises:
            ModelFailed: It cannot be asked, or is not known.
        """
        try:
            return _seen(await self._client.messages.batches.cancel(batch))
        except Exception as error:  # noqa: BLE001 - as above
            raise self._api.failure(error) from None

    async def results(self, batch: str, longest: int) -> AsyncIterator[BatchItem]:
        """What became of each request, in the server's order; one line in memory at a time.

        Args:
            batch: One that has ended.
            longest: The most tokens any of its answers may have.

        Raises:
            ModelFailed: The results cannot be read, or broke off; read them again.
        """
        bound = Request(role="", system=(), messages=(), max_tokens=longest)
        try:
            # The SDK's own reader of lines takes time that grows with the square of a line's length.
            results = await self._client.messages.batches.results(batch)
            async with aclosing(_lines(results.http_response.aiter_bytes(), self._api.largest)) as lines:
                async for line in lines:
                    yield self._item(self._api.batch_line(line), bound)
        except ModelFailed:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if isinstance(error, ValueError) or is_network_error(error):  # a connection that ended, or half a line
                raise failures.unreachable(self._api.server) from None
            raise self._api.failure(error) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    def _item(self, line: Any, bound: Request) -> BatchItem:
        key, result = str(getattr(line, "custom_id", "")), getattr(line, "result", None)
        server, kind = self._api.server, getattr(result, "type", None)
        if kind == "succeeded":
            try:
                answer = read_answer(
                    getattr(result, "message", None), bound, server=server, model=self._api.name, before=Usage()
                )
            except ModelFailed as failure:
                return BatchItem(key, "failed", failure=failure)
            return BatchItem(key, "answered", answer=answer)
        if kind == "errored":
            inner = getattr(getattr(result, "error", None), "error", None)
            named, said = getattr(inner, "type", None), getattr(inner, "message", "") or ""
            why = failures.by_status(
                _STATUS.get(str(named), 400), named, str(said)[:200], server=server, model=self._api.name, usage=None
            )
            return BatchItem(key, "passing" if named in failures.TRANSIENT else "failed", failure=why)
        if kind in {"expired", "canceled"}:
            return BatchItem(key, kind, failure=_not_done(server, kind))
        return BatchItem(key, "failed", failure=failures.not_an_answer(server, "a batch's result has no known type"))


_STATUS = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


async def _lines(chunks: AsyncIterator[bytes], longest: int) -> AsyncGenerator[bytes, None]:
    """Lines that are not empty; one with more bytes than an answer may have is left out, without being held."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            if size + len(end) <= longest and (line := b"".join([*parts, end]).strip()):
                yield line
            parts, size = [], 0
        size += len(rest)
        if size > longest:
            parts.clear()
        elif rest:
            parts.append(rest)
    if size <= longest and (line := b"".join(parts).strip()):
        yield line


def _not_done(server: str, kind: str) -> ModelFailed:
    if kind == "expired":
        reason, cure = f"{server} did not come to this request within a day.", "Run the same command again."
    else:
        reason, cure = "The batch was canceled before this request was done.", "Run the same command again."
    return failures.failed("unreachable", f"batch_{kind}", reason, cure)


def _seen(batch: Any) -> BatchSeen:
    counts = batch.request_counts
    done = (counts.succeeded or 0) + (counts.errored or 0) + (counts.expired or 0) + (counts.canceled or 0)
    return BatchSeen(
        id=batch.id,
        ended=batch.processing_status == "ended",
        requests=done + counts.processing,
        waiting=counts.processing,
    )

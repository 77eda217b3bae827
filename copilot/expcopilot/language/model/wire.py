"""Bounds the SDK does not have: how long a server may ask to wait, how long it may talk, how much it may send."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from copilot_tools.base import Frozen

if TYPE_CHECKING:
    import httpx2

__all__ = ["Bounds", "is_network_error"]


class Bounds(Frozen):
    """What one response may take.

    Attributes:
        longest: Seconds for the whole of it. Its parts may come slowly; silence is bounded by the client's timeout.
        longest_wait: Seconds a server may ask to wait before the next attempt; asked for more, there is none.
        largest: Bytes.
    """

    longest: float
    longest_wait: float
    largest: int

    def hold(self, response: httpx2.Response) -> None:
        """Hold a response to the bounds; to be called before its body is read (an event hook of the client)."""
        import httpx2  # noqa: PLC0415 - comes with anthropic, which is imported late

        self._hold_wait(response)
        if not isinstance(response.stream, httpx2.SyncByteStream):
            raise TypeError("the bounds are for a synchronous client")
        body: httpx2.SyncByteStream = response.stream
        deadline, largest = time.monotonic() + self.longest, self.largest

        class Bounded(httpx2.SyncByteStream):
            def __iter__(self) -> Iterator[bytes]:
                size = 0
                for chunk in body:
                    size += len(chunk)
                    if size > largest:
                        # Half a body cannot be read, and is not asked for again as a broken connection would be.
                        return
                    yield chunk
                    if time.monotonic() > deadline:
                        raise httpx2.ReadTimeout("the whole answer took too long")

            def close(self) -> None:
                body.close()

        response.stream = Bounded()

    async def hold_async(self, response: httpx2.Response) -> None:
        """As ``hold``, for an asynchronous client; the results of a batch, which are read line by line, are exempt."""
        import httpx2  # noqa: PLC0415 - comes with anthropic, which is imported late

        self._hold_wait(response)
        if not isinstance(response.stream, httpx2.AsyncByteStream):
            raise TypeError("the bounds are for an asynchronous client")
        if response.request.url.path.endswith("/results"):
            return
        body: httpx2.AsyncByteStream = response.stream
        deadline, largest = time.monotonic() + self.longest, self.largest

        class Bounded(httpx2.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                size = 0
                async for chunk in body:
                    size += len(chunk)
                    if size > largest:
                        return
                    yield chunk
                    if time.monotonic() > deadline:
                        raise httpx2.ReadTimeout("the whole answer took too long")

            async def aclose(self) -> None:
                await body.aclose()

        response.stream = Bounded()

    def _hold_wait(self, response: httpx2.Response) -> None:
        wait = response.headers.get("retry-after", "")
        if wait.replace(".", "", 1).isdigit() and float(wait) > self.longest_wait:
            response.headers["x-should-retry"] = "false"


def is_network_error(error: Exception) -> bool:
    """Whether a stream ended because of the connection, not because of what was sent."""
    import httpx2  # noqa: PLC0415 - comes with anthropic, which is imported late

    return isinstance(error, httpx2.HTTPError | httpx2.StreamError | OSError)

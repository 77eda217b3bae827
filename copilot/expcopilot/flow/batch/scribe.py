"""Keeping what happens from an event loop: each event is on the disk before it counts, and many share one commit."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from expcopilot.memory.request_store import Happened, RequestStore

__all__ = ["Scribe"]


class Scribe:
    """Writes to a store from a thread of its own, whatever has gathered since the last commit at once.

    Args:
        store: Where to.
    """

    def __init__(self, store: RequestStore) -> None:
        self._store = store
        self._waiting: list[tuple[tuple[Happened, ...], asyncio.Future[tuple[int, ...]]]] = []
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scribe")

    async def keep(self, *happened: Happened) -> tuple[int, ...]:
        """Keep all of it in one commit; its positions, once it is on the disk.

        Raises:
            Refused: ``batch.store``.
        """
        if not happened:
            return ()
        done: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append((happened, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            every = [one for happened, _ in batch for one in happened]
            try:
                positions = await loop.run_in_executor(self._thread, self._store.append, *every)
            except Exception as error:  # noqa: BLE001 - each who waits is told
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            at = 0
            for happened, done in batch:
                if not done.done():
                    done.set_result(positions[at : at + len(happened)])
                at += len(happened)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown()

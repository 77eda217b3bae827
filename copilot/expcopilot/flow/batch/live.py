"""Rows asked for live: so many requests under way at once, each kept before it is sent and when it is answered."""

from __future__ import annotations

import asyncio
import time

from expcopilot.flow.batch.asking import Wanted, failure_data
from expcopilot.flow.batch.rows_in import BriefRow
from expcopilot.flow.batch.scribe import Scribe
from expcopilot.flow.batch.work import STOPS_ALL, Work
from expcopilot.language.model.asynchronous import AsyncMessages
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.memory.request_store import Happened
from expcopilot.records.answer import Answered

__all__ = ["live"]

_FEWEST_IN_VAIN = 20


async def live(work: Work, api: MessagesApi, concurrency: int) -> None:
    """Ask for every row that is not answered.

    Args:
        work: The run.
        api: The model.
        concurrency: Requests under way at once.

    Raises:
        ModelFailed: There is no key.
        Refused: What keeps the store from being written.
    """
    async with AsyncMessages(api, concurrency) as model, Scribe(work.store) as scribe:
        try:
            await _Live(work, model, scribe, concurrency).run()
        except BaseExceptionGroup as group:  # the first is the cause; the others were told to end
            raise group.exceptions[0] from None


class _Live:
    def __init__(self, work: Work, model: AsyncMessages, scribe: Scribe, concurrency: int) -> None:
        self.work, self.model, self.scribe, self.concurrency = work, model, scribe, concurrency
        # As many rows are walked ahead as are asked at once: a slot that falls free is filled at once.
        self.ready: asyncio.Queue[tuple[BriefRow, tuple[Wanted, ...]] | None] = asyncio.Queue(maxsize=concurrency)
        # A few more hands than slots: while some keep an answer, others stand ready with a request that is noted, so
        # that no slot waits for the disk. Those count as under way at a kill, too: they may have gone out.
        self.slots = asyncio.Semaphore(concurrency)
        self.hands = concurrency + max(2, concurrency // 4)
        self.underway: dict[str, asyncio.Event] = {}
        self.in_vain = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._walk_ahead())
            for _ in range(self.hands):
                group.create_task(self._worker())

    async def _walk_ahead(self) -> None:
        for row in self.work.rows():
            if self.work.stopped:
                break
            wanted = self.work.wants(row)
            if not wanted:
                self._done()
                await asyncio.sleep(0)  # rows answered before are many, and what is under way must be heard meanwhile
            else:
                await self.ready.put((row, wanted))
        for _ in range(self.hands):
            await self.ready.put(None)

    async def _worker(self) -> None:
        while (item := await self.ready.get()) is not None:
            row, wanted = item
            while wanted and not self.work.stopped:
                for one in wanted:  # one after another: it is the rows that are many
                    if not self.work.stopped:
                        await self._once(one)
                wanted = self.work.wants(row)
            if not wanted:
                self._done()

    def _done(self) -> None:
        self.work.done += 1
        self.work.progress("Asking")

    async def _once(self, wanted: Wanted) -> None:
        """Send a request, unless the same one is under way for another row: then wait for that."""
        if event := self.underway.get(wanted.key):
            await event.wait()
            return
        event = self.underway[wanted.key] = asyncio.Event()
        try:
            await self._send(wanted)
        finally:
            del self.underway[wanted.key]
            event.set()

    async def _send(self, wanted: Wanted) -> None:
        work, run = self.work, self.work.run
        cost = dearest = work.money.dearest(wanted.request)
        try:
            if not await work.money.room(dearest):
                work.stop("budget")
                return
            work.money.hold(wanted.key, dearest)
            (sent,) = await self.scribe.keep(Happened(run, "sent", wanted.key, cost=dearest))
            async with self.slots:
                answer = None if work.stopped else await self._answer(wanted)
            if answer is None:  # it was noted, and stays here: nothing to be lost
                cost = 0.0
                await self.scribe.keep(Happened(run, "withdrawn", wanted.key, refers=sent))
                return
            if isinstance(answer, ModelFailed):
                cost = work.money.cost(answer.usage, work.asking.name)
                self._judge(answer)
                data = failure_data(answer)
                await self.scribe.keep(Happened(run, "failed", wanted.key, refers=sent, cost=cost, payload=data))
            else:
                self.in_vain = 0
                cost = answer.cost
                await self.scribe.keep(
                    Happened(run, "answered", wanted.key, refers=sent, cost=cost, payload=answer.to_json())
                )
        finally:
            work.money.settle(wanted.key, cost)

    async def _answer(self, wanted: Wanted) -> Answered | ModelFailed:
        work, begun = self.work, time.monotonic()
        work.sent += 1
        work.under_way += 1
        try:
            answer = await self.model.answer(wanted.request)
        except ModelFailed as failure:
            return failure
        finally:
            work.under_way -= 1
        return work.asking.kept(wanted.key, wanted.request.role, answer, time.monotonic() - begun)

    def _judge(self, failure: ModelFailed) -> None:
        """Stop where every further request would fail the same way."""
        if failure.refusals[0].code in STOPS_ALL:
            self.work.stop("failed", failure)
        self.in_vain = self.in_vain + 1 if failure.kind == "unreachable" else 0
        if self.in_vain >= max(_FEWEST_IN_VAIN, 2 * self.concurrency):
            self.work.stop("failed", failure)

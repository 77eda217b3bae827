"""Rows asked for in batches: handed in at half the price, waited for, read; never made twice, whatever is killed.

The Message Batches API takes no name for a batch, so a process killed between handing one in and noting its id leaves
one that only the server knows. Hence an intent is kept first: which requests, and which batch was the server's newest.
Afterwards the newer ones that nobody here knows and that hold as many requests are candidates, and the ids of their
results tell whether one of them is it. Nothing is handed in again before that is settled.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from expcopilot.flow.batch.asking import Wanted, failure_data
from expcopilot.flow.batch.scribe import Scribe
from expcopilot.flow.batch.work import STOPS_ALL, Work
from expcopilot.language.model import failures
from expcopilot.language.model.batches import (
    MOST_BYTES,
    MOST_REQUESTS,
    BatchItem,
    BatchSeen,
    MaybeCreated,
    MessageBatches,
)
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.language.roles.generator import GENERATOR
from expcopilot.memory.request_store import Happened, Intent

__all__ = ["batched", "cancel"]

_MOST_OPEN = 20
_GROUP = 200
_READINGS = 6
_FIRST_POLL, _LAST_POLL = 0.25, 60.0


async def batched(work: Work, api: MessagesApi, *, settle: float = 5.0, most: int = MOST_REQUESTS) -> None:
    """Ask for every row that is not answered.

    Args:
        work: The run.
        api: The model.
        settle: Seconds to wait before concluding from the server's list that a batch was not made.
        most: Requests in one batch.

    Raises:
        ModelFailed: The server cannot be reached, or takes no batches.
        Refused: What keeps the store from being written.
    """
    async with MessageBatches(api) as server, Scribe(work.store) as scribe:
        await _Batched(work, server, scribe, settle, most).run()


async def cancel(work: Work, api: MessagesApi, *, settle: float = 5.0) -> int:
    """Ask the server to end the open batches of a run, and read what was done of them; how many there were.

    Raises:
        ModelFailed: The server cannot be reached.
    """
    async with MessageBatches(api) as server, Scribe(work.store) as scribe:
        at_work = _Batched(work, server, scribe, settle, MOST_REQUESTS)
        await at_work.resolve()
        for intent in at_work.open:
            if not (await server.retrieve(intent.batch)).ended:
                await server.cancel(intent.batch)
        count = len(at_work.open)
        await at_work.read_all()
        return count


class _Batched:
    def __init__(self, work: Work, server: MessageBatches, scribe: Scribe, settle: float, most: int) -> None:
        self.work, self.server, self.scribe, self.settle, self.most = work, server, scribe, settle, most
        self.open: list[Intent] = []
        self.in_vain = 0

    async def run(self) -> None:
        """Rounds: hand in what is wanted, read it all, look what is wanted then."""
        await self.resolve()
        while True:
            added = await self._round()
            if not self.open:
                if self.work.failure or self.work.stopped == "interrupted" or not added:
                    return
                continue
            await self.read_all()
            if self.work.stopped:
                return

    async def _round(self) -> int:
        """Hand in what rows want, as far as money and open batches go; how many requests."""
        work, chunk, size, added = self.work, dict[str, Wanted](), 0, 0
        under_way = {key for intent in self.open for key in intent.requests}
        work.done = work.failed = 0
        short = False
        for row in work.rows():
            if work.stopped or short or len(self.open) >= _MOST_OPEN:
                break
            wants = work.wants(row)
            await asyncio.sleep(0)
            if not wants:
                work.done += 1
                work.progress("Preparing")
                continue
            for wanted in wants:
                if wanted.key in under_way:
                    continue
                dearest = work.money.dearest(wanted.request)
                if short := not work.money.fits(dearest):
                    break
                work.money.hold(wanted.key, dearest)
                under_way.add(wanted.key)
                chunk[wanted.key] = wanted
                size += len(wanted.request.model_dump_json())
                added += 1
            if len(chunk) >= self.most or size >= MOST_BYTES:
                await self._hand_in(chunk)
                chunk, size = {}, 0
        if chunk and not work.stopped:
            await self._hand_in(chunk)
        if short and not self.open:
            work.stop("budget")
        return added

    async def _hand_in(self, chunk: dict[str, Wanted]) -> None:
        """Make one batch: intent first, then the batch, then its id."""
        work = self.work
        after = await self.server.newest()
        dearest = {key: work.money.dearest(wanted.request) for key, wanted in chunk.items()}
        longest = max(wanted.request.max_tokens for wanted in chunk.values())
        roles = {key: wanted.request.role for key, wanted in chunk.items() if wanted.request.role != GENERATOR.name}
        data = {"after": after, "requests": dearest, "longest": longest, "roles": roles}
        (position,) = await self.scribe.keep(Happened(work.run, "intended", payload=data))
        intent = Intent(position, "", after, dearest, longest, roles)
        try:
            seen = await self.server.create([(key, wanted.request) for key, wanted in chunk.items()])
        except MaybeCreated as maybe:
            if not await self._resolved(intent):
                await self._not_made(intent, maybe.failure)
            return
        except ModelFailed as failure:
            await self._abandon(intent)
            await self._not_made(intent, failure)
            return
        work.sent += len(chunk)
        work.batches += 1
        await self._made(intent, seen)

    async def _not_made(self, intent: Intent, failure: ModelFailed) -> None:
        """Whether to try again, or to give up: a batch that is not made has no requests that failed."""
        for key in intent.requests:
            self.work.money.settle(key, 0.0)
        refused = failure.refusals[0].code in STOPS_ALL or failure.kind != "unreachable"
        self.in_vain += 1
        if refused or self.in_vain >= _READINGS:
            self.work.stop("failed", failure)
        else:
            await asyncio.sleep(min(0.2 * 2**self.in_vain, 10.0))

    async def _made(self, intent: Intent, seen: BatchSeen) -> None:
        self.in_vain = 0
        made = Happened(self.work.run, "created", refers=intent.position, payload={"batch": seen.id})
        await self.scribe.keep(made)
        self._take(replace(intent, batch=seen.id))

    def _take(self, intent: Intent) -> None:
        self.open.append(intent)
        self.work.under_way += len(intent.requests)

    async def _abandon(self, intent: Intent) -> None:
        await self.scribe.keep(Happened(self.work.run, "abandoned", refers=intent.position))

    # --- after a kill -----------------------------------------------------------------------------------------------

    async def resolve(self) -> None:
        """Take up the batches an earlier command left: those it knew, and those it may have made."""
        for intent in self.work.store.open_intents(self.work.run):
            for key, dearest in intent.requests.items():
                self.work.money.hold(key, dearest)
            if intent.batch:
                self._take(intent)
            elif await self._resolved(intent):
                self.work.adopted += any(taken.position == intent.position for taken in self.open)
            else:
                for key in intent.requests:
                    self.work.money.settle(key, 0.0)

    async def _resolved(self, intent: Intent) -> bool:
        """False when the server has no batch of an intent, which is then abandoned; else it is taken up."""
        await asyncio.sleep(self.settle)
        known = self.work.store.batches()
        found = [
            seen
            async for seen in self.server.listed(until=intent.after)
            if seen.id not in known and seen.requests == len(intent.requests)
        ]
        for seen in reversed(found):
            if not await self._ended(seen.id):
                return True  # interrupted: it stays unsettled, for the next command
            async for item in self.server.results(seen.id, intent.longest):
                if item.request in intent.requests:
                    await self._made(intent, seen)
                    return True
                break
        await self._abandon(intent)
        return False

    # --- reading ----------------------------------------------------------------------------------------------------

    async def read_all(self) -> None:
        """Wait for the open batches, oldest first, and read them. Interrupted, they stay open, here and there."""
        while self.open:
            if not await self._ended(self.open[0].batch):
                return
            await self._read(self.open[0])
            self.work.under_way -= len(self.open[0].requests)
            del self.open[0]

    async def _ended(self, batch: str) -> bool:
        """Wait until a batch has ended; False when the run is interrupted meanwhile."""
        pause, in_vain = _FIRST_POLL, 0
        while self.work.stopped != "interrupted":
            try:
                if (await self.server.retrieve(batch)).ended:
                    return True
                in_vain = 0
            except ModelFailed as failure:
                in_vain += 1
                if failure.kind != "unreachable" or in_vain >= _READINGS:
                    raise
            self.work.progress("Waiting for batches")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LAST_POLL)
        return False

    async def _read(self, intent: Intent) -> None:
        """Keep every result, a group a commit; results that break off are read again, and nothing is kept twice."""
        missing = set(intent.requests)
        for reading in range(_READINGS):
            group: list[Happened] = []
            try:
                async for item in self.server.results(intent.batch, intent.longest):
                    if item.request in missing:
                        missing.discard(item.request)
                        group.append(self._happened(item, intent))
                    if len(group) >= _GROUP:
                        await self.scribe.keep(*group)
                        group = []
                        self.work.progress("Reading")
                await self.scribe.keep(*group)
                break
            except ModelFailed as failure:
                await self.scribe.keep(*group)
                if failure.kind != "unreachable" or reading == _READINGS - 1:
                    raise
                await asyncio.sleep(0.2 * 2**reading)
        if missing:
            silent = failures.not_an_answer("the batch's server", f"{len(missing)} results are not among those it gave")
            data = failure_data(silent, passing=True)
            await self.scribe.keep(*(Happened(self.work.run, "failed", key, payload=data) for key in missing))
            for key in missing:
                self.work.money.settle(key, intent.requests[key])
        await self.scribe.keep(Happened(self.work.run, "read", refers=intent.position))

    def _happened(self, item: BatchItem, intent: Intent) -> Happened:
        """A result as it is kept; settles what was set aside for it."""
        run, money = self.work.run, self.work.money
        if item.answer is not None:
            role = intent.roles.get(item.request, GENERATOR.name)
            kept = self.work.asking.kept(item.request, role, item.answer, 0.0)
            money.settle(item.request, kept.cost)
            return Happened(run, "answered", item.request, cost=kept.cost, payload=kept.to_json())
        failure = item.failure or failures.not_an_answer("the batch's server", json.dumps(intent.batch))
        cost = money.cost(failure.usage, self.work.asking.name)
        money.settle(item.request, cost)
        data = failure_data(failure, passing=item.outcome != "failed")
        return Happened(run, "failed", item.request, cost=cost, payload=data)

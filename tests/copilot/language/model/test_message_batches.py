"""Message Batches through the real SDK: what is made, listed, read, and what may have been made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from expcopilot.language.model.batches import BatchItem, MaybeCreated, MessageBatches
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import Message, ModelFailed, Request
from loopback.batches import ITEM_FAULTS
from loopback.replies import Said
from loopback.server import Loopback

ASKED = Request(role="guide", system=(), messages=(Message(speaker="user", text="Hi"),), max_tokens=50)


def using(server: Loopback, work: Any, **options: Any) -> Any:
    """Do something with batches at a server."""

    async def run() -> Any:
        with MessagesApi("claude-test", base_url=server.url, key="k", **options) as api:
            async with MessageBatches(api) as batches:
                return await work(batches)

    return asyncio.run(run())


async def done(batches: MessageBatches, name: str) -> list[BatchItem]:
    """Wait for a batch and read it."""
    while not (await batches.retrieve(name)).ended:  # noqa: ASYNC110 - the API is polled
        await asyncio.sleep(0.01)
    return [item async for item in batches.results(name, 50)]


def test_made_listed_and_read():
    """A batch goes from making to its results, each known by its own id, its tokens counted."""

    async def work(batches: MessageBatches) -> None:
        assert await batches.newest() == ""
        made = await batches.create([(f"r{n}", ASKED) for n in range(7)])
        assert (made.requests, made.waiting, made.ended) == (7, 7, False)
        assert await batches.newest() == made.id
        items = await done(batches, made.id)
        assert {item.request for item in items} == {f"r{n}" for n in range(7)}
        assert all(item.answer and item.answer.text == "Hello" and item.answer.usage.input_tokens for item in items)

    with Loopback(lambda _: Said(text="Hello")) as server:
        using(server, work)


def test_listed_across_pages():
    """The list goes on page after page, newest first, and ends before the batch that is named."""

    async def work(batches: MessageBatches) -> None:
        names = [(await batches.create([("r", ASKED)])).id for _ in range(5)]
        seen = [batch.id async for batch in batches.listed(until=names[1], limit=2)]
        assert seen == [names[4], names[3], names[2]]

    with Loopback(lambda _: Said(text="{}")) as server:
        using(server, work)


@pytest.mark.parametrize("fault", ITEM_FAULTS)
def test_what_becomes_of_a_request(fault):
    """Each way a request can end is told apart: answered, failed for good, passing, expired, canceled, or not there."""

    async def work(batches: MessageBatches) -> list[BatchItem]:
        return await done(batches, (await batches.create([("r", ASKED)])).id)

    with Loopback(lambda _: Said(text='{"a": 1}')) as server:
        server.batches.rate, server.batches.among = 1.0, [fault]
        items = using(server, work)
    outcomes = {
        "invalid_request_error": "failed",
        "api_error": "passing",
        "overloaded_error": "passing",
        "expired": "expired",
        "canceled": "canceled",
    }
    assert [item.outcome for item in items] == ([] if fault == "absent" else [outcomes.get(fault, "answered")])
    for item in items:
        assert (item.answer is None) == (item.failure is not None)
        if fault == "refusal":
            assert item.answer is not None
            assert item.answer.stop == "refusal"


def test_a_line_that_is_too_long_is_left_out():
    """A result larger than an answer may be is not held in memory; the others are read."""

    def says(body: dict[str, Any]) -> Said:
        return Said(text="x" * (500_000 if body["max_tokens"] == 49 else 10))

    async def work(batches: MessageBatches) -> list[BatchItem]:
        large = ASKED.model_copy(update={"max_tokens": 49})
        return await done(batches, (await batches.create([("a", ASKED), ("b", large), ("c", ASKED)])).id)

    with Loopback(says) as server:
        assert {item.request for item in using(server, work, largest=50_000)} == {"a", "c"}


@pytest.mark.parametrize("fault", ["server_error", "made_and_failed", "made_and_dropped", "dropped"])
def test_nobody_knows_whether_it_was_made(fault):
    """Where a batch may exist, the failure says so, and it is not handed in a second time."""

    async def work(batches: MessageBatches) -> None:
        with pytest.raises(MaybeCreated):
            await batches.create([("r", ASKED)])

    with Loopback(lambda _: Said(text="{}")) as server:
        server.batches.calls = [fault, None]
        using(server, work)
        assert len(server.batches.made) == fault.startswith("made")
        assert server.batches.calls == [None]


@pytest.mark.parametrize(
    ("options", "ids", "code"),
    [
        ({"key": "rejected-key"}, ["r"], "model.key_rejected"),
        ({}, ["not an id"], "model.rejected"),
        ({}, ["r", "r"], "model.rejected"),
    ],
)
def test_certainly_not_made(options, ids, code):
    """A batch that the server does not take fails with its own reason."""

    async def work(batches: MessageBatches) -> None:
        with pytest.raises(ModelFailed) as failure:
            await batches.create([(name, ASKED) for name in ids])
        assert failure.value.refusals[0].code == code

    async def run(server: Loopback) -> None:
        with MessagesApi("claude-test", base_url=server.url, **{"key": "k", **options}) as api:
            async with MessageBatches(api) as batches:
                await work(batches)

    with Loopback(lambda _: Said(text="{}")) as server:
        asyncio.run(run(server))
        assert server.batches.made == []


def test_canceled():
    """A canceled batch ends, and none of its requests counts as answered."""

    async def work(batches: MessageBatches) -> list[BatchItem]:
        made = await batches.create([("a", ASKED), ("b", ASKED)])
        assert (await batches.cancel(made.id)).id == made.id
        return await done(batches, made.id)

    with Loopback(lambda _: Said(text="{}")) as server:
        server.batches.seconds = 60
        assert [item.outcome for item in using(server, work)] == ["canceled", "canceled"]


def test_results_that_break_off():
    """Results that end in the middle are a failure that can be read again, and then are whole."""

    async def work(batches: MessageBatches) -> None:
        made = await batches.create([(f"r{n}", ASKED) for n in range(20)])
        with pytest.raises(ModelFailed) as failure:
            await done(batches, made.id)
        assert failure.value.kind == "unreachable"
        assert len(await done(batches, made.id)) == 20

    with Loopback(lambda _: Said(text="{}")) as server:
        server.batches.cut_results = 1
        using(server, work)

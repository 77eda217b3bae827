"""How much a run of many briefs costs above its floor: a bare asyncio loop over the SDK, against the same slow server.

Run with ``make bench``. The server, a process of its own, answers each request after exactly one second, whatever it is
asked; with 64 requests under way at once, 64 a second is the limit nobody can pass. Each figure is a share of it.
Throughput is measured at the server: over the whole, from the first request's arrival to the last answer's departure,
and steadily, without the first and the last 64 answers, in which not every place is taken.
"""
# ruff: noqa: INP001, T201, PLC0415 - a script that prints; the server's process imports nothing of the product

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

LATENCY, CONCURRENCY, REQUESTS, SERIAL = 1.0, 64, 64 * 30, "--serve"
FIELDS = {"title": "Your basket is waiting", "body": "The things you put aside on Sunday are still here."}
MODEL = "claude-sonnet-5-5"
ENOUGH = 0.95


class Slow(asyncio.Protocol):
    """HTTP just as far as it is needed, so that the server is never what limits."""

    first = 0.0
    answered: list[float] = []
    reply = b""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server's is one
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request after the latency; statistics and resets at once."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            del self.buffer[: end + 4 + size]
            loop = asyncio.get_running_loop()
            if head.startswith(b"get"):
                self.send(json.dumps([Slow.first, *Slow.answered]).encode())
                Slow.first, Slow.answered = 0.0, []
            else:
                Slow.first = Slow.first or loop.time()
                loop.call_later(LATENCY, self.answer)

    def answer(self) -> None:
        """Say what is always said."""
        Slow.answered.append(asyncio.get_running_loop().time())
        self.send(Slow.reply)

    def send(self, body: bytes) -> None:
        """One response."""
        if self.transport is not None and not self.transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            self.transport.write(head.encode() + body)


async def serve() -> None:
    """Listen, say where, and go on until killed."""
    variant = {"mechanism": "progress", "fields": [{"name": n, "text": t} for n, t in FIELDS.items()], "facts": []}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": json.dumps({"variants": [variant]})}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 4000, "output_tokens": 60},
    }
    Slow.reply = json.dumps(message).encode()
    server = await asyncio.get_running_loop().create_server(Slow, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def statistics(url: str) -> tuple[float, float]:
    """Answers a second since the last time this was asked: over the whole, and steadily."""
    with urllib.request.urlopen(f"{url}/statistics") as answer:  # noqa: S310 - our own loopback
        first, *times = json.load(answer)
    if len(times) != REQUESTS:
        sys.exit(f"the server answered {len(times)} requests, not {REQUESTS}")
    steady = times[CONCURRENCY:-CONCURRENCY]
    return REQUESTS / (times[-1] - first), (len(steady) - 1) / (steady[-1] - steady[0])


def bodies(folder: Path, url: str) -> list[dict[str, object]]:
    """The very bodies that the product sends."""
    from expcopilot.api import Copilot
    from expcopilot.flow.batch.asking import Asking, Wanted
    from expcopilot.flow.batch.rows_in import brief_rows
    from expcopilot.flow.steps.variants import drafted
    from expcopilot.language.model.messages_api import MessagesApi
    from expcopilot.language.model.prices import PriceTable
    from expcopilot.language.prompts import Prompts
    from expcopilot.memory.request_store import RequestStore

    found: list[dict[str, object]] = []
    copilot = Copilot.open(folder)
    with RequestStore(folder / "bare.sqlite") as store, MessagesApi(MODEL, base_url=url) as api:
        asking = Asking(store, 0, MODEL, Prompts(), PriceTable.shipped())
        standards = copilot.standards()
        for row in brief_rows(folder / "briefs.csv"):
            brief = row.brief
            if brief is not None:
                wanted = asking.walk(lambda walking, brief=brief: drafted(brief, walking, standards))  # type: ignore[misc,arg-type]
                if isinstance(wanted, Wanted):
                    found.append(api.body(wanted.request))
    copilot.workspace.close()
    return found


async def bare(url: str, every: list[dict[str, object]]) -> None:
    """The floor: so many tasks over one list, and nothing else."""
    import anthropic

    left = iter(every)
    async with anthropic.AsyncAnthropic(api_key="k", base_url=url) as client:

        async def worker() -> None:
            for body in left:
                await client.messages.create(**body)  # type: ignore[call-overload]

        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))


def prepare(folder: Path, url: str) -> None:
    """A workspace and its briefs."""
    from expcopilot.memory.workspace import Workspace

    Workspace.create(folder, person="Ada").close()
    settings = folder / "expcopilot.toml"
    settings.write_text(settings.read_text() + f'\n[model]\nname = "{MODEL}"\nbase_url = "{url}"\n')
    with (folder / "briefs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "channel", "change", "audience", "because", "k", "mechanisms"])
        for n in range(REQUESTS):
            writer.writerow(
                [f"b{n}", "push", f"Reason {n} comes first", "lapsed customers", "they asked", 1, "progress"]
            )


def main() -> None:
    """Measure both, side by side."""
    server = subprocess.Popen([sys.executable, __file__, SERIAL], stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        limit = CONCURRENCY / LATENCY
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "lab"
            prepare(folder, url)
            every = bodies(folder, url)
            asyncio.run(bare(url, every))
            floor = statistics(url)
            command = [sys.executable, "-m", "expcopilot.surfaces.cli.main", "variants", "--json"]
            files = ["--in", "briefs.csv", "--out", "variants.csv", "--concurrency", str(CONCURRENCY)]
            environment = {k: v for k, v in os.environ.items() if not k.startswith("ANTHROPIC_")}
            done = subprocess.run(  # noqa: S603
                [*command, *files], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
            ours = statistics(url)
        print(f"{REQUESTS} requests, {CONCURRENCY} at once, {LATENCY:g} s each; the limit is {limit:g} a second")
        for name, (whole, steady) in {"bare asyncio loop over the SDK": floor, "expcopilot variants": ours}.items():
            print(f"  {name:31} {whole:6.2f}/s  {whole / limit:6.1%} of the limit; steadily {steady / limit:6.1%}")
        if ours[1] < ENOUGH * limit and ours[1] < ENOUGH * floor[1]:
            sys.exit(f"less than {ENOUGH:.0%} of both")
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    asyncio.run(serve()) if SERIAL in sys.argv else main()

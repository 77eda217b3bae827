"""How much the ledger costs above its floor: the same rows put into a bare SQLite table, one durable commit each.

Run with ``make bench``. Each figure is a ratio to the floor measured beside it, best of several turns, because absolute
times drift with the disk and its other users.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.records.digest import canonical
from expcopilot.records.entry import Draft

ENTRIES = 300
TURNS = 5
PAYLOAD = {"moments": [[float(i), i * 0.1, i * 0.01] for i in range(200)]}


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def floor(path: Path) -> float:
    """Seconds to put the rows into a bare table."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE entries (position INTEGER PRIMARY KEY, payload TEXT)")
    text = canonical(PAYLOAD)

    def put() -> None:
        for n in range(ENTRIES):
            connection.execute("INSERT INTO entries VALUES (?, ?)", (n, text))

    try:
        return seconds(put)
    finally:
        connection.close()


def turn(folder: Path) -> tuple[float, float, float, float]:
    """Seconds of floor, append, read and verify."""
    drafts = [Draft(experiment="e", kind="looked", actor="Ada", payload=PAYLOAD, key=f"{n}") for n in range(ENTRIES)]
    with SqliteLedger.create(folder / "ledger.sqlite") as ledger:
        return (
            floor(folder / "floor.sqlite"),
            seconds(lambda: [ledger.append(draft) for draft in drafts]),
            seconds(lambda: list(ledger.entries())),
            seconds(ledger.verify),
        )


def main() -> None:
    """Print one line a figure."""
    turns = []
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as folder:
            turns.append(turn(Path(folder)))
    base, *rest = (min(column) for column in zip(*turns, strict=True))
    size = len(canonical(PAYLOAD))
    sys.stdout.write(f"ledger: {ENTRIES} entries of {size:,} bytes; floor {base / ENTRIES * 1e6:,.0f} us a commit\n")
    for name, value in zip(("append", "read", "verify"), rest, strict=True):
        sys.stdout.write(f"  {name:<7} {value / base:5.2f} x floor  ({value / ENTRIES * 1e6:,.0f} us an entry)\n")


if __name__ == "__main__":
    main()

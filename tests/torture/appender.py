"""A process that appends until it is killed or done, and says on standard output what was acknowledged.

Run as: appender.py append LEDGER NAME FIRST COUNT, or: appender.py create FOLDER.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.memory.workspace import Workspace
from expcopilot.records.entry import Draft


def say(line: str) -> None:
    """One write call a line, so that a kill never leaves half a line."""
    os.write(1, f"{line}\n".encode())


def pair(name: str, number: int) -> tuple[Draft, Draft]:
    """Two drafts that are appended together or not at all."""
    payload = {"number": number, "filling": "x" * 400}
    return tuple(
        Draft(experiment=name, kind="closed", actor=name, payload=payload, key=f"{name}/{number}/{half}")
        for half in ("first", "second")
    )


def append(path: Path, name: str, first: int, count: int) -> None:
    with SqliteLedger.open(path) as ledger:
        for number in range(first, first + count):
            entries = ledger.append(*pair(name, number))
            say(" ".join([str(number), *(entry.digest for entry in entries)]))


def create(folder: Path) -> None:
    for number in itertools.count():
        say(f"begin {number}")
        with Workspace.create(folder / str(number), person="Ada") as workspace:
            workspace.ledger.append(*pair("made", number))
            say(f"done {number}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["append", path, name, first, count]:
            append(Path(path), name, int(first), int(count))
        case ["create", folder]:
            create(Path(folder))
        case other:
            sys.exit(f"unknown arguments: {other}")

"""The ledger under two writers at once, and under SIGKILL at random moments."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.memory.workspace import Workspace

APPENDER = Path(__file__).with_name("appender.py")


def start(*arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, str(APPENDER), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def kill_after(process: subprocess.Popen[str], seconds: float) -> list[str]:
    """Let the process live a little longer, kill it, and return the rest of what it said."""
    time.sleep(seconds)
    process.kill()
    rest, _ = process.communicate()
    return rest.splitlines()


@pytest.mark.parametrize("pairs", [75, pytest.param(500, marks=pytest.mark.torture)])
def test_two_writers(tmp_path, pairs):
    """Two processes that append as many entries each leave all of them, in one valid chain."""
    path = tmp_path / "ledger.sqlite"
    SqliteLedger.create(path).close()
    writers = [start("append", path, name, 0, pairs) for name in ("left", "right")]
    said = [writer.communicate()[0].splitlines() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    with SqliteLedger.open(path) as ledger:
        report = ledger.verify()
        assert (report.faults, report.entries) == ((), 4 * pairs)
        for name, lines in zip(("left", "right"), said, strict=True):
            digests = [entry.digest for entry in ledger.entries(name)]
            assert digests == [digest for line in lines for digest in line.split()[1:]]


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.torture)])
def test_killed_while_appending(tmp_path, kills):
    """Killed at any moment, it verifies, keeps all it acknowledged and at most the whole pair in flight beyond."""
    path = tmp_path / "ledger.sqlite"
    SqliteLedger.create(path).close()
    chance = random.Random(11)  # noqa: S311 - when to kill
    acknowledged: dict[int, list[str]] = {}
    for _ in range(kills):
        # The last acknowledged pair is sent once more, as a user would who saw the process die.
        process = start("append", path, "cta", max(acknowledged, default=0), 100_000)
        lines = [] if chance.random() < 0.2 else [process.stdout.readline()]
        lines += kill_after(process, chance.uniform(0, 0.4 if not lines else 0.03))
        for line in lines:
            number, *digests = line.split()
            assert acknowledged.setdefault(int(number), digests) == digests
        with SqliteLedger.open(path) as ledger:
            report = ledger.verify()
            assert report.sound, report.faults
            kept = [entry.digest for entry in ledger.entries()]
        promised = [digest for number in sorted(acknowledged) for digest in acknowledged[number]]
        assert kept[: len(promised)] == promised
        assert len(kept) - len(promised) in {0, 2}
    assert len(acknowledged) > 1


@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.torture)])
def test_killed_while_creating(tmp_path, kills):
    """Killed while a workspace is made, it is there, or is completed by making it again, and loses nothing."""
    chance = random.Random(13)  # noqa: S311 - when to kill
    for attempt in range(kills):
        folder = tmp_path / str(attempt)
        process = start("create", folder)
        lines = [process.stdout.readline().strip()]
        lines += kill_after(process, chance.uniform(0, 0.05))
        last = int(lines[-1].split()[1])
        for number in range(last + 1):
            place = folder / str(number)
            whole = (place / "expcopilot.toml").exists()
            assert whole or number == last
            made = Workspace.open(place) if whole else Workspace.create(place, person="Ada")
            with made:
                report = made.ledger.verify()
            assert report.sound, report.faults
            assert report.entries in ({2} if f"done {number}" in lines else {0, 2})

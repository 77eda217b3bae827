"""SIGKILL at random moments of a run of commands: the ledger verifies each time, and no finished command is lost."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expcopilot import Copilot

COMMANDER = Path(__file__).with_name("commander.py")
STEPS = ("init", "register", "early", "end", "readout", "close")
LIVES = 10
"""Kills a workspace survives before the next one is begun, so that init is killed now and then, too."""


def killed(folder: Path, number: int, step: str, chance: random.Random) -> list[list[str]]:
    """Run from a step on, kill at a random moment, and return what was said."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "COLUMNS": "100"}
    command = [sys.executable, str(COMMANDER), str(folder), str(number), step]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as child:
        first = child.stdout.readline()
        time.sleep(chance.uniform(0, 0.9))
        ended = child.poll()
        child.kill()
        rest, wrong = child.communicate()
    assert ended is None, wrong
    return [line.split() for line in (first + rest).splitlines()]


def after(number: int, step: str) -> tuple[int, str]:
    """The step that follows."""
    at = STEPS.index(step) + 1
    return (number, STEPS[at]) if at < len(STEPS) else (number + 1, STEPS[1])


def check(folder: Path, acknowledged: dict[int, str], done: list[tuple[int, str]], kills: int) -> None:
    """Everything acknowledged is there; at most one command a kill was done without being acknowledged."""
    copilot = Copilot.open(folder)
    try:
        found = copilot.verify()
        assert found.sound, found.faults
        entries = copilot.log()
        held = {e.position: e.digest for e in entries}
        assert all(held.get(position) == digest for position, digest in acknowledged.items())
        kinds = {"register": "registered", "early": "looked", "end": "looked", "readout": "readout", "close": "closed"}
        for kind in ("registered", "looked", "closed"):
            promised = sum(kinds.get(step) == kind for _, step in done)
            assert promised <= sum(e.kind == kind for e in entries) <= promised + kills
        for number, step in done:
            if step == "readout":
                files = list((folder / "board").glob(f"run-{number}-look-*.json"))
                assert files
                assert all(json.loads(f.read_text(encoding="utf-8"))["ledger_head"] for f in files)
    finally:
        copilot.workspace.close()


@pytest.mark.parametrize("kills", [2, pytest.param(200, marks=pytest.mark.torture)])
def test_killed_while_running_commands(tmp_path, kills):
    """Whatever a command said it had done is there after the kill, and running it again goes on from there."""
    chance = random.Random(17)  # noqa: S311 - when to kill
    finished = 0
    for life in range(-(-kills // LIVES)):
        folder = tmp_path / str(life)
        folder.mkdir()
        acknowledged: dict[int, str] = {}
        done: list[tuple[int, str]] = []
        number, step = 0, "init"
        for kill in range(min(LIVES, kills - life * LIVES)):
            for said in killed(folder, number, step, chance):
                if said[0] == "done":
                    _, at, here, position, digest = said
                    if here != "init":  # a new ledger has no entry yet
                        acknowledged[int(position)] = digest
                    done.append((int(at), here))
                    number, step = after(int(at), here)
            if (folder / "expcopilot.toml").exists():
                check(folder, acknowledged, done, kill + 1)
            else:
                assert not done
        finished += len(done)
    assert finished >= kills // 2
